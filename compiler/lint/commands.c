#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json_tree.h"
#include "base/text.h"
#include "lint/commands.h"
#include "lint/files.h"
#include "lint/rule.h"

static const char CURE[] = "write it again: cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON";

struct words { const char **word; int count, room; };

static void add_word(struct arena *arena, struct words *w, const char *word)
{
    ARENA_PUSH(arena, w->word, w->count, w->room) = word;
}

/* The next word of a command as a shell reads it: quotes and backslashes; NULL at its end. */
static const char *next_word(struct arena *arena, const char **at)
{
    const char *c = *at;
    char quote = 0;

    while (isspace((unsigned char)*c))
        c++;
    if (!*c)
        return NULL;
    char *word = arena_alloc(arena, strlen(c) + 1);
    for (size_t n = 0; *c && (quote || !isspace((unsigned char)*c)); c++) {
        if (quote ? *c == quote : *c == '\'' || *c == '"') {
            quote = quote ? 0 : *c;
            continue;
        }
        if (*c == '\\' && quote != '\'' && c[1])
            c++;
        word[n++] = *c;
    }
    *at = c;
    return word;
}

static const char *real_path(struct arena *arena, const char *directory, const char *file)
{
    char real[PATH_MAX];
    const char *path = file[0] == '/' ? file : arena_printf(arena, "%s/%s", directory, file);

    return arena_strdup(arena, realpath(path, real) ? real : path);
}

static bool is_c(const char *path)
{
    size_t n = strlen(path);

    return n > 2 && !strcmp(path + n - 2, ".c");
}

/* An entry of the database; false where it is none. */
static bool read_entry(struct arena *arena, const struct json *entry, struct compilation *c)
{
    struct words w = {0};
    const char *command = json_text(entry, "command"), *word;
    const struct json *arguments = json_get(entry, "arguments");
    const char *file = json_text(entry, "file");

    c->directory = json_text(entry, "directory");
    if (!file || !c->directory)
        return false;
    while (command && (word = next_word(arena, &command)) != NULL)
        add_word(arena, &w, word);
    for (const struct json *a = arguments ? arguments->first : NULL; a && !command; a = a->next) {
        if (a->kind != JSON_TEXT)
            return false;
        add_word(arena, &w, a->text);
    }
    int first = w.count > 1 && name_is_one(text_base_name(w.word[0]), "ccache sccache") ? 1 : 0;
    if (w.count <= first)
        return false;
    c->compiler = w.word[first];
    c->argument = w.word + first + 1;
    c->count = w.count - first - 1;
    c->file = real_path(arena, c->directory, file);
    c->known = true;
    return true;
}

const char *commands_flags_file(const struct compilation *c)
{
    for (int i = 0; i < c->count; i++)
        if (c->argument[i][0] == '@')
            return c->argument[i] + 1;
    return NULL;
}

bool commands_read(struct arena *arena, const char *folder, struct commands *to)
{
    struct inv_errors errors = {.to = stderr, .program = "invar lint: "};
    const char *path = arena_printf(arena, "%s/compile_commands.json", folder);
    size_t size = 0;
    char *text = files_read(arena, path, &size);

    *to = (struct commands){0};
    if (!text) {
        inv_error(&errors, "%s: cannot be read; %s", path, CURE);
        return false;
    }
    const struct json *all = json_parse(arena, &errors, path, "it", CURE, text, size);
    if (!all)
        return false;
    for (const struct json *entry = all->first; entry; entry = entry->next) {
        struct compilation c = {0};
        if (!read_entry(arena, entry, &c)) {
            inv_error(&errors, "%s: an entry has no file, directory and command; %s", path, CURE);
            return false;
        }
        if (is_c(c.file))
            ARENA_PUSH(arena, to->of_c, to->count, to->room) = c;
        else
            to->others++;
    }
    if (!all->first)
        inv_error(&errors, "%s: is a list of no compilations; %s", path, CURE);
    else if (to->count == 0)
        inv_error(&errors, "%s: names no C file, but %d of other kinds; only C is looked at", path,
                  to->others);
    return to->count > 0;
}

/* ---- for libclang ---- */

/* Flags that decide what the source says; those of what is made of it may be gcc's alone. */
static const char *const PASSED[] = {"-I", "-D", "-U", "-std=", "-ansi", "-nostdinc", "-pthread",
    "-ffreestanding", "-funsigned-char", "-fsigned-char", "-fshort-enums", "-fms-extensions",
    "-march=", "-mcpu=", "-mthumb", "-mfloat-abi=", "-mfpu=", "-m32", "-m64", "-mabi=", "-msse",
    "-mavx", "-mfma", "-mf16c", "-mbmi", "--target=", "--sysroot=", "-isysroot"};
/* Their value is the word behind them, or joined. */
static const char *const PAIRS[] = {"-I", "-D", "-U", "-include", "-imacros", "-isystem", "-iquote",
                                    "-idirafter", "-isysroot", "--sysroot", "-target"};

static bool begins_with_one(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strncmp(word, list[i], strlen(list[i])))
            return true;
    return false;
}

static bool is_pair(const char *word)
{
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
        if (!strcmp(word, PAIRS[i]))
            return true;
    return false;
}

/* A compiler for another machine is called by the machine's name: arm-none-eabi-gcc. */
static void add_target(struct arena *arena, struct words *w, const char *compiler)
{
    const char *name = text_base_name(compiler);
    const char *end = strstr(name, "-gcc");
    struct stat is;

    if (!end)
        end = strstr(name, "-clang");
    if (!end || end == name)
        return;
    char *machine = arena_strndup(arena, name, (size_t)(end - name));
    add_word(arena, w, arena_printf(arena, "--target=%s", machine));
    for (int i = 0; i < 2; i++) {       /* Debian's folders of newlib and of glibc */
        const char *path = arena_printf(arena, "/usr/%s%s/include", i ? "" : "lib/", machine);
        if (stat(path, &is) == 0) {
            add_word(arena, w, "-isystem");
            add_word(arena, w, path);
        }
    }
}

const char *const *commands_for_clang(struct arena *arena, const struct compilation *c, int *count)
{
    static const char *const always[] = {
        "-x", "c", "-resource-dir", INVAR_CLANG_RESOURCES, "-D_OPENMP=201511", "-ferror-limit=5",
        "-Wno-everything", "-Wuninitialized", "-Wunsequenced", "-Wcast-qual",
        "-Wincompatible-pointer-types-discards-qualifiers"};
    struct words w = {0};

    add_word(arena, &w, "-working-directory");
    add_word(arena, &w, c->directory);
    if (c->compiler)
        add_target(arena, &w, c->compiler);
    for (int i = 0; i < c->count; i++) {
        const char *word = c->argument[i];
        bool pair = is_pair(word) && i + 1 < c->count;
        if (pair || begins_with_one(word, PASSED, sizeof PASSED / sizeof *PASSED))
            add_word(arena, &w, word);
        if (pair)
            add_word(arena, &w, c->argument[++i]);
    }
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        add_word(arena, &w, always[i]);
    *count = w.count;
    return w.word;
}
