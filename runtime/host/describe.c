#include "describe.h"
#include <stdio.h>
#include <stdlib.h>
#include "answer.h"
#include "cell.h"
#include "fields.h"
#include "json_text.h"
#include "variable.h"

int inv_describe_field(const struct inv_model *model, const struct inv_variable *output)
{
    for (int i = 0; i < model->label_count; i++)
        if (&model->variable[model->label[i].variable] == output)
            return model->label[i].field;
    return -1;
}

static void put_shape(struct inv_json_text *j, const struct inv_variable *v)
{
    inv_json_open(j, "shape", '[');
    for (int axis = 0; axis < v->rank; axis++)
        if (axis != v->rows)
            inv_json_put_whole(j, NULL, v->dim[axis]);
    inv_json_close(j, ']');
}

static void put_array(struct inv_json_text *j, const char *name, const struct inv_variable *v)
{
    static const char *const dtype[] = { "f32", "i32", "bool", "i64" };
    inv_json_open(j, NULL, '{');
    inv_json_put(j, "name", name);
    inv_json_put(j, "dtype", dtype[v->dtype]);
    put_shape(j, v);
}

/* The names of the classes of a field, where it has some. */
static void put_names(struct inv_json_text *j, const struct inv_model *model,
                      const struct inv_fitted *fitted, int field)
{
    const char *name = inv_class_name(model, fitted, field, 0);
    if (!name)
        return;
    inv_json_open(j, "names", '[');
    for (int64_t i = 0; (name = inv_class_name(model, fitted, field, i)) != NULL; i++)
        inv_json_put(j, NULL, name);
    inv_json_close(j, ']');
}

/* The object of an input, which stays open. */
static void open_input(struct inv_json_text *j, const struct inv_model *model,
                      const struct inv_fitted *fitted, int field)
{
    const struct inv_variable *v = inv_answer_cells(model, field);
    const struct inv_fitted_field *own = fitted->field ? &fitted->field[field] : NULL;
    put_array(j, model->data.field[field].name, v);
    if (v->classes > 0)
        inv_json_put_whole(j, "classes", v->classes);
    put_names(j, model, fitted, field);
    if (own && own->columns > 0) {
        inv_json_open(j, "columns", '[');
        for (int i = 0; i < own->columns; i++)
            inv_json_put(j, NULL, own->column[i]);
        inv_json_close(j, ']');
    }
}

static void put_ends(struct inv_json_text *j, const struct inv_model *model,
                     const struct inv_fitted *fitted)
{
    int at = 0;
    inv_json_open(j, "inputs", '[');
    for (int f; (f = inv_answer_input(model, &at)) >= 0;) {
        open_input(j, model, fitted, f);
        inv_json_close(j, '}');
    }
    inv_json_close(j, ']');
    inv_json_open(j, "outputs", '[');
    at = 0;
    for (const struct inv_variable *v; (v = inv_answer_output(model, &at));) {
        put_array(j, v->path, v);
        if (inv_describe_field(model, v) >= 0)
            put_names(j, model, fitted, inv_describe_field(model, v));
        inv_json_close(j, '}');
    }
    inv_json_close(j, ']');
}

/* The head of the object, in memory that grows at *text. */
static struct inv_json_text begin(const struct inv_model *model, const char *digest, char **text,
                                  size_t *size)
{
    struct inv_json_text j = { .to = open_memstream(text, size) };
    if (!j.to)
        return j;
    inv_json_open(&j, NULL, '{');
    inv_json_put(&j, "model", model->name);
    inv_json_put(&j, "model_sha256", model->sha256);
    if (digest)
        inv_json_put(&j, "weights_sha256", digest);
    inv_json_put(&j, "compiler", model->compiler);
    inv_json_put_whole(&j, "numerics", model->numerics);
    inv_json_put(&j, "level", model->level);
    inv_json_put_whole(&j, "batch", inv_model_step_rows(model));
    return j;
}

/* The text, or NULL where memory is out. */
static char *end(struct inv_json_text *j, char **text)
{
    inv_json_close(j, '}');
    if (fclose(j->to) == 0)
        return *text;
    free(*text);
    return NULL;
}

/* Columns that the model file names, each by itself. */
static void put_columns(struct inv_json_text *j, const struct inv_model *model,
                        const struct inv_field *field)
{
    if (!inv_cell_columns_named(model, field))
        return;
    inv_json_open(j, "columns", '[');
    for (int i = 0; i < field->range_count; i++)
        inv_json_put(j, NULL, field->range[i].first_name);
    inv_json_close(j, ']');
}

static void put_fields(struct inv_json_text *j, const struct inv_model *model)
{
    const struct inv_fitted none = { .known = 0 };
    inv_json_open(j, "fields", '[');
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        const char *wants = inv_cell_wants(model, field);
        open_input(j, model, &none, f);
        put_columns(j, model, field);
        inv_json_put_word(j, "label", field->label ? "true" : "false");
        if (wants)
            inv_json_put(j, "wants", wants);
        inv_json_close(j, '}');
    }
    inv_json_close(j, ']');
}

static void put_parts(struct inv_json_text *j, const struct inv_model *model)
{
    static const char *const part[] = { "main", "train", "val", "test" };
    inv_json_open(j, "parts", '[');
    for (int s = 0; s < INV_SOURCES; s++)
        if (model->data.source[s].file_count > 0)
            inv_json_put(j, NULL, part[s]);
    inv_json_close(j, ']');
}

char *inv_describe_training(const struct inv_model *model)
{
    const struct inv_fitted none = { .known = 0 };
    char *text = NULL;
    size_t size = 0;
    struct inv_json_text j = begin(model, NULL, &text, &size);
    if (!j.to)
        return NULL;
    put_ends(&j, model, &none);
    put_fields(&j, model);
    put_parts(&j, model);
    return end(&j, &text);
}

char *inv_describe(const struct inv_model *model, const struct inv_fitted *fitted,
                   const char *digest)
{
    char *text = NULL;
    size_t size = 0;
    struct inv_json_text j = begin(model, digest, &text, &size);
    if (!j.to)
        return NULL;
    put_ends(&j, model, fitted);
    return end(&j, &text);
}
