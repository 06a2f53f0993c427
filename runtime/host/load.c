#include "load.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "digest.h"
#include "log.h"
#include "place.h"
#include "safetensors.h"
#include "suggest.h"
#include "tensors.h"
#include "variable.h"

/* ---- which files ---- */

static void add_file(struct inv_loads *l, char *path)
{
    l->file = inv_resize(l->file, (size_t)(l->count + 1) * sizeof *l->file);
    l->file[l->count++] = (struct inv_load_file){ .path = path };
}

/* Whether an entry before number `at` names the same file. */
static int is_named_before(const struct inv_model *model, int at)
{
    for (int i = 0; i < at; i++)
        if (strcmp(model->load[i].path, model->load[at].path) == 0)
            return 1;
    return 0;
}

void inv_loads_find(struct inv_loads *l, const struct inv_model *model, const char *whole)
{
    *l = (struct inv_loads){ .model = model, .whole = whole != NULL };
    if (whole)
        add_file(l, inv_copy_text(whole));
    for (int i = 0; !whole && i < model->load_count; i++)
        if (!is_named_before(model, i))
            add_file(l, inv_place_beside(model, model->load[i].path));
}

static int hash_file(struct inv_load_file *f, struct inv_errors *errors)
{
    struct inv_sha256 sha;
    const char *why;
    FILE *file = inv_tensors_file(f->path, &why);
    inv_sha256_init(&sha);
    int good = file && inv_digest_rest(file, &sha, f->hash);
    if (!good)
        inv_error(errors, "%s: cannot read weights: %s", f->path, file ? strerror(errno) : why);
    if (file)
        fclose(file);
    return good;
}

int inv_loads_hash(struct inv_loads *l, struct inv_errors *errors)
{
    int good = 1;
    for (int i = 0; i < l->count; i++)
        good &= hash_file(&l->file[i], errors);
    return good;
}

char *inv_loads_hashes(const struct inv_loads *l)
{
    char *text = inv_copy_text("");
    for (int i = 0; i < l->count; i++) {
        char *longer = inv_text("%s%s%s", text, i ? " " : "", l->file[i].hash);
        free(text);
        text = longer;
    }
    return text;
}

void inv_loads_claim(const struct inv_loads *l, struct inv_claims *claims)
{
    for (int i = 0; !l->whole && i < l->count; i++) {
        char *what = inv_text("%s, which 'load' reads", l->file[i].path);
        inv_claims_input(claims, what, l->file[i].path);
        free(what);
    }
}

void inv_loads_free(struct inv_loads *l)
{
    for (int i = 0; i < l->count; i++) {
        for (int k = 0; k < l->file[i].left_count; k++)
            free(l->file[i].left[k]);
        free(l->file[i].left);
        free(l->file[i].path);
    }
    free(l->file);
}

/* ---- reading ---- */

static void report_none(const struct inv_tensor_file *r, const struct inv_load *load,
                        const struct inv_variable *v)
{
    const char **all = inv_tensors_names(r), *near = inv_suggest(load->name, all, r->count);
    inv_error(r->errors, "%s: holds no array \"%s\", which 'load' takes for %s%s%s%s", r->path,
              load->name, v->path, near ? "; did you mean \"" : "", near ? near : "",
              near ? "\"?" : "");
    free(all);
}

static int fits(const struct inv_tensor_file *r, const struct inv_tensor_entry *t,
                const struct inv_variable *v)
{
    int same = t->rank == v->rank;
    for (int i = 0; same && i < v->rank; i++)
        same = t->dim[i] == v->dim[i];
    if (same)
        return 1;
    char *here = inv_tensors_shape(v->dim, v->rank), *there = inv_tensors_shape(t->dim, t->rank);
    inv_error(r->errors, "%s: array %s is %s, and %s of the model, which 'load' takes it for, is "
              "%s", r->path, t->name, there, v->path, here);
    free(here);
    free(there);
    return 0;
}

/* One element after another; 0 after an error. */
static int read_elements(const struct inv_tensor_file *r, const struct inv_tensor_entry *t,
                         enum inv_element element, const struct inv_variable *v, float *to)
{
    unsigned char from[8];
    size_t width = (size_t)inv_element_bytes(element);
    int64_t count = inv_variable_elements(v);
    int there = fseeko(r->file, (off_t)(r->start + t->begin), SEEK_SET) == 0;
    for (int64_t i = 0; i < count; i++) {
        if (!there || fread(from, width, 1, r->file) != 1) {
            inv_error(r->errors, "%s: array %s cannot be read: %s", r->path, t->name,
                      ferror(r->file) ? strerror(errno) : "the file has become shorter");
            return 0;
        }
        if (!inv_element_f32(element, from, to + i)) {
            inv_error(r->errors, "%s: array %s, which 'load' takes for %s: element %lld is not "
                      "finite in binary32", r->path, t->name, v->path, (long long)i);
            return 0;
        }
    }
    return 1;
}

static void read_array(const struct inv_tensor_file *r, const struct inv_load *load,
                       const struct inv_variable *v, unsigned char *arena)
{
    const struct inv_tensor_entry *t = inv_tensors_single(r, load->name);
    enum inv_element element;
    if (!t && !inv_tensors_find(r, load->name))
        report_none(r, load, v);
    if (!t || !fits(r, t, v))
        return;
    if (inv_safetensors_element(t->dtype, &element) &&
        t->end - t->begin == (uint64_t)inv_variable_elements(v) *
                                 (uint64_t)inv_element_bytes(element))
        read_elements(r, t, element, v, inv_variable_f32(arena, v));
    else
        inv_error(r->errors, "%s: array %s is %s in %llu bytes; expected are F64, F32, F16, BF16, "
                  "BOOL or whole numbers", r->path, t->name, t->dtype,
                  (unsigned long long)(t->end - t->begin));
}

/* Whether `load` names that array of the file. */
static int is_taken(const struct inv_model *model, const char *file, const char *name)
{
    for (int i = 0; i < model->load_count; i++)
        if (strcmp(model->load[i].path, file) == 0 && strcmp(model->load[i].name, name) == 0)
            return 1;
    return 0;
}

static void note_left(struct inv_load_file *f, const struct inv_model *model, const char *file,
                      const struct inv_tensor_file *r)
{
    f->left = inv_allocate((size_t)(r->count + 1) * sizeof *f->left);
    for (int i = 0; i < r->count; i++)
        if (is_taken(model, file, r->by_name[i]->name))
            f->count++;
        else
            f->left[f->left_count++] = inv_copy_text(r->by_name[i]->name);
}

/* `file`: as the model names it. */
static void read_file(struct inv_loads *l, struct inv_load_file *f, const char *file,
                      unsigned char *arena, struct inv_errors *errors)
{
    const char *why;
    struct inv_tensor_file r = { .path = f->path, .errors = errors,
                                 .file = inv_tensors_file(f->path, &why) };
    if (!r.file) {
        inv_error(errors, "%s: cannot read weights: %s", f->path, why);
        return;
    }
    int good = inv_tensors_open(&r, INV_TENSORS_HEADER);
    for (int i = 0; good && i < l->model->load_count && !inv_errors_full(errors); i++)
        if (strcmp(l->model->load[i].path, file) == 0)
            read_array(&r, &l->model->load[i], &l->model->variable[l->model->load[i].variable],
                       arena);
    if (good)
        note_left(f, l->model, file, &r);
    inv_tensors_close(&r);
    fclose(r.file);
}

int inv_loads_read(struct inv_loads *l, unsigned char *arena, struct inv_errors *errors)
{
    int before = errors->count, file = 0;
    for (int i = 0; !l->whole && i < l->model->load_count; i++)
        if (!is_named_before(l->model, i))
            read_file(l, &l->file[file++], l->model->load[i].path, arena, errors);
    return errors->count == before;
}

/* ---- what was done ---- */

/* The parameters and buffers that begin with an array of a file (of that one alone, where it is not
 * NULL), or those that do not; in new memory. */
static const char **list_weights(const struct inv_model *model, int loaded, const char *file,
                                 int *count)
{
    const char **list = inv_allocate((size_t)(model->variable_count + 1) * sizeof *list);
    *count = 0;
    for (int i = 0; i < model->variable_count; i++) {
        int found = 0;
        for (int k = 0; k < model->load_count; k++)
            found |= model->load[k].variable == i &&
                     (!file || strcmp(model->load[k].path, file) == 0);
        if (inv_variable_is_saved(&model->variable[i]) && found == loaded)
            list[(*count)++] = model->variable[i].path;
    }
    return list;
}

void inv_loads_print(const struct inv_loads *l, FILE *to)
{
    int anew, loaded;
    if (l->whole || l->count == 0)
        return;
    free(list_weights(l->model, 0, NULL, &anew));
    free(list_weights(l->model, 1, NULL, &loaded));
    fprintf(to, "loaded %d of %d parameters and buffers:", loaded, loaded + anew);
    for (int i = 0; i < l->count; i++)
        fprintf(to, "%s %d of %d arrays of %s", i ? "," : "", l->file[i].count,
                l->file[i].count + l->file[i].left_count, l->file[i].path);
    fprintf(to, "; %d begin%s anew\n", anew, anew == 1 ? "s" : "");
}

void inv_loads_log(const struct inv_loads *l, struct inv_log *log)
{
    int count, file = 0;
    const char **list;
    if (l->whole || l->count == 0)
        return;
    for (int i = 0; i < l->model->load_count; i++) {
        if (is_named_before(l->model, i))
            continue;
        const struct inv_load_file *f = &l->file[file++];
        list = list_weights(l->model, 1, l->model->load[i].path, &count);
        inv_log_begin(log);
        inv_log_text(log, "load", f->path);
        inv_log_text(log, "sha256", f->hash);
        inv_log_texts(log, "loaded", list, count);
        inv_log_texts(log, "left", (const char *const *)f->left, f->left_count);
        inv_log_end(log);
        free(list);
    }
    list = list_weights(l->model, 0, NULL, &count);
    inv_log_begin(log);
    inv_log_texts(log, "anew", list, count);
    inv_log_end(log);
    free(list);
}
