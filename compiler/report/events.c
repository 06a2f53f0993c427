#include "report/events.h"
#include <string.h>
#include "base/text.h"
#include "build/files.h"
#include "host/output.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };  /* wire types of protocol buffers */

/* ---- messages ---- */

static void put_fixed(struct text *to, uint64_t bits, int bytes)
{
    char c[8];
    for (int i = 0; i < bytes; i++)
        c[i] = (char)(bits >> 8 * i);
    text_add(to, c, (size_t)bytes);
}

static void put_varint(struct text *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_fixed(to, (value & 0x7f) | 0x80, 1);
    put_fixed(to, value, 1);
}

static void put_key(struct text *to, int field, int wire)
{
    put_varint(to, (uint64_t)(field << 3 | wire));
}

static void put_bytes(struct text *to, int field, const char *bytes, size_t size)
{
    put_key(to, field, BYTES);
    put_varint(to, size);
    text_add(to, bytes, size);
}

static void put_double(struct text *to, int field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(to, field, FIXED64);
    put_fixed(to, bits, 8);
}

static void put_float(struct text *to, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(to, field, FIXED32);
    put_fixed(to, bits, 4);
}

/* ---- records ---- */

/* Of Castagnoli's polynomial (RFC 3720, appendix B.4), rotated and with a constant added. */
static uint32_t masked_crc(const char *bytes, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_record(struct text *to, const struct text *event)
{
    size_t at = to->size;
    put_fixed(to, event->size, 8);
    put_fixed(to, masked_crc(to->data + at, 8), 4);
    text_add(to, event->data, event->size);
    put_fixed(to, masked_crc(event->data, event->size), 4);
}

/* A text that is empty, to be filled again. */
static void clear(struct text *text)
{
    text->size = 0;
}

/* ---- a run ---- */

struct events {
    struct arena *arena;
    struct inv_errors *errors;
    const struct run *run;
    const char *part;                   /* whose file is made */
    struct text file, event, summary, value;
    int scalars;
};

static void put_version(struct events *e)
{
    static const char version[] = "brain.Event:2";
    clear(&e->event);
    put_double(&e->event, 1, 0);
    put_bytes(&e->event, 3, version, sizeof version - 1);
    put_record(&e->file, &e->event);
}

/* Event{wall_time 1, step 2, summary 5: Summary{value 1: Value{tag 1, simple_value 2}}} */
static void put_scalar(struct events *e, enum pace pace, const char *name, double seconds, double x,
                       double y)
{
    const char *tag = arena_printf(e->arena, "%s/%s", run_pace[pace], name);
    clear(&e->value);
    put_bytes(&e->value, 1, tag, strlen(tag));
    put_float(&e->value, 2, (float)y);
    clear(&e->summary);
    put_bytes(&e->summary, 1, e->value.data, e->value.size);
    clear(&e->event);
    put_double(&e->event, 1, seconds);
    put_key(&e->event, 2, VARINT);
    put_varint(&e->event, (uint64_t)x);
    put_bytes(&e->event, 5, e->summary.data, e->summary.size);
    put_record(&e->file, &e->event);
    e->scalars++;
}

static bool is_of(const struct events *e, const char *part)
{
    return !strcmp(*part ? part : "train", e->part);
}

/* At each point the seconds are those of the epochs that had ended by then. */
static void put_series(struct events *e, const struct series *s)
{
    const char *place = s->pace == BY_EPOCH ? "epoch" : "steps";
    double seconds = 0;
    for (int i = 0, k = 0; i < s->count; i++) {
        for (; k < e->run->epoch_count && entry_number(&e->run->epoch[k], place) <= s->x[i]; k++)
            seconds += entry_number(&e->run->epoch[k], "seconds");
        put_scalar(e, s->pace, s->name, seconds, s->x[i], s->y[i]);
    }
}

/* "test.loss" and the like, of the end. */
static void put_results(struct events *e)
{
    const struct run *run = e->run;
    double epoch = 0, seconds = 0;
    size_t size = strlen(e->part);
    for (int i = 0; i < run->epoch_count; i++) {
        epoch = entry_number(&run->epoch[i], "epoch");
        seconds += entry_number(&run->epoch[i], "seconds");
    }
    for (int i = 0; i < run->other_count; i++)
        for (int k = 0; k < run->other[i].count; k++) {
            const struct member *m = &run->other[i].member[k];
            if (member_is_number(m) && !strncmp(m->key, e->part, size) && m->key[size] == '.')
                put_scalar(e, BY_EPOCH, m->key + size + 1, seconds, epoch, m->value[0]);
        }
}

static bool write_part(struct events *e, const char *folder)
{
    struct place place = {.arena = e->arena, .folder = folder};
    const char *name = arena_printf(e->arena, "%s/%s/events.out.tfevents.0.invar", e->run->name,
                                    e->part);
    struct inv_output output;
    e->scalars = 0;
    clear(&e->file);
    put_version(e);
    for (int i = 0; i < e->run->series_count; i++)
        if (is_of(e, e->run->series[i].part))
            put_series(e, &e->run->series[i]);
    put_results(e);
    if (!e->scalars)
        return true;
    if (!files_make_parent(&place, name)) {
        e->errors->count++;
        return false;
    }
    if (!inv_output_open(&output, arena_printf(e->arena, "%s/%s", folder, name), e->errors))
        return false;
    inv_output_write(&output, e->file.data, e->file.size);
    return inv_output_close(&output, NULL);
}

static bool write_run(struct arena *arena, struct inv_errors *errors, const struct run *run,
                      const char *folder)
{
    static const char *const parts[] = {"train", "val", "test"};
    struct events e = {.arena = arena, .errors = errors, .run = run};
    text_init(&e.file, arena);
    text_init(&e.event, arena);
    text_init(&e.summary, arena);
    text_init(&e.value, arena);
    for (int i = 0; i < 3; i++) {
        e.part = parts[i];
        if (!write_part(&e, folder))
            return false;
    }
    return true;
}

/* Each run has a folder of its own in that one. */
static bool names_fit(struct inv_errors *errors, const struct run *run, int count)
{
    for (int i = 0; i < count; i++) {
        if (!strcmp(run[i].name, ".") || !strcmp(run[i].name, ".."))
            inv_error(errors, "%s: a folder cannot be called \"%s\"; rename the log", run[i].path,
                      run[i].name);
        for (int k = 0; k < i; k++)
            if (!strcmp(run[i].name, run[k].name))
                inv_error(errors, "%s and %s would both be run \"%s\"; rename one of them",
                          run[k].path, run[i].path, run[i].name);
    }
    return errors->count == 0;
}

bool events_write(struct arena *arena, struct inv_errors *errors, const struct run *run, int count,
                  const char *folder)
{
    if (!names_fit(errors, run, count))
        return false;
    for (int i = 0; i < count; i++)
        if (!write_run(arena, errors, &run[i], folder))
            return false;
    return true;
}
