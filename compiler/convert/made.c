/* A model file and its weights while they are made. */
#include "convert/made.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "host/digest.h"
#include "host/output.h"
#include "host/tensors.h"
#include "language/ast.h"

bool made_fail(struct made *m, const char *what, const char *cure)
{
    inv_error(m->errors, "%s: %s%s%s", m->path, made_plain(m->arena, what), cure ? "; " : "",
              cure ? cure : "");
    return false;
}

const char *made_plain(struct arena *arena, const char *text)
{
    char *plain = arena_strdup(arena, text);
    for (char *at = plain; *at; at++) {
        unsigned char c = (unsigned char)at[0], next = (unsigned char)at[1];
        if (c < ' ' || c == 127)
            *at = '?';
        if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            at[0] = at[1] = '?';        /* the same in eight bits, as UTF-8 has it */
    }
    return plain;
}

/* ---- names ---- */
static char used;

/* Words that stand for something in a model file. */
static bool is_word(const char *name)
{
    static const char *const words[] = {
        "if", "else", "as", "and", "or", "not", "true", "false", "none", "inf", "pi", "training",
        "rows", "step", "steps", "epoch", "shape", "fan_in", "fan_out", "loss", "output", "metric",
        "param", "buffer", "let", "repeat", "recompute", "require", "warn", "carry", "return",
        "by", "balanced"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i], name))
            return true;
    return false;
}

static const char *identifier(struct arena *arena, const char *wanted)
{
    bool digit = isdigit((unsigned char)*wanted);
    char *name = arena_printf(arena, "%s%s", digit ? "v" : "", *wanted ? wanted : "v");
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return is_word(name) ? arena_printf(arena, "%s_", name) : name;
}

const char *made_free(struct made *m, const char *wanted)
{
    const char *name = wanted;
    for (int i = 2; names_find(m->taken, name); i++)
        name = arena_printf(m->arena, "%s_%d", wanted, i);
    m->taken = names_add(m->arena, m->taken, name, &used);
    return name;
}

const char *made_identifier(struct made *m, const char *wanted)
{
    return made_free(m, identifier(m->arena, wanted));
}

const char *as_text(struct arena *arena, const char *path)
{
    bool plain_name = !isdigit((unsigned char)*path) && !is_word(path) && !strchr(path, '/');
    return arena_printf(arena, plain_name ? " as %s" : " as \"%s\"", path);
}

bool made_has_word(const char *words, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = words; n && !strchr(name, ' ') && (at = strstr(at, name)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

bool made_fits(int rank, const int64_t *dim)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        if (dim[i] < 1 || __builtin_mul_overflow(count, dim[i], &count) || count > INT32_MAX)
            return false;
    return true;
}

const char *list_text(struct arena *arena, int count, const int64_t *item)
{
    const char *text = "[";
    for (int i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%lld", text, i ? ", " : "", (long long)item[i]);
    return arena_printf(arena, "%s]", text);
}

const char *number_text(struct arena *arena, float value)
{
    if (isinf(value))
        return value < 0 ? "(-inf)" : "inf";
    for (int digits = 1;; digits++) {
        const char *text = arena_printf(arena, "%.*g", digits, (double)value);
        if ((float)strtod(text, NULL) == value || digits == 9)
            return signbit(value) ? arena_printf(arena, "(%s)", text) : text;
    }
}

const char *made_name(struct made *m)
{
    const char *slash = strrchr(m->path, '/'), *base = slash ? slash + 1 : m->path;
    const char *dot = strrchr(base, '.');
    size_t size = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    return identifier(m->arena, arena_strndup(m->arena, base, size));
}

/* ---- what the model is made of ---- */
void made_line(struct made *m, const char *text, const char *comment)
{
    comment = comment ? made_plain(m->arena, comment) : NULL;
    ARENA_PUSH(m->arena, m->line, m->line_count, m->line_room) = (struct made_line){text, comment};
}

void made_note_type(struct made *m, const char *name, const char *element, int rank)
{
    struct made_type *t = ARENA_NEW(m->arena, struct made_type);
    *t = (struct made_type){element, rank};
    m->types = names_add(m->arena, m->types, name, t);
}

const struct made_type *made_type_of(const struct made *m, const char *name)
{
    return names_find(m->types, name);
}

void made_block(struct made *m, const char *text)
{
    for (int i = 0; i < m->block_count; i++)
        if (!strcmp(m->block[i], text))
            return;
    ARENA_PUSH(m->arena, m->block, m->block_count, m->block_room) = text;
}

void made_print_blocks(const struct made *m, struct text *t)
{
    for (int i = 0; i < m->block_count; i++)
        text_printf(t, "%s\n", m->block[i]);
}

void made_print_lines(struct made *m, struct text *t)
{
    for (int i = 0; i < m->line_count; i++)
        text_printf(t, "  %s%s%s\n", m->line[i].text, m->line[i].comment ? "  # " : "",
                    m->line[i].comment ? m->line[i].comment : "");
    m->line_count = 0;
}

void made_save(struct made *m, bool trained, const char *path, int rank, const int64_t *dim,
               const float *data)
{
    struct made_array a = {.path = path, .rank = rank, .data = data, .trained = trained};
    memcpy(a.dim, dim, sizeof *dim * (size_t)rank);
    ARENA_PUSH(m->arena, m->saved, m->saved_count, m->saved_room) = a;
}

/* ---- files ---- */
/* What a line of the model file is made of, as the comment behind it says; those of stubs begin
 * with a small letter. */
static const char *origin_of(struct made *m, const char *text, int line)
{
    for (; line > 1 && *text; line--)
        text += strcspn(text, "\n") + 1;
    const char *comment = line == 1 ? strstr(text, "  # ") : NULL;
    if (!comment || comment[4] >= 'a')
        return "what comes out";
    return arena_printf(m->arena, "node %.*s", (int)strcspn(comment + 4, "\n"), comment + 4);
}

/* The text in canonical layout, which compiles; one that is no model file is a fault of a rule. */
static const char *laid_out(struct made *m, const char *path, const char *source)
{
    struct diags *diags = diags_new(m->arena);
    int id = diags_add_source(diags, path, source, strlen(source), false);
    struct ast *tree = ast_parse(m->arena, diags, id);
    struct text text;
    if (diags_error_count(diags)) {
        diags_print(diags, stderr);
        made_fail(m, "what came out is no model file",
                  "this is a fault of invar; please report it");
        return NULL;
    }
    text_init(&text, m->arena);
    ast_format(m->arena, diags, id, tree, &text);
    int line;
    if (m->request->compiles(path, text.data, &line))
        return text.data;
    made_fail(m,
              arena_printf(m->arena, "%s would not compile as a model file, for the reason above",
                           origin_of(m, text.data, line)),
              "nothing was written");
    return NULL;
}

static void write_weights(struct made *m, struct inv_output *out)
{
    struct inv_tensor *list = ARENA_ARRAY(m->arena, struct inv_tensor, m->saved_count + 1);
    for (int i = 0; i < m->saved_count; i++)
        list[i] = (struct inv_tensor){m->saved[i].path, INV_F32, m->saved[i].rank, m->saved[i].dim,
                                      (unsigned char *)(uintptr_t)m->saved[i].data};
    inv_tensors_sort(list, m->saved_count);
    inv_tensors_write(out, list, m->saved_count, NULL, 0);
}

/* Both files or none: each is whole on disk before one is put in its place. */
static bool write_both(struct made *m, const char *inv, const char *text, const char *weights)
{
    struct inv_output model, saved;
    if (!inv_output_open(&model, inv, m->errors))
        return false;
    inv_output_write(&model, text, strlen(text));
    bool good = inv_output_settle(&model);
    if (good && m->saved_count > 0 && (good = inv_output_open(&saved, weights, m->errors))) {
        write_weights(m, &saved);
        good = inv_output_close(&saved, NULL);
    }
    if (good)
        return inv_output_close(&model, NULL);
    inv_output_abandon(&model);
    return false;
}

/* Refuses to write over a file that holds something else than is to be written. */
static bool keeps(struct made *m, const char *path, const char *digest, const char *what)
{
    if (!inv_digest_differs(path, digest))
        return true;
    return made_fail(m, arena_printf(m->arena, "'%s' is there already, and %s", path, what),
                     "name another folder by -o, or move it away");
}

/* Both files: of what somebody changed or trained there is no other copy. */
static bool keeps_both(struct made *m, const char *inv, const char *text, const char *weights)
{
    struct inv_output nowhere;
    char digest[65];
    inv_digest_text(text, strlen(text), digest);
    if (!keeps(m, inv, digest, "says something else"))
        return false;
    inv_output_open_nowhere(&nowhere);
    write_weights(m, &nowhere);
    inv_output_digest(&nowhere, digest);
    return m->saved_count == 0 || keeps(m, weights, digest, "holds other weights");
}

static bool make_folder(struct made *m, const char *folder)
{
    struct stat is;
    int why = mkdir(folder, 0777) == 0 ? 0 : errno;
    if (!why || (stat(folder, &is) == 0 && S_ISDIR(is.st_mode)))
        return true;
    return made_fail(m, why == EEXIST
                            ? arena_printf(m->arena, "'%s' is there, and is no folder", folder)
                            : arena_printf(m->arena, "cannot make the folder '%s': %s", folder,
                                           strerror(why)), "name another by -o");
}

bool made_write(struct made *m, const char *name, const char *source)
{
    const char *folder = m->request->folder ? m->request->folder : ".";
    const char *inv = arena_printf(m->arena, "%s/%s.inv", folder, name);
    const char *weights = arena_printf(m->arena, "%s/%s.safetensors", folder, name);
    const char *text = laid_out(m, inv, source);
    if (!text)
        return false;
    return make_folder(m, folder) && inv_claims_output(m->request->claims, "-o", inv) &&
           inv_claims_output(m->request->claims, "-o", weights) &&
           keeps_both(m, inv, text, weights) && write_both(m, inv, text, weights);
}
