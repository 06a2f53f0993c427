/* The file of a sound, WAV of 16-bit PCM, becomes a field of values -32768 to 32767: f32[samples],
 * of two channels their mean, or f32[samples, 2], one channel twice; or a piece of it does. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "invar.h"
#include "errors.h"
#include "folder.h"

enum { HEAD = 12, CHUNK = 8, FORMAT = 16, EXTENSIBLE = 40 }; /* bytes */
enum { PCM = 1, FLOATS = 3, LONG_FORM = 0xfffe };

#define CONVERT "convert it, as 'sox FILE -b 16 -e signed-integer NEW.wav' does"

/* What a file holds; its samples lie in it, channels within a frame. */
struct wave {
    const unsigned char *sample;
    int64_t frames, rate;
    int channels;                       /* 1 or 2; 0: not known yet */
    char wrong[192];                    /* with the file */
};

static uint32_t whole2(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t whole4(const unsigned char *at)
{
    return whole2(at) | whole2(at + 2) << 16;
}

static int is(const unsigned char *at, const char *name)
{
    return memcmp(at, name, 4) == 0;
}

static int begins(const unsigned char *file, size_t size)
{
    return size >= HEAD && is(file + 8, "WAVE")
           && (is(file, "RIFF") || is(file, "RIFX") || is(file, "RF64"));
}

static const struct inv_folder_kind kind = { "sound", "WAV", { ".wav", ".wave" }, begins };

static int fail(struct wave *w, const char *what)
{
    snprintf(w->wrong, sizeof w->wrong, "%s", what);
    return 0;
}

/* The code of the format of samples; the long form has it in a GUID, whose rest never differs. */
static uint32_t format_code(const unsigned char *at, size_t size)
{
    static const unsigned char rest[] = { 0, 0, 0, 0, 16, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b,
                                          0x71 };
    uint32_t code = whole2(at);
    if (code != LONG_FORM || size < EXTENSIBLE || memcmp(at + 26, rest, sizeof rest) != 0)
        return code;
    return whole2(at + 24);
}

static int read_format(struct wave *w, const unsigned char *at, size_t size)
{
    if (size < FORMAT || w->channels > 0)
        return fail(w, "is damaged: it has no sound description, or two");
    uint32_t code = format_code(at, size), channels = whole2(at + 2), bits = whole2(at + 14);
    if (code != PCM || bits != 16)
        snprintf(w->wrong, sizeof w->wrong, "holds %u-bit samples%s, and 16-bit PCM is read; "
                 CONVERT, bits, code == FLOATS ? " of floating point"
                                : code != PCM  ? " of another format than PCM" : "");
    else if (channels != 1 && channels != 2)
        snprintf(w->wrong, sizeof w->wrong, "has %u channels, and files of 1 or 2 are read; mix "
                 "them, as 'sox FILE -c 1 NEW.wav' does", channels);
    else if (whole2(at + 12) != channels * 2)
        fail(w, "is damaged: its frames are of another size than its samples make");
    w->channels = (int)channels;
    w->rate = whole4(at + 4);
    return !*w->wrong;
}

static int read_samples(struct wave *w, const unsigned char *at, size_t size)
{
    if (w->channels == 0)
        return fail(w, "is damaged: its samples come before their description");
    if (size == 0)
        return fail(w, "is empty: it has a place for samples, and none; leave it out");
    if (size % ((size_t)w->channels * 2) != 0)
        return fail(w, "is damaged: its last frame is not whole");
    w->sample = at;
    w->frames = (int64_t)(size / ((size_t)w->channels * 2));
    return 1;
}

/* Chunk by chunk up to the samples; what follows these is not looked at. */
static int parse(struct wave *w, const unsigned char *bytes, size_t size)
{
    if (!begins(bytes, size))
        return fail(w, "is no WAV file; " CONVERT ", or leave it out");
    if (!is(bytes, "RIFF"))
        return fail(w, "is a WAV file of another form than RIFF; " CONVERT);
    size_t end = (size_t)whole4(bytes + 4) + CHUNK;
    if (end > size)
        return fail(w, "is cut, or never got its length: it says that it is longer than it is; "
                       "copy or save it again");
    for (size_t at = HEAD; at + CHUNK <= end;) {
        const unsigned char *chunk = bytes + at, *inside = chunk + CHUNK;
        size_t length = whole4(chunk + 4);
        if (length > end - at - CHUNK)
            return fail(w, "is damaged: a part of it reaches beyond its end");
        if (is(chunk, "data"))
            return read_samples(w, inside, length);
        if (is(chunk, "fmt ") && !read_format(w, inside, length))
            return 0;
        at += CHUNK + length + length % 2;
    }
    return fail(w, "is damaged: it has no samples");
}

/* Whether the sound, or what of it begins with sample `first`, is what the field takes. */
static int fits(const struct wave *w, const struct inv_sound *s, const struct inv_named *file,
                struct inv_errors *errors)
{
    int64_t left = w->frames - file->first;
    const char *from = s->pieces ? " from the piece's beginning on" : "";
    if (w->rate != s->rate)
        inv_error(errors, "%s%s: has %lld samples a second, and the field takes %lld; convert it, "
                  "as 'sox FILE -r %lld NEW.wav' does", file->where, file->path,
                  (long long)w->rate, (long long)s->rate, (long long)s->rate);
    else if (left <= 0)
        inv_error(errors, "%s%s: has %lld samples, and a piece would begin behind them, with "
                  "number %lld; correct the time, which is in seconds", file->where, file->path,
                  (long long)w->frames, (long long)file->first);
    else if (left < s->samples && !s->fill)
        inv_error(errors, "%s%s: has %lld samples%s, and the field takes %lld; to put zeros behind "
                  "them: sound(..., shorter = zero)", file->where, file->path, (long long)left,
                  from, (long long)s->samples);
    else if (left > s->samples && !s->cut && !s->pieces)
        inv_error(errors, "%s%s: has %lld samples, and the field takes %lld; to take the first "
                  "ones: sound(..., longer = cut)", file->where, file->path, (long long)w->frames,
                  (long long)s->samples);
    else
        return 1;
    return 0;
}

static int sample_of(const struct wave *w, int64_t frame, int channel)
{
    return (int16_t)whole2(w->sample + (frame * w->channels + channel) * 2);
}

/* Sums of two samples, and their halves, are exact. */
static void store_frame(const struct wave *w, int64_t frame, int channels, float *to)
{
    int left = frame < w->frames ? sample_of(w, frame, 0) : 0;
    int right = frame < w->frames ? sample_of(w, frame, w->channels - 1) : 0;
    to[0] = channels == 2 ? (float)left : (float)(left + right) * 0.5f;
    to[channels - 1] = channels == 2 ? (float)right : to[0];
}

static int read_sound(struct inv_named *file, const char *path, const struct inv_field *field,
                      const int64_t *dim, float *to, struct inv_errors *errors)
{
    const struct inv_sound *s = &field->sound;
    struct wave w = { .channels = 0 };
    (void)dim;
    if (!inv_folder_read(&kind, file, path, errors))
        return 0;
    int good = parse(&w, file->bytes, file->size);
    if (!good)
        inv_error(errors, "%s%s: %s", file->where, path, w.wrong);
    good = good && fits(&w, s, file, errors);
    for (int64_t i = 0; good && i < s->samples; i++)
        store_frame(&w, file->first + i, s->channels, to + i * s->channels);
    return good;
}

static int list_sounds(const char *path, char **text, int again, struct inv_errors *errors)
{
    return inv_folder_list(&kind, path, text, again, errors);
}

const struct inv_reader inv_sounds = { list_sounds, read_sound };
