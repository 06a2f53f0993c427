#include "tensors.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/arith.h"
#include "suggest.h"
#include "variable.h"

/* Bytes of a header: of each of the model's tensors beside its name, which may be written in
 * escapes of 6 bytes, and of what a file has beside them (metadata, names of another model). */
enum { ENTRY_MAX = 512, ESCAPE = 6, FOREIGN_MAX = 1 << 20 };
enum { PIECE = 1 << 14 };               /* bytes that are written at one time, from near caches */

static const char *const dtype_name[] = { "F32", "I32", "BOOL", "I64" };

/* In the file BOOL takes 1 byte, in memory 4. */
static size_t file_bytes(enum inv_dtype dtype)
{
    return dtype == INV_BOOL ? 1 : inv_dtype_bytes(dtype);
}

static size_t element_count(const struct inv_tensor *t)
{
    size_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= (size_t)t->dim[i];
    return count;
}

size_t inv_tensor_size(const struct inv_tensor *t)
{
    return element_count(t) * inv_dtype_bytes(t->dtype);
}

static size_t tensor_bytes(const struct inv_tensor *t)
{
    return element_count(t) * file_bytes(t->dtype);
}

static int by_name(const void *a, const void *b)
{
    const struct inv_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void inv_tensors_sort(struct inv_tensor *list, int count)
{
    if (count > 0)
        /* invar-lint: allow unstable-sort because no two tensors have one name */
        qsort(list, (size_t)count, sizeof *list, by_name);
}

/* ---- writing ---- */

static void store_bytes(unsigned char *to, uint64_t bits, size_t width)
{
    for (size_t b = 0; b < width; b++)
        to[b] = (unsigned char)(bits >> (8 * b));
}

static void store_word(unsigned char *to, uint32_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, &word, sizeof word);
#else
    store_bytes(to, word, sizeof word);
#endif
}

static uint32_t load_word(const unsigned char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* `count` elements as the file has them; a loop for each type, so that it is a fast one. */
static void convert(unsigned char *restrict to, enum inv_dtype dtype,
                    const unsigned char *restrict from, size_t count)
{
    uint64_t wide;
    switch (dtype) {
    case INV_F32:
        for (size_t i = 0; i < count; i++)
            store_word(to + 4 * i, inv_bits(inv_canonical(inv_from_bits(load_word(from + 4 * i)))));
        break;
    case INV_I32:
        for (size_t i = 0; i < count; i++)
            store_word(to + 4 * i, load_word(from + 4 * i));
        break;
    case INV_BOOL:
        for (size_t i = 0; i < count; i++)
            to[i] = load_word(from + 4 * i) != 0;
        break;
    case INV_I64:
        for (size_t i = 0; i < count; i++) {
            memcpy(&wide, from + 8 * i, sizeof wide);
            store_bytes(to + 8 * i, wide, 8);
        }
    }
}

static void write_tensor(struct inv_output *out, const struct inv_tensor *t, unsigned char *piece)
{
    size_t width = file_bytes(t->dtype), step = inv_dtype_bytes(t->dtype), part;
    size_t left = element_count(t);
    for (const unsigned char *at = t->at; left > 0; left -= part, at += part * step) {
        part = left < PIECE / width ? left : PIECE / width;
        convert(piece, t->dtype, at, part);
        inv_output_write(out, piece, part * width);
    }
}

static void print_notes(FILE *to, const struct inv_tensor_note *note, int notes)
{
    fputs("\"__metadata__\":{", to);
    for (int i = 0; i < notes; i++) {
        fputs(i ? "," : "", to);
        inv_json_write(to, note[i].key);
        fputc(':', to);
        inv_json_write(to, note[i].value);
    }
    fputc('}', to);
}

static char *make_header(const struct inv_tensor *list, int count,
                         const struct inv_tensor_note *note, int notes, size_t *length)
{
    char *text;
    size_t offset = 0;
    FILE *to = open_memstream(&text, length);
    if (!to)
        return NULL;
    fputc('{', to);
    if (notes > 0)
        print_notes(to, note, notes);
    for (int i = 0; i < count; i++) {
        const struct inv_tensor *t = &list[i];
        fprintf(to, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i + notes ? "," : "", t->name,
                dtype_name[t->dtype]);
        for (int d = 0; d < t->rank; d++)
            fprintf(to, "%s%lld", d ? "," : "", (long long)t->dim[d]);
        fprintf(to, "],\"data_offsets\":[%zu,%zu]}", offset, offset + tensor_bytes(t));
        offset += tensor_bytes(t);
    }
    fputc('}', to);
    for (long end = ftell(to); end % 8 != 0; end++)
        fputc(' ', to);
    return fclose(to) == 0 ? text : NULL;
}

void inv_tensors_write(struct inv_output *out, const struct inv_tensor *list, int count,
                       const struct inv_tensor_note *note, int notes)
{
    size_t length = 0;
    unsigned char size[8], *piece = inv_allocate(PIECE);
    char *header = make_header(list, count, note, notes, &length);
    store_bytes(size, length, sizeof size);
    inv_output_write(out, size, sizeof size);
    inv_output_write(out, header, length);
    for (int i = 0; i < count; i++)
        write_tensor(out, &list[i], piece);
    free(header);
    free(piece);
}

/* ---- reading: the header's JSON ---- */

static int fail(struct inv_tensor_file *r, const char *what)
{
    return inv_json_fail(&r->json, what);
}

static int accept(struct inv_tensor_file *r, char c)
{
    return inv_json_accept(&r->json, c);
}

static int expect(struct inv_tensor_file *r, char c)
{
    return inv_json_expect(&r->json, c);
}

static int read_shape(struct inv_tensor_file *r, struct inv_tensor_entry *t)
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

static int read_offsets(struct inv_tensor_file *r, struct inv_tensor_entry *t)
{
    return expect(r, '[') && inv_json_whole(&r->json, &t->begin) && expect(r, ',') &&
           inv_json_whole(&r->json, &t->end) && expect(r, ']');
}

static int read_member(struct inv_tensor_file *r, struct inv_tensor_entry *t, const char *key)
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

static int read_tensor(struct inv_tensor_file *r, struct inv_tensor_entry *t)
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

static void add_note(struct inv_tensor_file *r, char *key, char *value)
{
    r->note = inv_resize(r->note, (size_t)(r->notes + 1) * sizeof *r->note);
    r->note[r->notes++] = (struct inv_tensor_note){ key, value };
}

/* {"__metadata__": {"text": "text", ...}} */
static int read_notes(struct inv_tensor_file *r)
{
    if (!expect(r, '{'))
        return 0;
    if (accept(r, '}'))
        return 1;
    do {
        char *key = inv_json_string(&r->json);
        char *value = key && expect(r, ':') ? inv_json_string(&r->json) : NULL;
        if (!value) {
            free(key);
            return 0;
        }
        add_note(r, key, value);
    } while (accept(r, ','));
    return expect(r, '}');
}

static struct inv_tensor_entry *add_tensor(struct inv_tensor_file *r, char *name)
{
    if (r->count == r->room) {
        r->room = r->room * 2 + 16;
        r->entry = inv_resize(r->entry, (size_t)r->room * sizeof *r->entry);
    }
    struct inv_tensor_entry *t = &r->entry[r->count++];
    *t = (struct inv_tensor_entry){ .name = name };
    return t;
}

static int read_entry(struct inv_tensor_file *r)
{
    char *name = inv_json_string(&r->json);
    if (!name || !expect(r, ':')) {
        free(name);
        return 0;
    }
    if (strcmp(name, "__metadata__") != 0)
        return read_tensor(r, add_tensor(r, name));
    free(name);
    return read_notes(r);
}

static int read_header(struct inv_tensor_file *r)
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
    const struct inv_tensor_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void check_cover(struct inv_tensor_file *r, uint64_t data_bytes)
{
    uint64_t at = 0;
    if (r->count > 0)
        /* invar-lint: allow unstable-sort because those that begin and end alike are empty or an
         * error */
        qsort(r->entry, (size_t)r->count, sizeof *r->entry, by_begin);
    for (int i = 0; i < r->count; i++) {
        const struct inv_tensor_entry *t = &r->entry[i];
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

char *inv_tensors_shape(const int64_t *dim, int rank)
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

static void check_tensor(struct inv_tensor_file *r, const struct inv_tensor *own,
                         const struct inv_tensor_entry *t)
{
    int same = own->rank == t->rank && strcmp(dtype_name[own->dtype], t->dtype) == 0;
    for (int i = 0; same && i < own->rank; i++)
        same = own->dim[i] == t->dim[i];
    if (same && t->end - t->begin == tensor_bytes(own))
        return;
    char *wanted = inv_tensors_shape(own->dim, own->rank);
    char *found = inv_tensors_shape(t->dim, t->rank);
    inv_error(r->errors, "%s: tensor %s is %s%s in %llu bytes; the model's is %s%s in %zu bytes",
              r->path, t->name, t->dtype, found, (unsigned long long)(t->end - t->begin),
              dtype_name[own->dtype], wanted, tensor_bytes(own));
    free(wanted);
    free(found);
}

static int entry_by_name(const void *a, const void *b)
{
    const struct inv_tensor_entry *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void sort_names(struct inv_tensor_file *r)
{
    r->by_name = inv_allocate((size_t)r->count * sizeof *r->by_name);
    for (int i = 0; i < r->count; i++)
        r->by_name[i] = &r->entry[i];
    /* invar-lint: allow unstable-sort because no two tensors have one name */
    qsort(r->by_name, (size_t)r->count, sizeof *r->by_name, entry_by_name);
}

const struct inv_tensor_entry *inv_tensors_find(const struct inv_tensor_file *r, const char *name)
{
    const struct inv_tensor_entry key = { .name = (char *)name }, *at = &key;
    const struct inv_tensor_entry *const *found =
        bsearch(&at, r->by_name, (size_t)r->count, sizeof *r->by_name, entry_by_name);
    return found ? *found : NULL;
}

const char **inv_tensors_names(const struct inv_tensor_file *r)
{
    const char **all = inv_allocate((size_t)(r->count + 1) * sizeof *all);
    for (int i = 0; i < r->count; i++)
        all[i] = r->entry[i].name;
    return all;
}

const struct inv_tensor_entry *inv_tensors_single(const struct inv_tensor_file *r, const char *name)
{
    const struct inv_tensor_entry *t = inv_tensors_find(r, name);
    for (int i = 0; t && i < r->count; i++)
        if (&r->entry[i] != t && strcmp(r->entry[i].name, name) == 0) {
            inv_error(r->errors, "%s: two of its arrays are named %s; write the file anew", r->path,
                      name);
            return NULL;
        }
    return t;
}

static void report_unknown(struct inv_tensor_file *r, const char *own,
                           const struct inv_tensor *list, int count)
{
    const char **name = inv_allocate((size_t)count * sizeof *name);
    for (int i = 0; i < count; i++)
        name[i] = list[i].name;
    const char *near = inv_suggest(own, name, count);
    inv_error(r->errors, "%s: tensor %s is not in the model%s%s%s", r->path, own,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(name);
}

/* Every tensor's name once, and in the model. */
static void check_names(struct inv_tensor_file *r, const struct inv_tensor *list, int count)
{
    for (int i = 0; i < r->count && !inv_errors_full(r->errors); i++) {
        const char *own = r->by_name[i]->name;
        const struct inv_tensor key = { .name = own };
        if (i > 0 && strcmp(own, r->by_name[i - 1]->name) == 0)
            inv_error(r->errors, "%s: tensor %s stands there twice", r->path, own);
        else if (!bsearch(&key, list, (size_t)count, sizeof *list, by_name))
            report_unknown(r, own, list, count);
    }
}

static void check_list(struct inv_tensor_file *r, const struct inv_tensor *list, int count)
{
    check_names(r, list, count);
    for (int i = 0; i < count && !inv_errors_full(r->errors); i++) {
        const struct inv_tensor_entry *t = inv_tensors_find(r, list[i].name);
        if (t)
            check_tensor(r, &list[i], t);
        else
            inv_error(r->errors, "%s: lacks tensor %s; is it of another model?", r->path,
                      list[i].name);
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

static int read_data(const struct inv_tensor_file *r, const struct inv_tensor *own)
{
    unsigned char from[8], *to = own->at;
    size_t count = element_count(own);
    const struct inv_tensor_entry *t = inv_tensors_find(r, own->name);
    if (fseeko(r->file, (off_t)(r->start + t->begin), SEEK_SET) != 0)
        return 0;
    for (size_t i = 0; i < count; i++, to += inv_dtype_bytes(own->dtype)) {
        if (fread(from, file_bytes(own->dtype), 1, r->file) != 1)
            return 0;
        store_element(to, own->dtype, from);
    }
    return 1;
}

/* Why fewer bytes came than the file had. */
static const char *why_short(FILE *file)
{
    return ferror(file) ? strerror(errno) : "the file has become shorter";
}

int inv_tensors_read(struct inv_tensor_file *r, const struct inv_tensor *list, int count)
{
    int before = r->errors->count;
    check_list(r, list, count);
    for (int i = 0; i < count && r->errors->count == before; i++)
        if (!read_data(r, &list[i]))
            inv_error(r->errors, "%s: tensor %s cannot be read: %s", r->path, list[i].name,
                      why_short(r->file));
    return r->errors->count == before;
}

/* ---- opening ---- */

uint64_t inv_tensors_header_limit(const struct inv_tensor *list, int count)
{
    uint64_t bytes = FOREIGN_MAX;
    for (int i = 0; i < count; i++)
        bytes += ENTRY_MAX + ESCAPE * strlen(list[i].name);
    return bytes;
}

FILE *inv_tensors_file(const char *path, const char **why)
{
    struct stat about;
    int handle = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int irregular = handle >= 0 && fstat(handle, &about) == 0 && S_ISFIFO(about.st_mode);
    FILE *file = handle >= 0 && !irregular ? fdopen(handle, "rb") : NULL;
    *why = irregular ? "it is no regular file" : strerror(errno);
    if (!file && handle >= 0)
        close(handle);
    errno = irregular ? 0 : errno;
    return file;
}

/* Reads the header's length; the bytes of data go to *data_bytes. */
static int read_length(struct inv_tensor_file *r, uint64_t limit, uint64_t *length,
                       uint64_t *data_bytes)
{
    unsigned char size[8];
    fseeko(r->file, 0, SEEK_END);
    off_t total = ftello(r->file);
    rewind(r->file);
    *length = 0;
    if (total >= 8 && fread(size, 8, 1, r->file) == 1)
        for (int i = 0; i < 8; i++)
            *length |= (uint64_t)size[i] << (8 * i);
    if (total < 10 || *length < 2 || *length > (uint64_t)total - 8) {
        inv_error(r->errors, "%s: not a safetensors file, or cut short (its header would take %llu "
                  "of %lld bytes)", r->path, (unsigned long long)*length, (long long)total);
        return 0;
    }
    if (*length > limit) {
        inv_error(r->errors, "%s: a header of %llu bytes; that of this model has at most %llu; is "
                  "it of another model?", r->path, (unsigned long long)*length,
                  (unsigned long long)limit);
        return 0;
    }
    *data_bytes = (uint64_t)total - 8 - *length;
    return 1;
}

/* The header's bytes in new memory, or NULL after an error. */
static char *load_header(struct inv_tensor_file *r, uint64_t limit, uint64_t *length,
                         uint64_t *data_bytes)
{
    if (!read_length(r, limit, length, data_bytes))
        return NULL;
    char *header = inv_allocate(*length + 1);
    if (fread(header, 1, *length, r->file) == *length)
        return header;
    inv_error(r->errors, "%s: its header cannot be read: %s", r->path, why_short(r->file));
    free(header);
    return NULL;
}

int inv_tensors_open(struct inv_tensor_file *r, uint64_t header_limit)
{
    uint64_t length, data_bytes;
    int before = r->errors->count;
    char *header = load_header(r, header_limit, &length, &data_bytes);
    if (!header)
        return 0;
    r->json = (struct inv_json){ .place = r->path, .part = "the safetensors header",
        .cure = "the file is damaged, write it again", .errors = r->errors, .start = header,
        .at = header, .limit = header + length };
    r->start = 8 + length;
    if (read_header(r))
        check_cover(r, data_bytes);
    sort_names(r);
    free(header);
    return r->errors->count == before;
}

const char *inv_tensors_note(const struct inv_tensor_file *r, const char *key)
{
    for (int i = 0; i < r->notes; i++)
        if (strcmp(r->note[i].key, key) == 0)
            return r->note[i].value;
    return NULL;
}

void inv_tensors_close(struct inv_tensor_file *r)
{
    for (int i = 0; i < r->count; i++) {
        free(r->entry[i].name);
        free(r->entry[i].dtype);
    }
    for (int i = 0; i < r->notes; i++) {
        free(r->note[i].key);
        free(r->note[i].value);
    }
    free(r->entry);
    free(r->by_name);
    free(r->note);
}
