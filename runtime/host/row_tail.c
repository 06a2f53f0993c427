#include "row_tail.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "digest.h"

/* ---- numbers and texts ---- */

static void put(struct inv_row_tail *t, const void *bytes, size_t count)
{
    if (t->size + count > t->room) {
        t->room = 2 * t->room + count + 256;
        t->byte = inv_resize(t->byte, t->room);
    }
    memcpy(t->byte + t->size, bytes, count);
    t->size += count;
}

static void put_number(struct inv_row_tail *t, int64_t number)
{
    put(t, &number, sizeof number);
}

static void put_text(struct inv_row_tail *t, const char *text)
{
    put_number(t, (int64_t)strlen(text));
    put(t, text, strlen(text));
}

static int64_t take_number(struct inv_row_tail *t)
{
    int64_t number = 0;
    t->bad |= t->size - t->at < sizeof number;
    if (t->bad)
        return 0;
    memcpy(&number, t->byte + t->at, sizeof number);
    t->at += sizeof number;
    return number;
}

/* A number from 0 to `most`. */
static int64_t take_count(struct inv_row_tail *t, int64_t most)
{
    int64_t count = take_number(t);
    t->bad |= count < 0 || count > most;
    return t->bad ? 0 : count;
}

/* How many things of 8 bytes at least follow. */
static int take_length(struct inv_row_tail *t)
{
    int64_t left = (int64_t)((t->size - t->at) / sizeof(int64_t));
    return (int)take_count(t, left < INT32_MAX ? left : INT32_MAX);
}

/* In new memory; "" where there is none. */
static char *take_text(struct inv_row_tail *t)
{
    int64_t length = take_count(t, (int64_t)(t->size - t->at));
    t->bad |= length > (int64_t)(t->size - t->at);
    if (t->bad || memchr(t->byte + t->at, 0, (size_t)length)) {
        t->bad = 1;
        return inv_copy_text("");
    }
    char *text = inv_text("%.*s", (int)length, (const char *)t->byte + t->at);
    t->at += (size_t)length;
    return text;
}

static void take_hash(struct inv_row_tail *t, char hash[65])
{
    char *text = take_text(t);
    t->bad |= strlen(text) > 64;
    if (!t->bad)
        strcpy(hash, text);
    free(text);
}

/* ---- sources ---- */

static const struct inv_row_source *source_of(const struct inv_row_place *place, const char *given)
{
    for (int i = 0; i < place->count; i++)
        if (strcmp(place->source[i].given, given) == 0)
            return &place->source[i];
    return NULL;
}

static void put_source(struct inv_row_tail *t, const struct inv_row_source *s, const char *hash,
                       int file)
{
    put_text(t, s->place);
    put_text(t, hash);
    put_number(t, file);
    put_number(t, s->device);
    put_number(t, s->inode);
    put_number(t, s->bytes);
    put_number(t, s->modified);
    put_number(t, s->changed);
}

struct taken {
    struct inv_row_source was;
    char hash[65];
    int file;
};

static void take_source(struct inv_row_tail *t, struct taken *s)
{
    *s = (struct taken){ .was.place = take_text(t) };
    take_hash(t, s->hash);
    s->file = (int)take_count(t, INT32_MAX);
    s->was.device = take_number(t);
    s->was.inode = take_number(t);
    s->was.bytes = take_number(t);
    s->was.modified = take_number(t);
    s->was.changed = take_number(t);
}

static const struct inv_row_source *source_at(const struct inv_row_place *place, const char *path)
{
    for (int i = 0; i < place->count; i++)
        if (strcmp(place->source[i].place, path) == 0)
            return &place->source[i];
    return NULL;
}

/* Whether inode, size and times say that the file is the same.  A file that changed shortly before
 * it was read may have changed again within the grain of the clock that its times are of. */
static int seems_same(const struct inv_row_source *was, const struct inv_row_source *is,
                      int64_t begun)
{
    enum { GRAIN = 2000000000 };        /* ns: that of FAT, the coarsest */
    return was->device == is->device && was->inode == is->inode && was->bytes == is->bytes
           && was->modified == is->modified && was->changed == is->changed
           && was->modified < begun - GRAIN && was->changed < begun - GRAIN;
}

static char *compare_source(const struct inv_dataset *data, const struct taken *s,
                            const struct inv_row_place *place, int64_t begun)
{
    const struct inv_row_source *is = source_at(place, s->was.place);
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    char hash[65];
    if (!is)
        return inv_text("it is of %s, which is not read now", s->was.place);
    if (!data->thorough && seems_same(&s->was, is, begun))
        return NULL;
    if (s->was.bytes == is->bytes && inv_digest_file(is->given, "data", hash, &silent)
        && strcmp(hash, s->hash) == 0)
        return NULL;
    return inv_text("%s has changed since", is->given);
}

char *inv_row_tail_differs(struct inv_row_tail *t, const struct inv_dataset *data,
                           const struct inv_row_place *place)
{
    int64_t begun = take_number(t);
    int count = take_length(t);
    char *why = count == place->count ? NULL : inv_copy_text("it is of other files");
    for (int i = 0; i < count && !why; i++) {
        struct taken s;
        take_source(t, &s);
        why = t->bad ? NULL : compare_source(data, &s, place, begun);
        free(s.was.place);
    }
    return why;
}

/* ---- all ---- */

static void put_names(struct inv_row_tail *t, char *const *name, int count)
{
    put_number(t, count);
    for (int i = 0; i < count; i++)
        put_text(t, name[i]);
}

void inv_row_tail_write(struct inv_row_tail *t, const struct inv_dataset *data,
                        const struct inv_row_place *place)
{
    const struct inv_data *d = &data->model->data;
    put_number(t, place->begun);
    put_number(t, data->read.count);
    for (int i = 0; i < data->read.count; i++) {
        const struct inv_row_source *s = source_of(place, data->read.path[i]);
        t->bad |= !s;                   /* another file was read than was looked at */
        if (s)
            put_source(t, s, data->read.hash[i], data->read.file[i]);
    }
    for (int s = 0; s < INV_SOURCES; s++) {
        put_number(t, data->count[s]);
        put_number(t, data->dropped[s]);
    }
    for (int i = 0; i < d->file_count; i++)
        put_text(t, data->hash[i]);
    for (int f = 0; f < d->field_count; f++) {
        put_names(t, data->fitted.field[f].column, data->fitted.field[f].columns);
        put_names(t, data->fitted.field[f].class_name, data->fitted.field[f].classes);
    }
    for (int k = 0; k < INV_KEYS; k++)
        put_names(t, data->key[k].name, data->key[k].count);
}

/* The files that the rows came from, as they are named now. */
static void take_read(struct inv_row_tail *t, struct inv_dataset *data,
                      const struct inv_row_place *place)
{
    struct inv_paths read = { .count = 0 };
    int count;
    t->at = sizeof(int64_t);
    count = take_length(t);
    for (int i = 0; i < count && !t->bad; i++) {
        struct taken s;
        take_source(t, &s);
        const struct inv_row_source *is = source_at(place, s.was.place);
        t->bad |= !is || s.file >= data->model->data.file_count;
        if (!t->bad) {
            inv_paths_add(&read, is->given, s.file, data->errors);
            memcpy(read.hash[read.count - 1], s.hash, sizeof s.hash);
        }
        free(s.was.place);
    }
    inv_paths_append(&data->read, &read);
    inv_paths_free(&read);
}

/* A list of names becomes *name, or must be it. */
static void take_names(struct inv_row_tail *t, char ***name, int *count, int known)
{
    int taken = take_length(t);
    t->bad |= known && taken != *count;
    if (!known)
        *name = inv_allocate((size_t)(taken + 1) * sizeof **name);
    for (int i = 0; i < taken && !t->bad; i++) {
        char *text = take_text(t);
        t->bad |= known && strcmp(text, (*name)[i]) != 0;
        if (known)
            free(text);
        else
            (*name)[(*count)++] = text;
    }
}

static void take_key(struct inv_row_tail *t, struct inv_names *key)
{
    int taken = take_length(t);
    for (int i = 0; i < taken && !t->bad; i++) {
        char *text = take_text(t);
        t->bad |= inv_names_add(key, text) != i;
        free(text);
    }
}

int inv_row_tail_take(struct inv_row_tail *t, struct inv_dataset *data,
                      const struct inv_row_place *place)
{
    const struct inv_data *d = &data->model->data;
    int known = data->fitted.known;
    int64_t rows = 0;
    take_read(t, data, place);
    for (int s = 0; s < INV_SOURCES; s++) {
        data->count[s] = take_count(t, data->rows - rows);
        data->dropped[s] = take_count(t, INT64_MAX);
        rows += data->count[s];
    }
    for (int i = 0; i < d->file_count; i++)
        take_hash(t, data->hash[i]);
    for (int f = 0; f < d->field_count && !t->bad; f++) {
        struct inv_fitted_field *field = &data->fitted.field[f];
        take_names(t, &field->column, &field->columns, known);
        take_names(t, &field->class_name, &field->classes, known);
    }
    for (int k = 0; k < INV_KEYS && !t->bad; k++)
        take_key(t, &data->key[k]);
    return !t->bad && rows == data->rows && t->at == t->size;
}
