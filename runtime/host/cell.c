#include "cell.h"
#include <string.h>
#include <strings.h>
#include "variable.h"

int64_t inv_cell_classes(const struct inv_model *model, const struct inv_field *field)
{
    return model->variable[field->raw >= 0 ? field->raw : field->input].classes;
}

int64_t inv_cell_columns(const struct inv_model *model, const struct inv_field *field)
{
    if (field->form >= INV_CELL_IMAGE)
        return 1 + field->sound.pieces;
    return field->raw < 0 ? 0 : inv_variable_elements(&model->variable[field->raw]);
}

static int by_name(const struct inv_field *field)
{
    return field->range_count > 0 && field->range[0].first < 0;
}

int inv_cell_columns_named(const struct inv_model *model, const struct inv_field *field)
{
    int each = by_name(field) && field->range_count == inv_cell_columns(model, field);
    for (int i = 0; i < field->range_count && each; i++)
        each = field->range[i].first < 0 && strcmp(field->range[i].first_name,
                                                   field->range[i].last_name) == 0;
    return each;
}

const char *inv_cell_wants(const struct inv_model *model, const struct inv_field *field)
{
    if (field->text && field->class_count == 0)
        return "classes";
    return by_name(field) && !inv_cell_columns_named(model, field) ? "columns" : NULL;
}

int inv_cell_is_read(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return field->raw >= 0 && !(rows->inputs_only && field->label) && !(rows->keyless && field->key)
           && (rows->source == INV_MAIN || !field->key || field->key == INV_KEY_GROUP);
}

void inv_cell_each_field(struct inv_rows *rows, int64_t slot,
                         void (*read)(struct inv_rows *, int f, int64_t slot))
{
    const struct inv_data *d = &rows->model->data;
    for (int drops = 1; drops >= 0 && !rows->drop; drops--)
        for (int f = 0; f < d->field_count; f++)
            if (inv_cell_is_read(rows, f) && (d->field[f].missing == INV_MISSING_DROP) == drops)
                read(rows, f, slot);
}

int inv_cell_is_blank(const char *cell)
{
    return !cell[strspn(cell, " \t")];
}

int inv_cell_is_missing(const struct inv_rows *rows, int f, const char *cell)
{
    const struct inv_field *field = &rows->model->data.field[f];
    if (inv_cell_is_blank(cell))
        return 1;
    return (rows->model->data.na_count >= 0 || field->missing || field->form == INV_CELL_MISSING)
           && inv_names_find(&rows->na, cell) >= 0;
}

int inv_cell_truth(const char *cell)
{
    if (!strcasecmp(cell, "true") || !strcasecmp(cell, "yes"))
        return 1;
    return !strcasecmp(cell, "false") || !strcasecmp(cell, "no") ? 0 : -1;
}

int inv_cell_is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        int more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc2 ? 1 : -1;
        for (; more > 0 && (at[1] & 0xc0) == 0x80; more--)
            at++;
        if (more)
            return 0;
    }
    return 1;
}
