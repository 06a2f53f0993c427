#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/sha256.h"
#include "base/embedded.h"
#include "language/load.h"
#include "language/parse.h"

enum {
    TEXT_MAX = 8 << 20,                 /* bytes of a model and what it includes */
    FILES_MAX = 1000                    /* of a model; one may include the next */
};

static const char too_long[] = "a model has at most %d MB of text, with what it includes";

/* NULL where the path leads to something to read: a file or, for `invar check /dev/stdin`, a pipe.
 * Devices have no end, and opening a named pipe may wait for ever. */
static const char *why_unreadable(const char *path, bool pipe)
{
    struct stat info;
    if (stat(path, &info))
        return strerror(errno);
    if (S_ISDIR(info.st_mode))
        return "it is a directory";
    if (S_ISREG(info.st_mode) || (pipe && S_ISFIFO(info.st_mode)))
        return NULL;
    return "it is no regular file";
}

static char *read_text(struct arena *arena, const char *path, size_t most, size_t *size,
                       const char **error)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        *error = strerror(errno);
        return NULL;
    }
    struct text text;
    char buffer[65536];
    size_t n;
    text_init(&text, arena);
    text_puts(&text, "");
    while (text.size <= most && (n = fread(buffer, 1, sizeof buffer, f)) > 0)
        text_add(&text, buffer, n);
    if (ferror(f))
        *error = strerror(errno);
    else if (text.size > most)
        *error = arena_printf(arena, too_long, TEXT_MAX >> 20);
    fclose(f);
    *size = text.size;
    return *error ? NULL : text.data;
}

char *load_text(struct arena *arena, const char *path, size_t *size, const char **error)
{
    *error = why_unreadable(path, true);
    return *error ? NULL : read_text(arena, path, TEXT_MAX, size, error);
}

static void hash_text(struct inv_sha256 *hash, const char *text, size_t size)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((unsigned long long)size >> (8 * i));
    inv_sha256_update(hash, length, sizeof length);
    inv_sha256_update(hash, text, size);
}

/* The words and signs of a file, whatever blanks, comments and ";" stand between them. */
static void hash_tokens(struct load *load, struct inv_sha256 *hash, const char *text, size_t size)
{
    bool marked = size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3);
    struct arena *arena = arena_within(load->arena);
    struct parse p = {.arena = arena, .diags = diags_new(arena), .text = text, .size = size,
                      .offset = marked ? 3 : 0, .line = 1, .column = 1, .fresh = true};
    union parse_value value;
    struct span span;
    void *scanner;
    bool begun = !parse_begin(&p, &scanner);
    while (begun && parse_scan(&value, &span, scanner)) {
        size_t length = (size_t)(span.last_column - span.column + 1);
        const char *token = text + p.offset - length;
        if (*token != ';')
            hash_text(hash, token, length);
    }
    if (begun)
        parse_finish(scanner);
    arena_free(arena);
}

static const char *beside(struct load *load, const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    if (*path == '/' || !slash)
        return path;
    return arena_printf(load->arena, "%.*s/%s", (int)(slash - from), from, path);
}

/* The file of that name that everyone else means too, or NULL. */
static const char *real_path(struct load *load, const char *path)
{
    char *real = realpath(path, NULL);
    const char *copy = real ? arena_strdup(load->arena, real) : NULL;
    free(real);
    return copy;
}

/* A copy of the open text of that path, or NULL. */
static char *find_open(struct load *load, const char *path, const char *real)
{
    for (int i = 0; i < load->open_count; i++) {
        const struct open_text *open = &load->open[i];
        if (!strcmp(open->path, path) || (real && !strcmp(open->path, real)))
            return arena_strdup(load->arena, open->text);
    }
    return NULL;
}

/* The text of one file more, or NULL and *error says why. */
static char *next_text(struct load *load, const char *path, size_t *size, const char **error)
{
    const char *real = real_path(load, path);
    char *text = find_open(load, path, real);
    *error = load->count == FILES_MAX
                 ? arena_printf(load->arena, "a model has at most %d files", FILES_MAX)
             : text ? NULL : why_unreadable(path, load->count == 0);
    if (text && (*size = strlen(text)) > TEXT_MAX - load->bytes)
        *error = arena_printf(load->arena, too_long, TEXT_MAX >> 20);
    else if (!text && !*error)
        text = read_text(load->arena, path, TEXT_MAX - load->bytes, size, error);
    if (real)
        load->real = names_add(load->arena, load->real, real, load);
    if (*error)
        return NULL;
    load->bytes += *size;
    return text;
}

static void report_unread(struct load *load, struct span span, const char *path, const char *error)
{
    diag_error(load->diags, span, "cannot read '%s': %s", path, error);
}

/* operator f(..) -> .. = c("file.c"): the string, or NULL where it is written otherwise. */
static const struct ast *c_path(const struct ast *item)
{
    const struct ast *call = item->kind == AST_OPERATOR ? item->kid[1] : NULL;
    bool good = call && call->kind == AST_CALL && call->kid[0]->kind == AST_NAME &&
                !strcmp(call->kid[0]->text, "c") && call->kid[1]->count == 1 &&
                call->kid[1]->kid[0]->kind == AST_STRING;
    return good ? call->kid[1]->kid[0] : NULL;
}

/* The text of a file of C; one that was read by another path is that file again. */
static const struct c_file *c_file(struct load *load, struct inv_sha256 *hash, const char *path,
                                   const char **error)
{
    const char *real = real_path(load, path);
    struct c_file *file = real ? names_find(load->c, real) : NULL;
    size_t size;
    *error = NULL;
    if (file)
        return file;
    char *text = next_text(load, path, &size, error);
    if (text && memchr(text, 0, size))
        *error = "there is a NUL byte in it";
    if (*error)
        return NULL;
    hash_text(hash, text, size);
    file = ARENA_NEW(load->arena, struct c_file);
    file->source = diags_add_source(load->diags, path, text, size, false);
    if (real)
        load->c = names_add(load->arena, load->c, real, file);
    return file;
}

/* The C of an operator is part of the model, byte for byte. */
static bool load_c(struct load *load, struct inv_sha256 *hash, const char *from, struct ast *item)
{
    const struct ast *string = c_path(item);
    const char *error;
    if (!string)
        return true;                    /* lowering says so */
    const char *path = beside(load, from, string->text);
    const struct c_file *file = c_file(load, hash, path, &error);
    if (error) {
        report_unread(load, string->span, path, error);
        return false;
    }
    ast_add(load->arena, item,
            ast_new(load->arena, AST_C_FILE, NULL, (struct span){file->source, 1, 1, 1, 1}));
    return true;
}

static bool load_file(struct load *load, struct inv_sha256 *hash, const char *path,
                      struct span included)
{
    size_t size;
    const char *error;
    char *text = next_text(load, path, &size, &error);
    if (!text) {
        report_unread(load, included, path, error);
        return false;
    }
    int source = diags_add_source(load->diags, path, text, size, false);
    struct ast *file = ast_parse(load->arena, load->diags, source);
    ARENA_PUSH(load->arena, load->file, load->count, load->room) = file;
    if (diags_error_count(load->diags) == 0)
        hash_tokens(load, hash, text, size);
    bool good = true;
    for (int i = 0; i < file->count; i++) {
        struct ast *item = file->kid[i];
        good &= load_c(load, hash, path, item);
        if (item->kind != AST_INCLUDE || !*item->text)
            continue;
        const char *other = beside(load, path, item->text), *real = real_path(load, other);
        if (!real || !names_find(load->real, real))
            good &= load_file(load, hash, other, item->span);
    }
    return good;
}

void load_library(struct load *load)
{
    static const char prefix[] = "compiler/library/";
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *e = &embedded_files[i];
        if (strncmp(e->path, prefix, sizeof prefix - 1))
            continue;
        const char *name = arena_printf(load->arena, "library/%s", e->path + sizeof prefix - 1);
        int source = diags_add_source(load->diags, name, e->data, e->size, true);
        ARENA_PUSH(load->arena, load->library, load->library_count, load->library_room) =
            ast_parse(load->arena, load->diags, source);
    }
}

/* ---- -D NAME=literal ---- */
static const struct ast *literal(const struct ast *expr)
{
    return expr->kind == AST_NEG ? expr->kid[0] : expr;
}

static bool is_bool(const struct ast *e)
{
    return e->kind == AST_NAME && (!strcmp(e->text, "true") || !strcmp(e->text, "false"));
}

static bool same_kind(const struct ast *a, const struct ast *b)
{
    if (b->kind == AST_NUMBER)
        return a->kind == AST_NUMBER
               || (a->kind != AST_STRING && a->kind != AST_LIST && !is_bool(a));
    return is_bool(a) ? is_bool(b) : a->kind == b->kind;
}

static struct ast *find_const(struct load *load, const char *name)
{
    struct ast *file = load->file[0];
    for (int i = 0; i < file->count; i++)
        if (file->kid[i]->kind == AST_CONST && !strcmp(file->kid[i]->text, name))
            return file->kid[i];
    return NULL;
}

static void unknown_const(struct load *load, const char *define, const char *name)
{
    const char *choice[128];
    int count = 0;
    struct ast *file = load->file[0];
    for (int i = 0; i < file->count && count < 128; i++)
        if (file->kid[i]->kind == AST_CONST)
            choice[count++] = file->kid[i]->text;
    struct diag *d = diag_error(load->diags, (struct span){0},
                                "-D %s: the model file has no const '%s'", define, name);
    diag_suggest(d, name, choice, count);
}

static void apply_define(struct load *load, const char *define)
{
    const char *equals = strchr(define, '=');
    if (!equals || equals == define) {
        diag_error(load->diags, (struct span){0}, "-D %s: write -D NAME=literal", define);
        return;
    }
    char *name = arena_strndup(load->arena, define, (size_t)(equals - define));
    struct ast *target = find_const(load, name);
    if (!target) {
        unknown_const(load, define, name);
        return;
    }
    char *text = arena_printf(load->arena, "const %s = %s\n", name, equals + 1);
    int source = diags_add_source(load->diags, "-D", text, strlen(text), false);
    int errors = diags_error_count(load->diags);
    struct ast *file = ast_parse(load->arena, load->diags, source);
    if (diags_error_count(load->diags) > errors)
        return;
    const struct ast *value =
        file->count == 1 && file->kid[0]->kind == AST_CONST ? literal(file->kid[0]->kid[0]) : NULL;
    if (!value || (value->kind != AST_NUMBER && value->kind != AST_STRING && !is_bool(value))
        || !same_kind(literal(target->kid[0]), value)) {
        struct diag *d = diag_error(load->diags, (struct span){0},
                                    "-D %s: the value must be a literal of the same kind", define);
        diag_note(d, target->span, "the const is declared here");
        return;
    }
    target->kid[0] = file->kid[0]->kid[0];
}

bool load_model(struct load *load, const char *path, const char *const *define, int define_count)
{
    static const char digit[] = "0123456789abcdef";
    struct inv_sha256 hash;
    unsigned char sum[32];
    inv_sha256_init(&hash);
    if (!load_file(load, &hash, path, (struct span){0}) && load->count == 0)
        return false;
    for (int i = 0; i < define_count; i++) {
        hash_text(&hash, define[i], strlen(define[i]));
        apply_define(load, define[i]);
    }
    inv_sha256_final(&hash, sum);
    for (int i = 0; i < 32; i++) {
        load->sha256[2 * i] = digit[sum[i] >> 4];
        load->sha256[2 * i + 1] = digit[sum[i] & 15];
    }
    if (!load->library_count)
        load_library(load);
    for (int i = 0; i < load->library_count; i++)
        ARENA_PUSH(load->arena, load->file, load->count, load->room) = load->library[i];
    return diags_error_count(load->diags) == 0;
}
