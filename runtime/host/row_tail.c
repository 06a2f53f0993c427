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

/* "" where the file was not read. */
static const char *hash_of(const struct inv_paths *read, const char *given)
{
    for (int i = 0; i < read->count; i++)
        if (strcmp(read->path[i], given) == 0)
            return read->hash[i];
    return "";
}

static void put_source(struct inv_row_tail *t, const struct inv_row_source *s, const char *hash)
{
    put_text(t, s->place);
    put_text(t, hash);
    put_number(t, s->file);
    put_number(t, s->device);
    put_number(t, s->inode);
    put_number(t, s->bytes);
    put_number(t, s->modified);
    put_number(t, s->changed);
}

static void take_source(struct inv_row_tail *t, struct inv_row_source *s)
{
    *s = (struct inv_row_source){ .place = take_text(t) };
    take_hash(t, s->hash);
    s->file = (int)take_count(t, INT32_MAX);
    s->device = take_number(t);
    s->inode = take_number(t);
    s->bytes = take_number(t);
    s->modified = take_number(t);
    s->changed = take_number(t);
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

/* What a file is that no rows were read from does not matter. */
static char *compare_source(const struct inv_dataset *data, const struct inv_row_source *was,
                            const struct inv_row_source *is, int64_t begun)
{
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    char hash[65];
    if (strcmp(was->place, is->place) != 0)
        return inv_text("it is of %s, in whose place %s is read now", was->place, is->place);
    if (was->file != is->file)
        return inv_text("%s is now read for another file of the model", is->given);
    if (!*was->hash || (!data->thorough && seems_same(was, is, begun)))
        return NULL;
    if (was->bytes == is->bytes && inv_digest_file(is->given, "data", hash, &silent)
        && strcmp(hash, was->hash) == 0)
        return NULL;
    return inv_text("%s has changed since", is->given);
}

char *inv_row_tail_differs(struct inv_row_tail *t, const struct inv_dataset *data,
                           struct inv_row_place *place)
{
    int64_t begun = take_number(t);
    int count = take_length(t);
    char *why = count == place->count ? NULL : inv_copy_text("it is of other files");
    for (int i = 0; i < count && !why; i++) {
        struct inv_row_source was, *is = &place->source[i];
        take_source(t, &was);
        why = t->bad ? NULL : compare_source(data, &was, is, begun);
        memcpy(is->hash, was.hash, sizeof is->hash);
        free(was.place);
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

/* Which of the sources were read, in that order, each once. */
static void put_read(struct inv_row_tail *t, const struct inv_paths *read,
                     const struct inv_row_place *place)
{
    put_number(t, read->count);
    for (int i = 0; i < read->count; i++) {
        int s = 0;
        while (s < place->count && strcmp(place->source[s].given, read->path[i]) != 0)
            s++;
        t->bad |= s == place->count;    /* another file was read than was looked at */
        put_number(t, s);
    }
}

void inv_row_tail_write(struct inv_row_tail *t, const struct inv_dataset *data,
                        const struct inv_row_place *place)
{
    const struct inv_data *d = &data->model->data;
    put_number(t, place->begun);
    put_number(t, place->count);
    for (int i = 0; i < place->count; i++)
        put_source(t, &place->source[i], hash_of(&data->read, place->source[i].given));
    put_read(t, &data->read, place);
    for (int s = 0; s < INV_SOURCES; s++) {
        put_number(t, data->count[s]);
        put_number(t, data->dropped[s]);
    }
    for (int i = 0; i < d->file_count; i++)
        put_text(t, data->hash[i]);
    put_number(t, data->fitted.known);
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
    int count = take_length(t);
    for (int i = 0; i < count && !t->bad; i++) {
        const struct inv_row_source *s = &place->source[take_count(t, place->count - 1)];
        inv_paths_add(&read, s->given, s->file, data->errors);
        memcpy(read.hash[read.count - 1], s->hash, sizeof s->hash);
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
    t->bad |= take_count(t, 1) > known; /* other weights gave names, these do not */
    for (int f = 0; f < d->field_count && !t->bad; f++) {
        struct inv_fitted_field *field = &data->fitted.field[f];
        take_names(t, &field->column, &field->columns, known);
        take_names(t, &field->class_name, &field->classes, known);
    }
    for (int k = 0; k < INV_KEYS && !t->bad; k++)
        take_key(t, &data->key[k]);
    return !t->bad && rows == data->rows && t->at == t->size;
}
