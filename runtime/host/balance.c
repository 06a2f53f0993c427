/* Weights of classes, fitted to the train part, and what weights of rows must be.
 *
 * Weight c = (f32)n / ((f32)k * (f32)n_c), each step rounded to binary32: n labels in the rows of
 * the train part, n_c of them of class c, k classes (class_weight="balanced" of scikit-learn). */
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "dataset.h"
#include "fields.h"
#include "variable.h"

/* Labels of each class in the train part; *labels of all. */
static int64_t *count_classes(const struct inv_dataset *data, int f, int64_t classes,
                              int64_t *labels)
{
    int64_t *count = inv_allocate((size_t)classes * sizeof *count);
    int64_t each = (int64_t)data->bytes[f] / 4;
    unsigned char *part = inv_dataset_parts(data);
    for (int64_t row = 0; row < data->rows; row++) {
        for (int64_t e = 0; part[row] == INV_PART_TRAIN && e < each; e++) {
            int32_t class;
            memcpy(&class, inv_dataset_row(data, f, row) + e * 4, sizeof class);
            count[class]++;
        }
        inv_row_map_pass(&data->map, row);
    }
    free(part);
    *labels = data->begin[1] * each;
    return count;
}

static int balance_field(const struct inv_dataset *data, int f, float *weight)
{
    const struct inv_field *field = &data->model->data.field[f];
    int64_t classes = data->model->variable[field->input].classes, labels;
    int64_t *count = count_classes(data, f, classes, &labels);
    int good = 1;
    for (int64_t c = 0; c < classes; c++) {
        if (count[c] == 0)
            inv_error(data->errors, "data %s: class %lld of field %s has no row in the train part, "
                      "so that 'balanced' has no weight for it; split by %s, take more data or "
                      "give the weights as numbers", data->model->data.name, (long long)c,
                      field->name, field->name);
        good &= count[c] > 0;
        weight[c] = inv_div((float)labels, inv_mul((float)classes, (float)count[c]));
    }
    free(count);
    return good;
}

int inv_dataset_balance(const struct inv_dataset *data, unsigned char *arena)
{
    const struct inv_model *model = data->model;
    int good = 1;
    for (int f = 0; f < model->data.field_count; f++) {
        int balance = model->data.field[f].balance;
        if (balance >= 0)
            good &= balance_field(data, f,
                                  (float *)(void *)(arena + model->variable[balance].offset));
    }
    return good;
}

/* Labels of one class a row: of a sequence most classes are seldom there. */
static void note_field(const struct inv_dataset *data, int f)
{
    const struct inv_field *field = &data->model->data.field[f];
    int64_t classes = data->model->variable[field->input].classes, labels, absent = 0, first = -1;
    int64_t *count = count_classes(data, f, classes, &labels);
    for (int64_t c = classes - 1; c >= 0; c--) {
        absent += count[c] == 0;
        first = count[c] == 0 ? c : first;
    }
    const char *name = first < 0 ? NULL
                                 : inv_class_name(data->model, &data->fitted, f, first);
    char *others = absent > 1 ? inv_text(" (nor of %lld other%s)", (long long)absent - 1,
                                         absent > 2 ? "s" : "")
                              : NULL;
    if (absent && labels)
        inv_note(data->errors, "data %s: no row of the train part is of class %lld%s%s%s of %s%s: "
                 "it cannot be learned", data->model->data.name, (long long)first,
                 name ? " (" : "", name ? name : "", name ? ")" : "", field->name,
                 others ? others : "");
    free(others);
    free(count);
}

void inv_dataset_note_classes(const struct inv_dataset *data)
{
    const struct inv_model *model = data->model;
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        if (field->label && !field->key && field->balance < 0 && data->value[f] &&
            data->bytes[f] == 4 && !field->rows && model->variable[field->input].classes > 0)
            note_field(data, f);
    }
}

static int has_weight(const struct inv_dataset *data, int f, enum inv_part part)
{
    for (int64_t i = data->begin[part]; i < data->begin[part + 1]; i++) {
        float weight;
        memcpy(&weight, inv_dataset_row(data, f, data->order[i]), sizeof weight);
        if (weight > 0)
            return 1;
    }
    return inv_dataset_part_rows(data, part) == 0;
}

int inv_dataset_check_weights(const struct inv_dataset *data)
{
    int good = 1;
    for (int f = 0; f < data->model->data.field_count; f++) {
        const struct inv_field *field = &data->model->data.field[f];
        for (int p = 0; field->weight && data->value[f] && p < INV_PARTS; p++)
            if (!has_weight(data, f, (enum inv_part)p)) {
                inv_error(data->errors, "data %s: all rows of the %s part have the weight 0; give "
                          "some a larger %s", data->model->data.name,
                          inv_dataset_part_name((enum inv_part)p), field->name);
                good = 0;
            }
    }
    return good;
}
