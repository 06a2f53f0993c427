#include "cell.h"
#include "fields.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "digest.h"
#include "json.h"
#include "output.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"
#include "whole.h"

enum { FILE_MAX = 1 << 26 };            /* bytes */

const char *inv_class_name(const struct inv_model *model, const struct inv_fitted *fitted,
                           int field, int64_t value)
{
    const struct inv_field *f = &model->data.field[field];
    const struct inv_fitted_field *own = fitted->field ? &fitted->field[field] : NULL;
    if (value >= 0 && value < f->class_count)
        return f->class_name[value];
    return own && value >= 0 && value < own->classes ? own->class_name[value] : NULL;
}

char *inv_fields_path(const char *weights)
{
    static const char end[] = ".safetensors";
    size_t length = strlen(weights), tail = sizeof end - 1;
    if (length > tail && strcmp(weights + length - tail, end) == 0)
        length -= tail;
    return inv_text("%.*s.fields.json", (int)length, weights);
}

/* ---- writing ---- */

static int is_fields(const char *head, size_t size)
{
    return size > 0 && head[0] == '{' && strstr(head, "\"fields\"") != NULL;
}

const struct inv_output_sign inv_fields_sign = { "file of names", is_fields };

static void write_names(FILE *to, const char *key, char *const *name, int count)
{
    fprintf(to, "\"%s\": [", key);
    for (int i = 0; i < count; i++) {
        fputs(i ? ", " : "", to);
        inv_json_write(to, name[i]);
    }
    fputc(']', to);
}

static void write_fields(FILE *to, const struct inv_model *model, const struct inv_fitted *fitted,
                         const char *digest)
{
    int count = 0;
    fprintf(to, "{\n  \"weights\": \"%s\",\n  \"model\": \"%s\",\n", digest, model->sha256);
    if (fitted->parts)
        fprintf(to, "  \"parts\": \"%s\",\n", fitted->parts);
    fputs("  \"fields\": {", to);
    for (int f = 0; fitted->field && f < model->data.field_count; f++) {
        const struct inv_fitted_field *own = &fitted->field[f];
        if (own->columns + own->classes == 0)
            continue;
        fputs(count++ ? ",\n    " : "\n    ", to);
        inv_json_write(to, model->data.field[f].name);
        fputs(": {", to);
        if (own->columns)
            write_names(to, "columns", own->column, own->columns);
        fputs(own->columns && own->classes ? ", " : "", to);
        if (own->classes)
            write_names(to, "classes", own->class_name, own->classes);
        fputc('}', to);
    }
    fputs(count ? "\n  }\n}\n" : "}\n}\n", to);
}

static int save(const struct inv_model *model, const struct inv_fitted *fitted, const char *path,
                const char *digest, struct inv_errors *errors)
{
    struct inv_output out;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to || !inv_output_open(&out, path, errors)) {
        if (to)
            fclose(to);
        free(text);
        return 0;
    }
    write_fields(to, model, fitted, digest);
    fclose(to);
    inv_output_write(&out, text, size);
    free(text);
    return inv_output_close(&out, NULL);
}

/* What is no file of its own has none beside it. */
int inv_fields_beside(const char *weights)
{
    struct stat about;
    return !inv_output_is_standard(weights) &&
           (stat(weights, &about) != 0 || S_ISREG(about.st_mode));
}

int inv_fields_possible(const char *weights, struct inv_errors *errors)
{
    char *path = inv_fields_path(weights);
    int good = !inv_fields_beside(weights) || inv_output_possible(path, INV_WHOLE, errors);
    free(path);
    return good;
}

int inv_fields_save(const struct inv_model *model, const struct inv_fitted *fitted,
                    const char *weights, const char digest[65], struct inv_errors *errors)
{
    if (!inv_fields_beside(weights))
        return 1;
    char *path = inv_fields_path(weights);
    int good = save(model, fitted, path, digest, errors);
    free(path);
    return good;
}

/* ---- reading ---- */

struct reader {
    struct inv_json json;
    const struct inv_model *model;
    struct inv_fitted *fitted;
    char *weights, *model_hash;         /* the digests, or NULL */
};

/* ["a", "b"] */
static int read_names(struct reader *r, char ***name, int *count)
{
    int room = 0;
    if (*name)
        return inv_json_fail(&r->json, "the names stand there twice");
    if (!inv_json_expect(&r->json, '['))
        return 0;
    while (!inv_json_accept(&r->json, ']')) {
        if (*count > 0 && !inv_json_expect(&r->json, ','))
            return 0;
        if (*count == room) {
            room = room * 2 + 16;
            *name = inv_resize(*name, (size_t)room * sizeof **name);
        }
        if (!((*name)[*count] = inv_json_string(&r->json)))
            return 0;
        ++*count;
    }
    return 1;
}

static int read_field(struct reader *r, struct inv_fitted_field *field)
{
    if (!inv_json_expect(&r->json, '{'))
        return 0;
    if (inv_json_accept(&r->json, '}'))
        return 1;
    do {
        char *key = inv_json_string(&r->json);
        int columns = key && strcmp(key, "columns") == 0;
        int good = key && (columns || strcmp(key, "classes") == 0 ||
                           inv_json_fail(&r->json, "columns or classes expected"));
        free(key);
        if (!good || !inv_json_expect(&r->json, ':') ||
            !(columns ? read_names(r, &field->column, &field->columns)
                      : read_names(r, &field->class_name, &field->classes)))
            return 0;
    } while (inv_json_accept(&r->json, ','));
    return inv_json_expect(&r->json, '}');
}

/* The field of that name; a name that the model lacks is an error. */
static struct inv_fitted_field *find_field(struct reader *r, const char *name)
{
    const struct inv_data *d = &r->model->data;
    const char **list = inv_allocate((size_t)d->field_count * sizeof *list);
    struct inv_fitted_field *found = NULL;
    for (int f = 0; f < d->field_count; f++) {
        list[f] = d->field[f].name;
        if (strcmp(name, list[f]) == 0)
            found = &r->fitted->field[f];
    }
    const char *near = found ? NULL : inv_suggest(name, list, d->field_count);
    if (!found)
        inv_error(r->json.errors, "%s: names field %s, which model %s does not have%s%s%s",
                  r->json.place, name, r->model->name, near ? "; did you mean " : "; copy the file "
                  "that was written with the weights", near ? near : "", near ? "?" : "");
    free(list);
    return found;
}

static int read_fields(struct reader *r)
{
    if (!inv_json_expect(&r->json, '{'))
        return 0;
    if (inv_json_accept(&r->json, '}'))
        return 1;
    do {
        char *name = inv_json_string(&r->json);
        struct inv_fitted_field *field = name ? find_field(r, name) : NULL;
        free(name);
        if (!field || !inv_json_expect(&r->json, ':') || !read_field(r, field))
            return 0;
    } while (inv_json_accept(&r->json, ','));
    return inv_json_expect(&r->json, '}');
}

static int read_member(struct reader *r, const char *key)
{
    if (!inv_json_expect(&r->json, ':'))
        return 0;
    if (strcmp(key, "fields") == 0)
        return read_fields(r);
    char **text = strcmp(key, "weights") == 0 ? &r->weights
                  : strcmp(key, "model") == 0 ? &r->model_hash
                  : strcmp(key, "parts") == 0 ? &r->fitted->parts
                                              : NULL;
    if (!text || *text)
        return inv_json_fail(&r->json, "weights, model, parts and fields expected, each once");
    return (*text = inv_json_string(&r->json)) != NULL;
}

static int read_all(struct reader *r)
{
    if (!inv_json_expect(&r->json, '{'))
        return 0;
    do {
        char *key = inv_json_string(&r->json);
        int good = key && read_member(r, key);
        free(key);
        if (!good)
            return 0;
    } while (inv_json_accept(&r->json, ','));
    return inv_json_expect(&r->json, '}') &&
           (inv_json_end(&r->json) || inv_json_fail(&r->json, "text follows the end"));
}

/* ---- do they belong to these weights and this model? ---- */

static int needs_columns(const struct inv_field *field)
{
    int named = 0;
    for (int i = 0; i < field->range_count; i++)
        named |= field->range[i].first < 0;
    return field->raw >= 0 && !field->key && named;
}

static int needs_classes(const struct inv_field *field)
{
    return field->raw >= 0 && !field->key && field->text && field->class_count == 0;
}

static void check_field(struct reader *r, int f)
{
    const struct inv_field *field = &r->model->data.field[f];
    const struct inv_fitted_field *own = &r->fitted->field[f];
    int64_t cells = inv_cell_columns(r->model, field);
    int64_t classes = inv_cell_classes(r->model, field);
    if (own->columns ? own->columns != cells : needs_columns(field))
        inv_error(r->json.errors, "%s: names %d columns of field %s, which has %lld; copy the file "
                  "that was written with the weights", r->json.place, own->columns, field->name,
                  (long long)cells);
    if (own->classes ? own->classes != classes : needs_classes(field))
        inv_error(r->json.errors, "%s: names %d classes of field %s, which has %lld; copy the file "
                  "that was written with the weights", r->json.place, own->classes, field->name,
                  (long long)classes);
}

/* Whether the file of those weights is the one that the names are of. */
static int is_of(struct reader *r, const char *weights, const char *digest)
{
    char own[65];
    if (!r->weights)
        return 1;
    if (!digest && !inv_digest_file(weights, "weights", own, r->json.errors))
        return 0;
    if (strcmp(digest ? digest : own, r->weights) != 0)
        inv_error(r->json.errors, "%s: holds the names for other weights than %s; copy the one "
                  "that was written with them, or train anew", r->json.place, weights);
    return 1;
}

static void read_text(struct reader *r, const char *weights, const char *digest,
                      const char *text, size_t size)
{
    int before = r->json.errors->count;
    r->json.start = r->json.at = text;
    r->json.limit = text + size;
    inv_fitted_begin(r->fitted, r->model->data.field_count);
    if (!read_all(r) || !is_of(r, weights, digest))
        return;
    for (int f = 0; r->json.errors->count == before && f < r->model->data.field_count; f++)
        check_field(r, f);
    if (r->json.errors->count == before && r->model_hash &&
        strcmp(r->model_hash, r->model->sha256) != 0)
        inv_note(r->json.errors, "%s: trained by another model file, or by this one with another "
                 "text or -D values", weights);
}

/* Without a file of names: whether the model can do without. */
static int do_without(const struct inv_model *model, const char *weights, const char *path,
                      struct inv_errors *errors)
{
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        if (!needs_columns(field) && !needs_classes(field))
            continue;
        const char *what = needs_columns(field) ? "columns" : "classes";
        inv_error(errors, "%s: is missing; it was written with %s and says which %s field %s was "
                  "trained on: copy it, too; for weights of another tool write it: {\"fields\": "
                  "{\"%s\": {\"%s\": [\"first\", ...]}}}", path, weights, what, field->name,
                  field->name, what);
        return 0;
    }
    return 1;
}

int inv_fields_read(const struct inv_model *model, struct inv_fitted *fitted, const char *place,
                    const char *text, size_t size, const char *weights, const char *digest,
                    struct inv_errors *errors)
{
    int before = errors->count;
    struct reader r = { .model = model, .fitted = fitted, .json = { .place = place,
        .part = "the names", .cure = "copy the file that was written with the weights",
        .errors = errors } };
    if (!text)
        return do_without(model, weights, place, errors);
    read_text(&r, weights, digest, text, size);
    fitted->known = 1;
    free(r.weights);
    free(r.model_hash);
    return errors->count == before;
}

int inv_fields_load(const struct inv_model *model, struct inv_fitted *fitted, const char *weights,
                    struct inv_errors *errors)
{
    size_t size = 0;
    char *path = inv_fields_path(weights), *text = NULL;
    int there = access(path, F_OK) == 0, good = 0;
    if (there && !(text = inv_whole_file(path, FILE_MAX, &size)))
        inv_error(errors, "%s: cannot read the names of columns and classes: %s", path,
                  strerror(errno));
    if (!there || text)
        good = inv_fields_read(model, fitted, path, text, size, weights, NULL, errors);
    free(text);
    free(path);
    return good;
}
