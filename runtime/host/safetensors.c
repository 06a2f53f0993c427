#include "safetensors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "json.h"
#include "output.h"
#include "suggest.h"
#include "variable.h"

/* Bytes of a header: of each of the model's tensors beside its name, which may be written in
 * escapes of 6 bytes, and of what a file has beside them (metadata, names of another model). */
enum { ENTRY_MAX = 512, ESCAPE = 6, FOREIGN_MAX = 1 << 20 };

static const char *const dtype_name[] = { "F32", "I32", "BOOL", "I64" };

/* In the file BOOL takes 1 byte, in the arena 4. */
static size_t file_bytes(enum inv_dtype dtype)
{
    return dtype == INV_BOOL ? 1 : inv_dtype_bytes(dtype);
}

static size_t tensor_bytes(const struct inv_variable *v)
{
    return (size_t)inv_variable_elements(v) * file_bytes(v->dtype);
}

static int by_path(const void *a, const void *b)
{
    const struct inv_variable *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

/* The saved variables in byte order of their names; count in *count. */
static const struct inv_variable **sorted(const struct inv_model *model, int *count)
{
    const struct inv_variable **list =
        inv_allocate((size_t)model->variable_count * sizeof *list);
    *count = 0;
    for (int i = 0; i < model->variable_count; i++)
        if (inv_variable_is_saved(&model->variable[i]))
            list[(*count)++] = &model->variable[i];
    qsort(list, (size_t)*count, sizeof *list, by_path);
    return list;
}

/* ---- writing ---- */

static uint64_t load_element(const unsigned char *at, enum inv_dtype dtype)
{
    uint32_t narrow;
    uint64_t wide;
    if (dtype == INV_I64) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    if (dtype == INV_F32)
        return inv_bits(inv_canonical(inv_from_bits(narrow)));
    return dtype == INV_BOOL ? narrow != 0 : narrow;
}

static void write_tensor(struct inv_output *out, const struct inv_variable *v,
                         const unsigned char *at)
{
    unsigned char piece[4096];
    size_t width = file_bytes(v->dtype), step = inv_dtype_bytes(v->dtype), fill = 0;
    int64_t count = inv_variable_elements(v);
    for (int64_t i = 0; i < count; i++, at += step) {
        uint64_t bits = load_element(at, v->dtype);
        for (size_t b = 0; b < width; b++)
            piece[fill++] = (unsigned char)(bits >> (8 * b));
        if (fill == sizeof piece) {
            inv_output_write(out, piece, fill);
            fill = 0;
        }
    }
    inv_output_write(out, piece, fill);
}

static char *make_header(const struct inv_variable *const *list, int count, size_t *length)
{
    char *text;
    FILE *to = open_memstream(&text, length);
    if (!to)
        return NULL;
    size_t offset = 0;
    fputc('{', to);
    for (int i = 0; i < count; i++) {
        const struct inv_variable *v = list[i];
        fprintf(to, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "", v->path,
                dtype_name[v->dtype]);
        for (int d = 0; d < v->rank; d++)
            fprintf(to, "%s%lld", d ? "," : "", (long long)v->dim[d]);
        fprintf(to, "],\"data_offsets\":[%zu,%zu]}", offset, offset + tensor_bytes(v));
        offset += tensor_bytes(v);
    }
    fputc('}', to);
    for (long end = ftell(to); end % 8 != 0; end++)
        fputc(' ', to);
    return fclose(to) == 0 ? text : NULL;
}

static void write_weights(struct inv_output *out, const struct inv_model *model,
                          const unsigned char *arena)
{
    int count;
    size_t length = 0;
    const struct inv_variable **list = sorted(model, &count);
    char *header = make_header(list, count, &length);
    unsigned char size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)((uint64_t)length >> (8 * i));
    inv_output_write(out, size, sizeof size);
    inv_output_write(out, header, length);
    for (int i = 0; i < count; i++)
        write_tensor(out, list[i], arena + list[i]->offset);
    free(header);
    free(list);
}

int inv_safetensors_save(const struct inv_model *model, const unsigned char *arena,
                         const char *path, struct inv_errors *errors, char digest[65])
{
    struct inv_output out;
    if (!inv_output_open(&out, path, errors))
        return 0;
    write_weights(&out, model, arena);
    return inv_output_close(&out, digest);
}

void inv_safetensors_digest(const struct inv_model *model, const unsigned char *arena,
                            uint8_t digest[32])
{
    struct inv_output out;
    inv_output_open_nowhere(&out);
    write_weights(&out, model, arena);
    inv_sha256_final(&out.sha, digest);
}

/* ---- reading: the header's JSON ---- */

struct tensor {
    char *name, *dtype;
    int rank, seen;                     /* seen: bit 0 dtype, 1 shape, 2 data_offsets */
    int64_t dim[INV_RANK];
    uint64_t begin, end;
};

struct reader {
    const char *path;
    struct inv_errors *errors;
    struct inv_json json;
    struct tensor *tensor;
    const struct tensor **by_name;      /* the same, sorted */
    int count, room;
};

static int fail(struct reader *r, const char *what)
{
    return inv_json_fail(&r->json, what);
}

static int accept(struct reader *r, char c)
{
    return inv_json_accept(&r->json, c);
}

static int expect(struct reader *r, char c)
{
    return inv_json_expect(&r->json, c);
}

static int read_shape(struct reader *r, struct tensor *t)
{
    uint64_t extent;
    if (!expect(r, '['))
        return 0;
    while (!accept(r, ']')) {
        if (t->rank == INV_RANK)
            return fail(r, "a tensor with more than 8 axes");
        if ((t->rank > 0 && !expect(r, ',')) || !inv_json_whole(&r->json, &extent))
            return 0;
        t->dim[t->rank++] = (int64_t)extent;
    }
    return 1;
}

static int read_offsets(struct reader *r, struct tensor *t)
{
    return expect(r, '[') && inv_json_whole(&r->json, &t->begin) && expect(r, ',') &&
           inv_json_whole(&r->json, &t->end) && expect(r, ']');
}

static int read_member(struct reader *r, struct tensor *t, const char *key)
{
    static const char *const known[] = { "dtype", "shape", "data_offsets" };
    int which = 0;
    while (which < 3 && strcmp(key, known[which]) != 0)
        which++;
    if (which == 3 || (t->seen & (1 << which)))
        return fail(r, "dtype, shape and data_offsets expected, each once");
    t->seen |= 1 << which;
    if (which == 0)
        return (t->dtype = inv_json_string(&r->json)) != NULL;
    return which == 1 ? read_shape(r, t) : read_offsets(r, t);
}

static int read_tensor(struct reader *r, struct tensor *t)
{
    if (!expect(r, '{'))
        return 0;
    do {
        char *key = inv_json_string(&r->json);
        int ok = key && expect(r, ':') && read_member(r, t, key);
        free(key);
        if (!ok)
            return 0;
    } while (accept(r, ','));
    return expect(r, '}') && (t->seen == 7 || fail(r, "a tensor lacks a key"));
}

/* {"__metadata__": {"text": "text", ...}} is allowed and means nothing here. */
static int skip_metadata(struct reader *r)
{
    if (!expect(r, '{'))
        return 0;
    if (accept(r, '}'))
        return 1;
    do {
        char *key = inv_json_string(&r->json);
        char *value = key && expect(r, ':') ? inv_json_string(&r->json) : NULL;
        int ok = value != NULL;
        free(key);
        free(value);
        if (!ok)
            return 0;
    } while (accept(r, ','));
    return expect(r, '}');
}

static struct tensor *add_tensor(struct reader *r, char *name)
{
    if (r->count == r->room) {
        r->room = r->room * 2 + 16;
        r->tensor = inv_resize(r->tensor, (size_t)r->room * sizeof *r->tensor);
    }
    struct tensor *t = &r->tensor[r->count++];
    *t = (struct tensor){ .name = name };
    return t;
}

static int read_entry(struct reader *r)
{
    char *name = inv_json_string(&r->json);
    if (!name || !expect(r, ':')) {
        free(name);
        return 0;
    }
    if (strcmp(name, "__metadata__") != 0)
        return read_tensor(r, add_tensor(r, name));
    free(name);
    return skip_metadata(r);
}

static int read_header(struct reader *r)
{
    if (!expect(r, '{'))
        return 0;
    if (inv_json_peek(&r->json) != '}') {
        do {
            if (!read_entry(r))
                return 0;
        } while (accept(r, ','));
    }
    if (!expect(r, '}'))
        return 0;
    return inv_json_end(&r->json) || fail(r, "text follows the header's end");
}

/* ---- reading: do the tensors cover the data, and are they the model's? ---- */

static int by_begin(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void check_cover(struct reader *r, uint64_t data_bytes)
{
    uint64_t at = 0;
    if (r->count > 0)
        qsort(r->tensor, (size_t)r->count, sizeof *r->tensor, by_begin);
    for (int i = 0; i < r->count; i++) {
        const struct tensor *t = &r->tensor[i];
        if (t->begin != at || t->end < t->begin || t->end > data_bytes) {
            inv_error(r->errors, "%s: tensor %s: data_offsets [%llu,%llu] leave a gap, overlap or "
                      "pass the file's end (%llu bytes of data, %llu covered so far); the file is "
                      "cut short or damaged, get it again", r->path, t->name,
                      (unsigned long long)t->begin, (unsigned long long)t->end,
                      (unsigned long long)data_bytes, (unsigned long long)at);
            return;
        }
        at = t->end;
    }
    if (at != data_bytes)
        inv_error(r->errors, "%s: %llu bytes follow the last tensor; the file is damaged, get it "
                  "again", r->path, (unsigned long long)(data_bytes - at));
}

static char *print_shape(const int64_t *dim, int rank)
{
    char *text = inv_copy_text("[");
    for (int i = 0; i < rank; i++) {
        char *longer = inv_text("%s%s%lld", text, i ? ", " : "", (long long)dim[i]);
        free(text);
        text = longer;
    }
    char *closed = inv_text("%s]", text);
    free(text);
    return closed;
}

static void check_tensor(struct reader *r, const struct inv_variable *v, const struct tensor *t)
{
    int same = v->rank == t->rank && strcmp(dtype_name[v->dtype], t->dtype) == 0;
    for (int i = 0; same && i < v->rank; i++)
        same = v->dim[i] == t->dim[i];
    if (same && t->end - t->begin == tensor_bytes(v))
        return;
    char *wanted = print_shape(v->dim, v->rank), *found = print_shape(t->dim, t->rank);
    inv_error(r->errors, "%s: tensor %s is %s%s in %llu bytes; the model's is %s%s in %zu bytes",
              r->path, t->name, t->dtype, found, (unsigned long long)(t->end - t->begin),
              dtype_name[v->dtype], wanted, tensor_bytes(v));
    free(wanted);
    free(found);
}

static int tensor_by_name(const void *a, const void *b)
{
    const struct tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void sort_names(struct reader *r)
{
    r->by_name = inv_allocate((size_t)r->count * sizeof *r->by_name);
    for (int i = 0; i < r->count; i++)
        r->by_name[i] = &r->tensor[i];
    qsort(r->by_name, (size_t)r->count, sizeof *r->by_name, tensor_by_name);
}

static const struct tensor *find_tensor(const struct reader *r, const char *name)
{
    const struct tensor key = { .name = (char *)name }, *at = &key;
    const struct tensor *const *found =
        bsearch(&at, r->by_name, (size_t)r->count, sizeof *r->by_name, tensor_by_name);
    return found ? *found : NULL;
}

static void report_unknown(struct reader *r, const char *own,
                           const struct inv_variable *const *list, int count)
{
    const char **name = inv_allocate((size_t)count * sizeof *name);
    for (int i = 0; i < count; i++)
        name[i] = list[i]->path;
    const char *near = inv_suggest(own, name, count);
    inv_error(r->errors, "%s: tensor %s is not in the model%s%s%s", r->path, own,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(name);
}

/* Every tensor's name once, and in the model. */
static void check_names(struct reader *r, const struct inv_variable *const *list, int count)
{
    for (int i = 0; i < r->count && !inv_errors_full(r->errors); i++) {
        const char *own = r->by_name[i]->name;
        const struct inv_variable key = { .path = own }, *at = &key;
        if (i > 0 && strcmp(own, r->by_name[i - 1]->name) == 0)
            inv_error(r->errors, "%s: tensor %s stands there twice", r->path, own);
        else if (!bsearch(&at, list, (size_t)count, sizeof *list, by_path))
            report_unknown(r, own, list, count);
    }
}

static void check_model(struct reader *r, const struct inv_variable *const *list, int count)
{
    sort_names(r);
    check_names(r, list, count);
    for (int i = 0; i < count && !inv_errors_full(r->errors); i++) {
        const struct tensor *t = find_tensor(r, list[i]->path);
        if (t)
            check_tensor(r, list[i], t);
        else
            inv_error(r->errors, "%s: lacks tensor %s; are these weights of another model?",
                      r->path, list[i]->path);
    }
}

/* ---- reading: the data ---- */

static void store_element(unsigned char *to, enum inv_dtype dtype, const unsigned char *from)
{
    uint64_t wide = 0;
    for (size_t b = 0; b < file_bytes(dtype); b++)
        wide |= (uint64_t)from[b] << (8 * b);
    uint32_t narrow = (uint32_t)wide;
    memcpy(to, dtype == INV_I64 ? (void *)&wide : (void *)&narrow, inv_dtype_bytes(dtype));
}

static int read_data(FILE *file, uint64_t start, const struct inv_variable *v,
                     const struct tensor *t, unsigned char *arena)
{
    unsigned char from[8], *to = arena + v->offset;
    int64_t count = inv_variable_elements(v);
    if (fseeko(file, (off_t)(start + t->begin), SEEK_SET) != 0)
        return 0;
    for (int64_t i = 0; i < count; i++, to += inv_dtype_bytes(v->dtype)) {
        if (fread(from, file_bytes(v->dtype), 1, file) != 1)
            return 0;
        store_element(to, v->dtype, from);
    }
    return 1;
}

/* Most bytes that the header of weights of this model can take. */
static uint64_t header_limit(const struct inv_variable *const *list, int count)
{
    uint64_t bytes = FOREIGN_MAX;
    for (int i = 0; i < count; i++)
        bytes += ENTRY_MAX + ESCAPE * strlen(list[i]->path);
    return bytes;
}

/* Reads the header's length; the bytes of data go to *data_bytes. */
static int read_length(FILE *file, struct reader *r, uint64_t limit, uint64_t *length,
                       uint64_t *data_bytes)
{
    unsigned char size[8];
    fseeko(file, 0, SEEK_END);
    off_t total = ftello(file);
    rewind(file);
    *length = 0;
    if (total >= 8 && fread(size, 8, 1, file) == 1)
        for (int i = 0; i < 8; i++)
            *length |= (uint64_t)size[i] << (8 * i);
    if (total < 10 || *length < 2 || *length > (uint64_t)total - 8) {
        inv_error(r->errors, "%s: not a safetensors file, or cut short (its header would take %llu "
                  "of %lld bytes)", r->path, (unsigned long long)*length, (long long)total);
        return 0;
    }
    if (*length > limit) {
        inv_error(r->errors, "%s: a header of %llu bytes; weights of this model have at most %llu; "
                  "are these of another model?", r->path, (unsigned long long)*length,
                  (unsigned long long)limit);
        return 0;
    }
    *data_bytes = (uint64_t)total - 8 - *length;
    return 1;
}

/* The header's bytes in new memory, or NULL after an error. */
static char *load_header(FILE *file, struct reader *r, uint64_t limit, uint64_t *length,
                         uint64_t *data_bytes)
{
    if (!read_length(file, r, limit, length, data_bytes))
        return NULL;
    char *header = inv_allocate(*length + 1);
    if (fread(header, 1, *length, file) == *length)
        return header;
    inv_error(r->errors, "%s: %s", r->path, strerror(errno));
    free(header);
    return NULL;
}

static void free_tensors(struct reader *r)
{
    for (int i = 0; i < r->count; i++) {
        free(r->tensor[i].name);
        free(r->tensor[i].dtype);
    }
    free(r->tensor);
    free(r->by_name);
}

static void load_file(FILE *file, const struct inv_model *model, unsigned char *arena,
                      struct reader *r)
{
    uint64_t length, data_bytes;
    int count, before = r->errors->count;
    const struct inv_variable **list = sorted(model, &count);
    char *header = load_header(file, r, header_limit(list, count), &length, &data_bytes);
    if (header) {
        r->json.start = r->json.at = header;
        r->json.limit = header + length;
        if (read_header(r)) {
            check_cover(r, data_bytes);
            check_model(r, list, count);
        }
    }
    for (int i = 0; i < count && r->errors->count == before; i++)
        if (!read_data(file, 8 + length, list[i], find_tensor(r, list[i]->path), arena))
            inv_error(r->errors, "%s: tensor %s cannot be read: %s", r->path, list[i]->path,
                      ferror(file) ? strerror(errno) : "the file has become shorter");
    free_tensors(r);
    free(list);
    free(header);
}

static struct reader begin_reading(const char *path, struct inv_errors *errors)
{
    return (struct reader){ .path = path, .errors = errors, .json = { .place = path,
        .part = "the safetensors header", .cure = "the file is damaged, write it again",
        .errors = errors } };
}

int inv_safetensors_load(const struct inv_model *model, unsigned char *arena, const char *path,
                         struct inv_errors *errors)
{
    int before = errors->count;
    struct reader r = begin_reading(path, errors);
    FILE *file = fopen(path, "rb");
    if (!file) {
        inv_error(errors, "%s: cannot read weights: %s; train first, or name the file with "
                  "--weights FILE", path, strerror(errno));
        return 0;
    }
    load_file(file, model, arena, &r);
    fclose(file);
    return errors->count == before;
}

/* ---- arrays of data ---- */

enum { HEADER_MAX = 100000000 };        /* the format's own limit */

static int element_of(const char *dtype, enum inv_element *element)
{
    static const struct { const char *name; enum inv_element element; } known[] = {
        { "F32", INV_ELEMENT_F32 }, { "F16", INV_ELEMENT_F16 }, { "BF16", INV_ELEMENT_BF16 },
        { "F64", INV_ELEMENT_F64 }, { "BOOL", INV_ELEMENT_B1 }, { "U8", INV_ELEMENT_U8 },
        { "I8", INV_ELEMENT_I8 }, { "U16", INV_ELEMENT_U16 }, { "I16", INV_ELEMENT_I16 },
        { "U32", INV_ELEMENT_U32 }, { "I32", INV_ELEMENT_I32 }, { "U64", INV_ELEMENT_U64 },
        { "I64", INV_ELEMENT_I64 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, dtype) == 0) {
            *element = known[i].element;
            return 1;
        }
    return 0;
}

static int no_tensor(struct reader *r, const char *name)
{
    const char **all = inv_allocate((size_t)(r->count + 1) * sizeof *all);
    for (int i = 0; i < r->count; i++)
        all[i] = r->tensor[i].name;
    inv_suggest_array(r->errors, r->path, name, all, r->count);
    free(all);
    return 0;
}

/* The tensor of that name, where `start` bytes precede the data of the file. */
static int place_tensor(struct reader *r, const char *name, int64_t start,
                        struct inv_tensor_place *place)
{
    const struct tensor *t = find_tensor(r, name);
    if (!t)
        return no_tensor(r, name);
    for (int i = 0; i < r->count; i++)
        if (&r->tensor[i] != t && strcmp(r->tensor[i].name, name) == 0) {
            inv_error(r->errors, "%s: two of its arrays are named %s; write the file anew", r->path,
                      name);
            return 0;
        }
    int64_t bytes = (int64_t)(t->end - t->begin);
    *place = (struct inv_tensor_place){ .rank = t->rank,
        .section = { .offset = start + (int64_t)t->begin, .packed = bytes, .plain = bytes } };
    memcpy(place->dim, t->dim, sizeof place->dim);
    if (t->rank > 0 && element_of(t->dtype, &place->element))
        return 1;
    inv_error(r->errors, "%s: array %s is %s with %d axes; expected an axis of rows, and F64, F32, "
              "F16, BF16, BOOL or whole numbers", r->path, name, t->dtype, t->rank);
    return 0;
}

int inv_safetensors_find(const char *path, const char *name, struct inv_tensor_place *place,
                         struct inv_errors *errors)
{
    struct reader r = begin_reading(path, errors);
    uint64_t length, data_bytes;
    int ok = 0, before = errors->count;
    FILE *file = fopen(path, "rb");
    char *header = file ? load_header(file, &r, HEADER_MAX, &length, &data_bytes) : NULL;
    if (header) {
        r.json.start = r.json.at = header;
        r.json.limit = header + length;
        if (read_header(&r))
            check_cover(&r, data_bytes);
        sort_names(&r);
        ok = errors->count == before && place_tensor(&r, name, 8 + (int64_t)length, place);
    } else if (!file) {
        inv_error(errors, "%s: %s", path, strerror(errno));
    }
    free_tensors(&r);
    free(header);
    if (file)
        fclose(file);
    return ok;
}
