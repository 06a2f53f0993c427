#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/sha256.h"
#include "embedded.h"
#include "load.h"

char *load_text(struct arena *arena, const char *path, size_t *size, const char **error)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    *error = NULL;
    if (!f || fstat(fileno(f), &info) || S_ISDIR(info.st_mode)) {
        *error = f && !errno ? "it is a directory" : strerror(f ? EISDIR : errno);
        if (f)
            fclose(f);
        return NULL;
    }
    struct text text;
    char buffer[65536];
    size_t n;
    text_init(&text, arena);
    text_add(&text, "", 0);
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0)
        text_add(&text, buffer, n);
    if (ferror(f))
        *error = strerror(errno);
    fclose(f);
    *size = text.size;
    return *error ? NULL : text.data ? text.data : arena_strdup(arena, "");
}

static void hash_text(struct inv_sha256 *hash, const char *text, size_t size)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((unsigned long long)size >> (8 * i));
    inv_sha256_update(hash, length, sizeof length);
    inv_sha256_update(hash, text, size);
}

static const char *beside(struct load *load, const char *from, const char *path)
{
    const char *slash = strrchr(from, '/');
    if (*path == '/' || !slash)
        return path;
    return arena_printf(load->arena, "%.*s/%s", (int)(slash - from), from, path);
}

static bool loaded(const struct load *load, const char *path)
{
    char *a = realpath(path, NULL);
    bool found = false;
    for (int i = 0; a && i < load->count && !found; i++) {
        char *b = realpath(diags_source(load->diags, load->file[i]->span.source)->path, NULL);
        found = b && !strcmp(a, b);
        free(b);
    }
    free(a);
    return found;
}

static bool load_file(struct load *load, struct inv_sha256 *hash, const char *path,
                      struct span included)
{
    size_t size;
    const char *error;
    char *text = load_text(load->arena, path, &size, &error);
    if (!text) {
        diag_error(load->diags, included, "cannot read '%s': %s", path, error);
        return false;
    }
    hash_text(hash, text, size);
    int source = diags_add_source(load->diags, path, text, size, false);
    struct ast *file = ast_parse(load->arena, load->diags, source);
    ARENA_PUSH(load->arena, load->file, load->count, load->room) = file;
    bool good = true;
    for (int i = 0; i < file->count; i++) {
        const struct ast *item = file->kid[i];
        if (item->kind != AST_INCLUDE || !*item->text)
            continue;
        const char *other = beside(load, path, item->text);
        if (!loaded(load, other))
            good &= load_file(load, hash, other, item->span);
    }
    return good;
}

static void load_library(struct load *load)
{
    static const char prefix[] = "compiler/library/";
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *e = &embedded_files[i];
        if (strncmp(e->path, prefix, sizeof prefix - 1))
            continue;
        const char *name = arena_printf(load->arena, "library/%s", e->path + sizeof prefix - 1);
        int source = diags_add_source(load->diags, name, e->data, e->size, true);
        ARENA_PUSH(load->arena, load->file, load->count, load->room) =
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
    const char *near = diag_nearest(name, choice, count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
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
    load_library(load);
    return diags_error_count(load->diags) == 0;
}
