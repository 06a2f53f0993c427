/* Graphs from their text. */
#include "graph/graph_text.h"

#include <stdlib.h>
#include <string.h>
#include "graph/op.h"
#include "graph/program.h"

struct reader {
    struct program *program;
    struct graph *graph;
    const char *at;
    int line;
    const char *error;                  /* the first one */
    int list_count;                     /* elements of the list of the node at hand */
};

static void fail(struct reader *r, const char *what)
{
    if (!r->error)
        r->error = arena_printf(r->program->arena, "line %d: %s", r->line, what);
}

static void skip_blanks(struct reader *r)
{
    while (*r->at == ' ')
        r->at++;
}

/* Text after blanks; true and passed where it stands there. */
static bool accept(struct reader *r, const char *word)
{
    skip_blanks(r);
    size_t size = strlen(word);
    if (strncmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static void expect(struct reader *r, const char *word)
{
    if (!accept(r, word))
        fail(r, arena_printf(r->program->arena, "expected '%s' at '%.12s'", word, r->at));
}

static int64_t read_whole(struct reader *r)
{
    char *end;
    int64_t value = strtoll(r->at, &end, 0);
    if (end == r->at)
        fail(r, "expected a whole number");
    r->at = end;
    return value;
}

static float read_float(struct reader *r)
{
    char *end;
    float value = strtof(r->at, &end);
    if (end == r->at)
        fail(r, "expected a number");
    r->at = end;
    return value;
}

static int read_id(struct reader *r)
{
    expect(r, "%");
    return (int)read_whole(r);
}

/* Index of the word that stands here in a list of names; fails where none does. */
static int read_word(struct reader *r, const char *const *name)
{
    skip_blanks(r);
    size_t size = strcspn(r->at, " :\n");
    for (int i = 0; name[i]; i++)
        if (strlen(name[i]) == size && strncmp(r->at, name[i], size) == 0) {
            r->at += size;
            return i;
        }
    fail(r, arena_printf(r->program->arena, "unknown word '%.*s'", (int)size, r->at));
    return 0;
}

static const int64_t *read_axes(struct reader *r, bool given)
{
    int64_t *value = ARENA_ARRAY(r->program->arena, int64_t, RANK_MAX);
    int count = 0;
    if (!given)
        return value;
    expect(r, "[");
    while (!r->error && !accept(r, "]")) {
        if (count == RANK_MAX) {
            fail(r, "too many axes");
            break;
        }
        value[count++] = read_whole(r);
        accept(r, ",");
    }
    return value;
}

static const float *read_list(struct reader *r)
{
    float *list = NULL;
    int room = 0;
    expect(r, "[");
    while (!r->error && !accept(r, "]")) {
        skip_blanks(r);
        float value = read_float(r);
        ARENA_PUSH(r->program->arena, list, r->list_count, room) = value;
        accept(r, ",");
    }
    return list;
}

static int read_variable(struct reader *r)
{
    int id = (int)read_whole(r);
    r->at += strcspn(r->at, " \n");
    return id;
}

static const char *read_text(struct reader *r)
{
    expect(r, "\"");
    size_t size = strcspn(r->at, "\"\n");
    const char *text = arena_strndup(r->program->arena, r->at, size);
    r->at += size;
    expect(r, "\"");
    return text;
}

/* What an attribute begins with, and the rest of it. */
#define BEGINS_VARIABLE(field) accept(r, "$")
#define BEGINS_WORD(field) accept(r, #field "=")
#define BEGINS_BARE(field) true
#define BEGINS_WHOLE(field) accept(r, #field "=")
#define BEGINS_COUNT(field) accept(r, #field "=")
#define BEGINS_REAL(field) accept(r, #field "=")
#define BEGINS_LIST(field) accept(r, #field "=")
#define BEGINS_MARK(field) accept(r, #field)
#define BEGINS_TEXT(field) accept(r, #field "=")
#define BEGINS_DERIVED(field) accept(r, #field "=")
#define READ_VARIABLE(field) read_variable(r)
#define READ_WORD(field) read_word(r, field##_words)
#define READ_BARE(field) read_word(r, field##_words)
#define READ_WHOLE(field) read_whole(r)
#define READ_COUNT(field) read_whole(r)
#define READ_REAL(field) read_float(r)
#define READ_LIST(field) read_list(r)
#define READ_MARK(field) true
#define READ_TEXT(field) read_text(r)
#define READ_DERIVED(field) read_whole(r)

static void read_attributes(struct reader *r, struct node *n)
{
    unsigned has = op_def(n->op)->attributes;
#define ATTRIBUTE(enumerator, field, form, type) \
    if (has & ATTR_##enumerator && BEGINS_##form(field)) \
        n->attr.field = (type)READ_##form(field);
#define PER_AXIS(enumerator, field) \
    if (has & ATTR_##enumerator) \
        n->attr.field = read_axes(r, accept(r, #field "="));
#include "graph/attributes.def"
}

static enum dtype read_dtype(struct reader *r)
{
    static const enum dtype all[] = {F32, I32, BOOL, I64};
    for (int i = 0; i < 4; i++)
        if (accept(r, dtype_name(all[i])))
            return all[i];
    fail(r, "unknown element type");
    return F32;
}

static struct shape read_shape(struct reader *r)
{
    struct shape shape = shape_scalar();
    if (!accept(r, "["))
        return shape;
    while (!r->error && shape.rank < RANK_MAX) {
        bool rows = accept(r, "b");
        skip_blanks(r);
        int64_t dim = !rows || accept(r, "*") ? read_whole(r) : 1;
        if (rows)
            shape.rows = shape.rank;
        shape.dim[shape.rank++] = dim;
        if (!accept(r, ","))
            break;
    }
    expect(r, "]");
    return shape;
}

static int find_source(struct reader *r, const char *path)
{
    const struct source *source;
    for (int i = 1; (source = graph_find_place(r->program->diags, i)) != NULL; i++)
        if (strcmp(source->path, path) == 0)
            return i;
    return diags_add_source(r->program->diags, path, "", 0, false);
}

/* Does `text` begin with what follows the line number of a place? */
static bool ends_place(const char *text)
{
    return *text == '\n' || *text == '\0' || strncmp(text, " < ", 3) == 0 ||
           strncmp(text, ", gradient of ", 14) == 0;
}

/* `path:line`; the path may hold anything but a line end. */
static struct span read_place(struct reader *r)
{
    for (const char *p = r->at; *p && *p != '\n'; p++) {
        char *end;
        long line = *p == ':' && p[1] >= '0' && p[1] <= '9' ? strtol(p + 1, &end, 10) : -1;
        if (line < 0 || !ends_place(end))
            continue;
        char *path = arena_strndup(r->program->arena, r->at, (size_t)(p - r->at));
        r->at = end;
        return (struct span){find_source(r, path), (int)line, 1, (int)line, 1};
    }
    fail(r, "expected a place, path:line");
    return (struct span){0};
}

static void read_comment(struct reader *r)
{
    struct graph *graph = r->graph;
    graph->span = graph->call = (struct span){0};
    graph->forward = -1;
    if (!accept(r, "# "))
        return;
    bool gradient = accept(r, "gradient of ");
    if (!gradient && strncmp(r->at, "< ", 2) != 0)
        graph->span = read_place(r);
    if (!gradient && accept(r, "< "))
        graph->call = read_place(r);
    if (gradient || accept(r, ", gradient of "))
        graph->forward = read_id(r);
}

static enum op read_op(struct reader *r)
{
    skip_blanks(r);
    size_t size = strcspn(r->at, " \n");
    int op = op_find(arena_strndup(r->program->arena, r->at, size));
    if (op < 0)
        fail(r, "unknown operator");
    r->at += size;
    return op < 0 ? OP_CONST : (enum op)op;
}

static struct node *new_node(struct reader *r)
{
    struct node *n = ARENA_NEW(r->program->arena, struct node);
    n->id = r->graph->count;
    if (read_id(r) != n->id)
        fail(r, "node ids must ascend from 0 by 1");
    expect(r, "=");
    n->op = read_op(r);
    int room = 0;
    while (!r->error && accept(r, "%")) {
        int id = (int)read_whole(r);
        ARENA_PUSH(r->program->arena, n->operand, n->count, room) = id;
    }
    return n;
}

/* The operator's rule must give what the text says. */
static void check_node(struct reader *r, struct node *n)
{
    struct arena *arena = r->program->arena;
    const char *said = shape_print(arena, n->dtype, &n->shape);
    const char *problem = graph_infer(r->graph, n);
    if (problem)
        fail(r, arena_printf(arena, "%s: %s", op_def(n->op)->stem, problem));
    else if (strcmp(said, shape_print(arena, n->dtype, &n->shape)) != 0)
        fail(r, arena_printf(arena, "%s gives %s, not %s", op_def(n->op)->stem,
                             shape_print(arena, n->dtype, &n->shape), said));
}

/* A line `loop NUMBER turns=T`, of which the first word is passed. */
static void read_loop(struct reader *r)
{
    struct graph *graph = r->graph;
    if (read_whole(r) != graph->loop_count)
        fail(r, "loops must be numbered from 0 on");
    expect(r, "turns=");
    int64_t turns = read_whole(r);
    bool reverse = accept(r, "reverse");
    int outer = accept(r, "outer=") ? (int)read_whole(r) : -1;
    read_comment(r);
    if (turns < 1 || outer < -1 || outer >= graph->loop_count)
        fail(r, "a loop has a turn at least, and one around it stands before it");
    if (!r->error)
        graph_add_loop(graph, turns, reverse, outer);
}

static void read_node(struct reader *r)
{
    struct node *n = new_node(r);
    r->list_count = 0;
    read_attributes(r, n);
    expect(r, ":");
    n->dtype = read_dtype(r);
    n->shape = read_shape(r);
    if (n->attr.list && r->list_count != shape_elements(&n->shape))
        fail(r, "the list does not fill the shape");
    read_comment(r);
    n->span = r->graph->span;
    n->call = r->graph->call;
    n->forward = r->graph->forward;
    if (!r->error)
        check_node(r, n);
    ARENA_PUSH(r->program->arena, r->graph->node, r->graph->count, r->graph->room) = n;
}

struct graph *graph_read_text(struct program *program, const char *text, const char **error)
{
    struct reader r = {.program = program, .at = text, .line = 1};
    expect(&r, "graph ");
    size_t size = strcspn(r.at, "\n");
    r.graph = graph_new(program, arena_strndup(program->arena, r.at, size));
    r.at += size;
    while (!r.error && *r.at) {
        if (*r.at == '\n') {
            r.at++;
            r.line++;
            continue;
        }
        if (accept(&r, "loop "))
            read_loop(&r);
        else
            read_node(&r);
        if (*r.at && *r.at != '\n')
            fail(&r, arena_printf(program->arena, "unexpected '%.12s'", r.at));
    }
    r.graph->span = r.graph->call = (struct span){0};
    r.graph->forward = -1;
    *error = r.error;
    return r.error ? NULL : r.graph;
}
