#include "build/wheel.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "build/zip.h"
#include "core/sha256.h"

#if defined(__aarch64__)
#define PLATFORM "linux_aarch64"
#else
#define PLATFORM "linux_x86_64"
#endif
#define TAG "py3-none-" PLATFORM

const char *wheel_word(struct arena *arena, const char *text)
{
    static const char *const reserved[] = {
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
        "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
        "self", "try", "while", "with", "yield", "count", "index"};
    char *word = arena_strndup(arena, text, strlen(text));
    for (char *c = word; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    while (*word == '_')
        word++;
    if (!*word || isdigit((unsigned char)*word))
        return arena_printf(arena, "n%s", word);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(word, reserved[i]) == 0)
            return arena_printf(arena, "%s_", word);
    return word;
}

const char *wheel_file_name(const struct wheel *w)
{
    return arena_printf(w->arena, "%s-%s-" TAG ".whl", w->package, w->version);
}

/* ---- members ---- */

struct packing {
    const struct wheel *wheel;
    struct zip zip;
    struct text record;
};

/* The digest as RECORD has it: base64 of URLs, without padding. */
static void put_digest(struct text *text, const void *data, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct inv_sha256 sha;
    uint8_t bytes[33] = {0};
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, data, size);
    inv_sha256_final(&sha, bytes);
    for (int i = 0; i < 43; i++) {      /* 6 bits each */
        int bit = 6 * i;
        unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        text_add(text, &digit[two >> (10 - bit % 8) & 63], 1);
    }
}

static void add_member(struct packing *p, const char *name, const void *data, size_t size,
                       bool executable)
{
    zip_add(&p->zip, name, data, size, executable);
    text_printf(&p->record, "%s,sha256=", name);
    put_digest(&p->record, data, size);
    text_printf(&p->record, ",%zu\n", size);
}

static void add_text(struct packing *p, const char *name, const struct text *text)
{
    add_member(p, name, text->size ? text->data : "", text->size, false);
}

static const char *information(const struct packing *p, const char *name)
{
    return arena_printf(p->wheel->arena, "%s-%s.dist-info/%s", p->wheel->package,
                        p->wheel->version, name);
}

static void add_information(struct packing *p)
{
    const struct wheel *w = p->wheel;
    struct text text;
    text_init(&text, w->arena);
    text_printf(&text, "Metadata-Version: 2.1\nName: %s\nVersion: %s\nSummary: %s\n"
                "Requires-Python: >=3.8\n", w->package, w->version, w->summary);
    add_text(p, information(p, "METADATA"), &text);
    text_init(&text, w->arena);
    text_printf(&text, "Wheel-Version: 1.0\nGenerator: invar\nRoot-Is-Purelib: false\nTag: " TAG
                "\n");
    add_text(p, information(p, "WHEEL"), &text);
    const char *record = information(p, "RECORD");
    text_printf(&p->record, "%s,,\n", record);
    zip_add(&p->zip, record, p->record.data, p->record.size, false);
}

static bool read_library(const struct wheel *w, struct text *text, struct inv_errors *errors)
{
    char part[65536];
    FILE *file = fopen(w->library, "rb");
    text_init(text, w->arena);
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;)
        text_add(text, part, n);
    bool good = file && !ferror(file);
    if (!good)
        inv_error(errors, "%s: cannot be read: %s", w->library, strerror(errno));
    if (file)
        fclose(file);
    return good;
}

bool wheel_write(const struct wheel *w, const char *path, struct inv_errors *errors)
{
    struct inv_output out;
    struct text library, module, none;
    struct packing p = {.wheel = w, .zip = {.out = &out, .arena = w->arena}};
    text_init(&p.record, w->arena);
    text_init(&module, w->arena);
    text_init(&none, w->arena);
    if (!read_library(w, &library, errors) || !inv_output_open(&out, path, errors))
        return false;
    template_render("templates/program/python.py", w->values, &module);
    add_text(&p, arena_printf(w->arena, "%s/__init__.py", w->package), &module);
    add_member(&p, arena_printf(w->arena, "%s/%s", w->package, w->library_name), library.data,
               library.size, true);
    add_text(&p, arena_printf(w->arena, "%s/py.typed", w->package), &none);
    add_information(&p);
    if (zip_end(&p.zip))
        return inv_output_close(&out, NULL);
    inv_output_abandon(&out);
    return false;
}
