#include "row_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/sha256.h"
#include "row_tail.h"
#include "row_window.h"
#include "variable.h"

enum { VERSION = 2, ORDER = 0x01020304, FIRST = 4096, PIECE = 1 << 20 };

struct head {
    char magic[8];
    uint32_t order, version;
    char key[64];
    int64_t rows, row_bytes, tail_bytes;
    unsigned char rows_sha[32];
    unsigned char sha[32];              /* of all before it and of the tail */
};

static const char magic[8] = { 'I', 'N', 'V', 'R', 'O', 'W', 'S', '\n' };

static void hash_head(const struct head *head, const struct inv_row_tail *tail,
                      unsigned char digest[32])
{
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, head, offsetof(struct head, sha));
    inv_sha256_update(&sha, tail->byte, tail->size);
    inv_sha256_final(&sha, digest);
}

/* ---- writing ---- */

/* Of a row in the file: keys too. */
static size_t row_bytes_of(const struct inv_dataset *data)
{
    size_t bytes = 0;
    for (int f = 0; f < data->model->data.field_count; f++)
        bytes += data->bytes[f];
    return bytes;
}

int inv_row_file_begin(struct inv_row_writer *w, const struct inv_dataset *data,
                       const struct inv_row_place *place)
{
    static const unsigned char nothing[FIRST];
    *w = (struct inv_row_writer){ .place = place, .row_bytes = row_bytes_of(data) };
    w->errors.to = open_memstream(&w->said, &w->said_size);
    if (!w->errors.to || !inv_output_open(&w->out, place->path, &w->errors))
        return 0;
    w->row = inv_allocate((size_t)data->model->batch * w->row_bytes);
    setvbuf(w->out.file, NULL, _IOFBF, PIECE);
    inv_output_write(&w->out, nothing, FIRST);
    inv_sha256_init(&w->out.sha);       /* from here on it is that of the rows */
    return 1;
}

void inv_row_file_add(struct inv_row_writer *w, const struct inv_dataset *data,
                      const struct inv_run *run)
{
    size_t at = 0;
    for (int f = 0; f < data->model->data.field_count; f++) {
        const struct inv_field *field = &data->model->data.field[f];
        const unsigned char *from = run->arena + inv_variable_single(data->model, field)->offset;
        size_t bytes = data->bytes[f];
        for (int64_t i = 0; i < run->rows; i++)
            memcpy(w->row + (size_t)i * w->row_bytes + at, from + (size_t)i * bytes, bytes);
        at += bytes;
    }
    if (!w->out.failed)
        inv_output_write(&w->out, w->row, (size_t)run->rows * w->row_bytes);
}

/* The tail and, at last, the head. */
static int write_rest(struct inv_row_writer *w, const struct inv_dataset *data)
{
    struct inv_sha256 rows = w->out.sha;
    struct inv_row_tail tail = { .size = 0 };
    struct head head = { .order = ORDER, .version = VERSION, .rows = data->rows,
                         .row_bytes = (int64_t)w->row_bytes };
    inv_row_tail_write(&tail, data, w->place);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.key, w->place->key, sizeof head.key);
    head.tail_bytes = (int64_t)tail.size;
    inv_sha256_final(&rows, head.rows_sha);
    hash_head(&head, &tail, head.sha);
    inv_output_write(&w->out, tail.byte, tail.size);
    inv_output_amend(&w->out, 0, &head, sizeof head);
    free(tail.byte);
    return !tail.bad;
}

/* The message of an output without "error: ", in new memory. */
static char *take_message(struct inv_row_writer *w)
{
    if (w->errors.to)
        fclose(w->errors.to);
    const char *text = w->said ? w->said : "", *colon = strstr(text, ": ");
    const char *from = colon ? colon + 2 : text;
    char *message = inv_text("%.*s", (int)strcspn(from, "\n"), from);
    free(w->said);
    return message;
}

int inv_row_file_end(struct inv_row_writer *w, const struct inv_dataset *data, int keep, char **why)
{
    int opened = w->row != NULL, failed = w->out.failed, good = 0;
    if (opened && keep && !failed && !write_rest(w, data)) {
        inv_error(&w->errors, "%s: other files were read than were there before", w->place->path);
        keep = 0;
    }
    if (opened && (!keep || failed))
        inv_output_abandon(&w->out);
    else if (opened)
        good = inv_output_close(&w->out, NULL);
    free(w->row);
    *why = take_message(w);
    return good;
}

/* ---- reading ---- */

/* Why the head is not of a whole file of these rows, or NULL. */
static const char *head_fault(const struct head *head, const struct inv_dataset *data,
                              const struct inv_row_place *place, int64_t bytes)
{
    if (head->order != ORDER)
        return "it was written on a machine of another byte order";
    if (head->version != VERSION)
        return "it was written by another version";
    if (memcmp(head->key, place->key, sizeof head->key) != 0
        || head->row_bytes != (int64_t)row_bytes_of(data))
        return "it is of other fields or of another version of the compiler";
    if (head->rows < 1 || head->rows > INT32_MAX || head->tail_bytes < 0
        || head->row_bytes > (INT64_MAX / 2 - FIRST) / head->rows || head->tail_bytes > bytes
        || bytes - head->tail_bytes != FIRST + head->rows * head->row_bytes)
        return "it is damaged: its size is wrong";
    return NULL;
}

/* How many names or classes the numbers of a field are of, in that row; -1: of any.  Keys of a
 * table are read in rows of the main source, groups in all. */
static int64_t limit_of(const struct inv_dataset *data, const struct inv_field *field, int64_t row)
{
    const struct inv_variable *v = inv_variable_single(data->model, field);
    int read = field->key == INV_KEY_GROUP || row < data->count[INV_MAIN];
    if (field->key && data->model->data.kind == INV_CSV)
        return read ? data->key[field->key].count : -1;
    return v->dtype == INV_I32 && v->classes > 0 ? v->classes : -1;
}

/* Whether the numbers of names and classes in a row are some; keys go into memory. */
static int take_row(struct inv_dataset *data, int64_t row, const unsigned char *from)
{
    const struct inv_data *d = &data->model->data;
    int good = 1;
    for (int f = 0; f < d->field_count; from += data->bytes[f++]) {
        int64_t limit = limit_of(data, &d->field[f], row);
        for (size_t at = 0; limit >= 0 && at < data->bytes[f]; at += 4) {
            int32_t number;
            memcpy(&number, from + at, sizeof number);
            good &= number >= 0 && number < limit;
        }
        if (d->field[f].key)
            memcpy(data->value[f] + (size_t)row * data->step[f], from, data->bytes[f]);
    }
    return good;
}

/* All rows once, in their order: whether they are what was written. */
static int check_rows(struct inv_dataset *data, const struct head *head, int file)
{
    size_t row = (size_t)head->row_bytes, held = PIECE / row + 1;
    unsigned char *piece = inv_allocate(held * row), digest[32];
    struct inv_sha256 sha;
    int good = 1;
    inv_sha256_init(&sha);
    for (int64_t at = 0; at < head->rows && good; at += (int64_t)held) {
        int64_t left = head->rows - at, count = left < (int64_t)held ? left : (int64_t)held;
        good = inv_row_bytes(file, piece, (size_t)count * row, FIRST + at * head->row_bytes);
        if (good)
            inv_sha256_update(&sha, piece, (size_t)count * row);
        for (int64_t i = 0; i < count && good; i++)
            good = take_row(data, at + i, piece + (size_t)i * row);
    }
    free(piece);
    inv_sha256_final(&sha, digest);
    return good && memcmp(digest, head->rows_sha, sizeof digest) == 0;
}

/* Fields lie in the file, keys in memory. */
static void place_fields(struct inv_dataset *data, const struct head *head)
{
    const struct inv_data *d = &data->model->data;
    size_t at = FIRST;
    for (int f = 0; f < d->field_count; at += data->bytes[f++]) {
        data->value[f] = d->field[f].key ? inv_allocate((size_t)head->rows * data->bytes[f])
                                         : data->map.at + at;
        data->step[f] = d->field[f].key ? data->bytes[f] : (size_t)head->row_bytes;
    }
}

static int map_rows(struct inv_dataset *data, const struct inv_row_place *place, int file,
                    const struct head *head, int64_t bytes)
{
    data->map = (struct inv_row_map){ .size = (size_t)bytes, .first = FIRST,
        .row_bytes = (size_t)head->row_bytes, .path = inv_copy_text(place->path) };
    return inv_row_map_open(&data->map, file, inv_dataset_rows_memory(data), data->model->batch);
}

/* The tail, in new memory; 0 where it or the head is not what was written. */
static int read_tail(struct inv_row_tail *tail, const struct head *head, int file)
{
    unsigned char digest[32];
    *tail = (struct inv_row_tail){ .size = (size_t)head->tail_bytes };
    tail->byte = inv_allocate(tail->size + 1);
    if (!inv_row_bytes(file, tail->byte, tail->size, FIRST + head->rows * head->row_bytes))
        return 0;
    hash_head(head, tail, digest);
    return memcmp(digest, head->sha, sizeof digest) == 0;
}

/* Why the file's rows cannot be the data set's, in new memory, or NULL: they are. */
static char *use(struct inv_dataset *data, struct inv_row_place *place, int file,
                 const struct head *head, int64_t bytes)
{
    struct inv_row_tail tail;
    const char *fault = head_fault(head, data, place, bytes);
    if (fault)
        return inv_copy_text(fault);
    char *why = NULL;
    if (!read_tail(&tail, head, file))
        why = inv_copy_text("it is damaged: its check sum differs");
    if (!why)
        why = inv_row_tail_differs(&tail, data, place);
    data->rows = head->rows;
    if (!why && !inv_row_tail_take(&tail, data, place))
        why = inv_copy_text("its columns or classes are other ones");
    free(tail.byte);
    if (!why && !map_rows(data, place, file, head, bytes))
        why = inv_text("it cannot be mapped: %s", strerror(errno));
    if (why)
        return why;
    place_fields(data, head);
    return check_rows(data, head, file) ? NULL
                                        : inv_copy_text("it is damaged: a check sum of its rows "
                                                        "differs");
}

/* An error where the file is there and is not to be written over. */
static int is_foreign(const struct inv_row_place *place, const struct head *head, ssize_t got,
                      struct inv_errors *errors)
{
    if (got == 0 || (got == sizeof *head && memcmp(head->magic, magic, sizeof magic) == 0))
        return 0;
    inv_error(errors, "%s: is there and is no row file; name another with --rows, or remove it",
              place->path);
    return 1;
}

int inv_row_file_open(struct inv_dataset *data, struct inv_row_place *place)
{
    struct head head;
    struct stat about;
    int file = open(place->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return 0;
    if (file < 0 || fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        inv_error(data->errors, "%s: cannot read rows: %s", place->path,
                  file < 0 ? strerror(errno) : "it is no regular file");
        if (file >= 0)
            close(file);
        return -1;
    }
    ssize_t got = pread(file, &head, sizeof head, 0);
    int foreign = is_foreign(place, &head, got, data->errors);
    char *why = foreign || got == 0 ? NULL
                                    : use(data, place, file, &head, (int64_t)about.st_size);
    close(file);
    if (why)
        inv_note(data->errors, "%s: %s; it is made anew", place->path, why);
    int good = !foreign && got > 0 && !why;
    free(why);
    return foreign ? -1 : good;
}
