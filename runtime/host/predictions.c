#include "predictions.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "answer.h"
#include "core/arith.h"
#include "fields.h"
#include "json.h"
#include "variable.h"

static const char *const format_name[] = { "csv", "npy", "jsonl" };

int inv_format_of(const char *name, const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (int i = INV_FORMAT_CSV; i <= INV_FORMAT_JSONL; i++)
        if (strcmp(name ? name : dot ? dot + 1 : "", format_name[i]) == 0)
            return i;
    return name ? -1 : INV_FORMAT_CSV;
}

static const struct inv_variable *next_output(const struct inv_predictions *p, int *at)
{
    return inv_answer_output(p->model, at);
}

int inv_predictions_any(const struct inv_model *model)
{
    int at = 0;
    return next_output(&(struct inv_predictions){ .model = model }, &at) != NULL;
}

/* ---- elements ---- */

/* What an element of an output holds, as text in `text`. */
static void print_element(char text[INV_ELEMENT_TEXT], enum inv_dtype dtype,
                          const unsigned char *at)
{
    float real;
    int32_t whole;
    int64_t wide;
    memcpy(&real, at, sizeof real);
    memcpy(&whole, at, sizeof whole);
    if (dtype == INV_F32) {             /* 9 digits read back to the same f32 */
        snprintf(text, INV_ELEMENT_TEXT, "%.9g", (double)inv_canonical(real));
    } else if (dtype == INV_I64) {
        memcpy(&wide, at, sizeof wide);
        snprintf(text, INV_ELEMENT_TEXT, "%lld", (long long)wide);
    } else {
        snprintf(text, INV_ELEMENT_TEXT, "%d", whole);
    }
}

/* The field whose classes an output stands for, or -1. */
static int field_of(const struct inv_predictions *p, const struct inv_variable *v)
{
    for (int i = 0; i < p->model->label_count; i++)
        if (&p->model->variable[p->model->label[i].variable] == v)
            return p->model->label[i].field;
    return -1;
}

/* The name of the class that an element is, or NULL. */
static const char *class_of(const struct inv_predictions *p, const struct inv_variable *v,
                            const unsigned char *at)
{
    int32_t value;
    int field = field_of(p, v);
    memcpy(&value, at, sizeof value);
    return field < 0 || v->dtype != INV_I32 ? NULL
                                            : inv_class_name(p->model, p->fitted, field, value);
}

/* The name of the class that place `e` along the last axis stands for, or NULL. */
static const char *place_of(const struct inv_predictions *p, const struct inv_variable *v,
                            int64_t e)
{
    int field = field_of(p, v);
    return field < 0 || v->dtype == INV_I32
               ? NULL
               : inv_class_name(p->model, p->fitted, field, e % v->dim[v->rank - 1]);
}

const char *inv_predictions_field(const struct inv_predictions *p, int field,
                                  const unsigned char *at, char text[INV_ELEMENT_TEXT])
{
    const struct inv_variable *v = &p->model->variable[p->model->data.field[field].input];
    int32_t value;
    memcpy(&value, at, sizeof value);
    print_element(text, v->dtype, at);
    const char *class = v->dtype == INV_I32 ? inv_class_name(p->model, p->fitted, field, value)
                                            : NULL;
    return class ? class : text;
}

static const unsigned char *row_of(const struct inv_variable *v, const unsigned char *arena,
                                   int64_t slot)
{
    return arena + v->offset + (size_t)slot * inv_variable_bytes(v);
}

/* ---- CSV: RFC 4180 ---- */

static void put(struct inv_predictions *p, const char *text)
{
    inv_output_write(&p->out, text, strlen(text));
}

static void write_cell(struct inv_predictions *p, int first, const char *text)
{
    size_t length = strlen(text);
    int quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ' || (length && text[length - 1] == ' ');
    put(p, first ? "" : ",");
    if (!quoted) {
        put(p, text);
        return;
    }
    put(p, "\"");
    for (size_t part; part = strcspn(text, "\""), text[part]; text += part + 1) {
        inv_output_write(&p->out, text, part + 1);
        put(p, "\"");
    }
    put(p, text);
    put(p, "\"");
}

/* "probs.setosa" or "probs[2]", "scores[1].setosa" or "scores[5]", "kind". */
static char *column_name(const struct inv_predictions *p, const struct inv_variable *v, int64_t e)
{
    int64_t count = inv_variable_elements(v);
    const char *class = place_of(p, v, e);
    if (class && v->dim[v->rank - 1] < count)
        return inv_text("%s[%lld].%s", v->path, (long long)(e / v->dim[v->rank - 1]), class);
    if (class)
        return inv_text("%s.%s", v->path, class);
    return count == 1 ? inv_copy_text(v->path) : inv_text("%s[%lld]", v->path, (long long)e);
}

static void csv_header(struct inv_predictions *p)
{
    int first = 1, at = 0;
    for (int i = 0; i < p->lead_count; i++, first = 0)
        write_cell(p, first, p->lead[i]);
    for (const struct inv_variable *v; (v = next_output(p, &at));) {
        for (int64_t e = 0; e < inv_variable_elements(v); e++, first = 0) {
            char *name = column_name(p, v, e);
            write_cell(p, first, name);
            free(name);
        }
    }
    put(p, "\n");
}

static void csv_row(struct inv_predictions *p, const unsigned char *arena, int64_t slot,
                    const char *const *lead)
{
    int first = 1, at = 0;
    for (int i = 0; i < p->lead_count; i++, first = 0)
        write_cell(p, first, lead[i]);
    for (const struct inv_variable *v; (v = next_output(p, &at));) {
        const unsigned char *from = slot < 0 ? NULL : row_of(v, arena, slot);
        for (int64_t e = 0; e < inv_variable_elements(v); e++, first = 0) {
            char text[INV_ELEMENT_TEXT] = "";
            const char *class = from ? class_of(p, v, from) : NULL;
            if (from)
                print_element(text, v->dtype, from);
            write_cell(p, first, class ? class : text);
            from = from ? from + inv_dtype_bytes(v->dtype) : NULL;
        }
    }
    put(p, "\n");
}

/* ---- JSON lines ---- */

static void put_string(struct inv_predictions *p, const char *text)
{
    char *string = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&string, &size);
    if (!to)
        return;
    inv_json_write(to, text);
    if (fclose(to) == 0)
        inv_output_write(&p->out, string, size);
    free(string);
}

/* Brackets that open before element e, or close after it; {} around classes by name. */
static void put_brackets(struct inv_predictions *p, const struct inv_variable *v, int64_t e,
                         int opening)
{
    int64_t inner = 1;
    for (int axis = v->rank - 1; axis > 0; axis--) {
        int named = axis == v->rank - 1 && place_of(p, v, 0);
        inner *= v->dim[axis];
        if (opening && e % inner == 0)
            put(p, named ? "{" : "[");
        else if (!opening && (e + 1) % inner == 0)
            put(p, named ? "}" : "]");
    }
}

static void json_element(struct inv_predictions *p, const struct inv_variable *v,
                         const unsigned char *at)
{
    char text[INV_ELEMENT_TEXT];
    float real;
    const char *class = class_of(p, v, at);
    memcpy(&real, at, sizeof real);
    print_element(text, v->dtype, at);
    if (class)
        put_string(p, class);
    else
        put(p, v->dtype == INV_F32 && !isfinite(real) ? "null" : text);
}

static void json_output(struct inv_predictions *p, const struct inv_variable *v,
                        const unsigned char *from)
{
    put_string(p, v->path);
    put(p, ":");
    for (int64_t e = 0; e < inv_variable_elements(v); e++) {
        const char *class = place_of(p, v, e);
        put(p, e ? "," : "");
        put_brackets(p, v, e, 1);
        if (class) {
            put_string(p, class);
            put(p, ":");
        }
        json_element(p, v, from + (size_t)e * inv_dtype_bytes(v->dtype));
        put_brackets(p, v, e, 0);
    }
}

/* A number as JSON writes it: no sign but -, no leading zero, digits on both sides of a point. */
static int is_number(const char *text)
{
    text += *text == '-';
    size_t whole = strspn(text, "0123456789");
    if (whole == 0 || (whole > 1 && *text == '0'))
        return 0;
    text += whole;
    if (*text == '.') {
        size_t digits = strspn(text + 1, "0123456789");
        if (digits == 0)
            return 0;
        text += 1 + digits;
    }
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '-' || text[1] == '+');
        size_t digits = strspn(text, "0123456789");
        text += digits ? digits : 0;
        if (digits == 0)
            return 0;
    }
    return *text == 0;
}

static void json_row(struct inv_predictions *p, const unsigned char *arena, int64_t slot,
                     const char *const *lead)
{
    int first = 1, at = 0;
    put(p, "{");
    for (int i = 0; i < p->lead_count; i++, first = 0) {
        put(p, first ? "" : ",");
        put_string(p, p->lead[i]);
        put(p, ":");
        if (is_number(lead[i]))
            put(p, lead[i]);
        else
            put_string(p, lead[i]);
    }
    for (const struct inv_variable *v; (v = next_output(p, &at)); first = 0) {
        put(p, first ? "" : ",");
        if (slot < 0) {
            put_string(p, v->path);
            put(p, ":null");
        } else {
            json_output(p, v, row_of(v, arena, slot));
        }
    }
    put(p, "}\n");
}

/* ---- NPY, version 1.0: one array, its rows first ---- */

static uint64_t element_bits(const unsigned char *at, int bytes)
{
    uint32_t low;
    uint64_t wide;
    memcpy(&low, at, sizeof low);
    if (bytes < 8)
        return low;
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static void npy_row(struct inv_predictions *p, const unsigned char *arena, int64_t slot)
{
    int at = 0;
    const struct inv_variable *v = next_output(p, &at);
    int bytes = v->dtype == INV_BOOL ? 1 : (int)inv_dtype_bytes(v->dtype);
    if (slot < 0 && v->dtype != INV_F32 && p->out.errors->count == 0)
        inv_error(p->out.errors, "row %lld has a missing cell and no prediction, which an array of "
                  "whole numbers cannot hold; take --format csv or jsonl",
                  (long long)p->rows - 1);
    for (int64_t e = 0; e < inv_variable_elements(v); e++) {
        uint64_t bits = 0x7fc00000;     /* NaN */
        if (slot >= 0)
            bits = element_bits(row_of(v, arena, slot) + (size_t)e * inv_dtype_bytes(v->dtype),
                                bytes);
        for (int b = 0; b < bytes; b++)
            fputc((int)(bits >> (8 * b) & 0xff), p->body);
    }
}

/* The length of what stands before the array is a multiple of 64. */
static void npy_header(struct inv_predictions *p)
{
    static const char *const code[] = { "<f4", "<i4", "|b1", "<i8" };
    int at = 0;
    const struct inv_variable *v = next_output(p, &at);
    char *dims = inv_copy_text("");
    for (int axis = 1; axis < v->rank; axis++) {
        char *longer = inv_text("%s%s%lld", dims, axis > 1 ? ", " : " ", (long long)v->dim[axis]);
        free(dims);
        dims = longer;
    }
    char *text = inv_text("{'descr': '%s', 'fortran_order': False, 'shape': (%lld,%s), }",
                          code[v->dtype], (long long)p->rows, dims);
    size_t length = (10 + strlen(text) + 1 + 63) / 64 * 64 - 10;
    const unsigned char start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0,
                                    (unsigned char)(length & 0xff), (unsigned char)(length >> 8) };
    inv_output_write(&p->out, start, sizeof start);
    inv_output_print(&p->out, "%-*s\n", (int)length - 1, text);
    free(text);
    free(dims);
}

static void npy_end(struct inv_predictions *p)
{
    unsigned char piece[4096];
    size_t got;
    int whole = fflush(p->body) == 0 && !ferror(p->body);
    npy_header(p);
    rewind(p->body);
    while (whole && (got = fread(piece, 1, sizeof piece, p->body)) > 0)
        inv_output_write(&p->out, piece, got);
    if ((!whole || ferror(p->body)) && !p->out.failed++)
        inv_error(p->out.errors, "predictions cannot be kept in a temporary file: %s",
                  strerror(errno));
}

static int npy_begin(struct inv_predictions *p, struct inv_errors *errors)
{
    int at = 0;
    const struct inv_variable *first = next_output(p, &at), *second = next_output(p, &at);
    if (second)
        inv_error(errors, "an NPY file holds one array, and model %s has outputs %s and %s; take "
                  "--format csv or jsonl", p->model->name, first->path, second->path);
    else if (!(p->body = tmpfile()))
        inv_error(errors, "cannot make a temporary file for predictions: %s", strerror(errno));
    return p->body != NULL;
}

/* ---- the file ---- */

void inv_predictions_lead(struct inv_predictions *p, const char *name, int length)
{
    p->lead = inv_resize(p->lead, (size_t)(p->lead_count + 1) * sizeof *p->lead);
    p->lead[p->lead_count++] = inv_text("%.*s", length, name);
}

/* The output that is written under that name, or NULL. */
static const char *output_named(const struct inv_predictions *p, const char *name)
{
    int at = 0;
    for (const struct inv_variable *v; (v = next_output(p, &at));) {
        int64_t columns = p->format == INV_FORMAT_CSV ? inv_variable_elements(v) : 0;
        if (p->format == INV_FORMAT_JSONL && strcmp(v->path, name) == 0)
            return v->path;
        for (int64_t e = 0; e < columns; e++) {
            char *column = column_name(p, v, e);
            int same = strcmp(column, name) == 0;
            free(column);
            if (same)
                return v->path;
        }
    }
    return NULL;
}

/* No two columns have one name: readers would take either. */
static int names_differ(const struct inv_predictions *p, struct inv_errors *errors)
{
    int before = errors->count;
    for (int i = 0; i < p->lead_count; i++) {
        const char *output = output_named(p, p->lead[i]);
        int same = 0;
        while (strcmp(p->lead[same], p->lead[i]) != 0)
            same++;
        if (output)
            inv_error(errors, "the column %s and output %s would have one name; rename the output "
                      "in the model: output %s_hat = ...", p->lead[i], output, output);
        if (same < i)
            inv_error(errors, "--keep names column %s twice", p->lead[i]);
    }
    return errors->count == before;
}

int inv_predictions_open(struct inv_predictions *p, const char *path, struct inv_errors *errors)
{
    if (!names_differ(p, errors))
        return 0;
    if (p->format == INV_FORMAT_NPY && !npy_begin(p, errors))
        return 0;
    if (!inv_output_open(&p->out, path, errors)) {
        if (p->body)
            fclose(p->body);
        return 0;
    }
    if (p->format == INV_FORMAT_CSV)
        csv_header(p);
    return 1;
}

void inv_predictions_row(struct inv_predictions *p, const unsigned char *arena, int64_t slot,
                         const char *const *lead)
{
    p->rows++;
    if (p->format == INV_FORMAT_CSV)
        csv_row(p, arena, slot, lead);
    else if (p->format == INV_FORMAT_JSONL)
        json_row(p, arena, slot, lead);
    else
        npy_row(p, arena, slot);
}

int inv_predictions_close(struct inv_predictions *p, int wanted)
{
    if (p->body && wanted)
        npy_end(p);
    if (p->body)
        fclose(p->body);
    if (wanted)
        return inv_output_close(&p->out, NULL);
    inv_output_abandon(&p->out);
    return 0;
}

void inv_predictions_free(struct inv_predictions *p)
{
    for (int i = 0; i < p->lead_count; i++)
        free(p->lead[i]);
    free(p->lead);
}
