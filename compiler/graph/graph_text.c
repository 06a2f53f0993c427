/* Graphs as text. */
#include "graph/graph_text.h"

#include <inttypes.h>
#include "graph/op.h"
#include "graph/program.h"

const char *const step_value_words[] = {
    [VALUE_STEP] = "step", [VALUE_STEPS] = "steps", [VALUE_EPOCH] = "epoch", [VALUE_ROWS] = "rows",
    [VALUE_BATCH] = "batch", NULL};
const char *const domain_words[] = {
    [DOMAIN_STEP] = "step", [DOMAIN_INIT] = "init", [DOMAIN_SAMPLE] = "sample", NULL};

const struct source *graph_find_place(const struct diags *diags, int source)
{
    const struct source *found = diags_source(diags, source);
    return found == diags_source(diags, 0) ? NULL : found;
}

static void print_axes(struct text *text, const char *key, int count, const int64_t *value)
{
    text_printf(text, " %s=[", key);
    for (int i = 0; i < count; i++)
        text_printf(text, "%s%" PRId64, i == 0 ? "" : ", ", value[i]);
    text_puts(text, "]");
}

static void print_list(struct text *text, const char *key, int64_t count, const float *value)
{
    text_printf(text, " %s=[", key);
    for (int64_t i = 0; i < count; i++)
        text_printf(text, "%s%a", i == 0 ? "" : ", ", (double)value[i]);
    text_puts(text, "]");
}

static void print_variable(struct text *text, const struct graph *graph, int id)
{
    if (id >= 0 && id < graph->program->variable_count)
        text_printf(text, " $%d:%s", id, graph->program->variable[id]->path);
    else
        text_printf(text, " $%d:?", id);
}

/* Of the numbers of a constant, those of its type. */
static unsigned said_attributes(const struct node *n)
{
    unsigned has = op_def(n->op)->attributes, not = 0;
    if (n->op == OP_CONST)
        not = n->dtype != F32 ? ATTR_VALUE | ATTR_LIST
              : n->attr.list  ? ATTR_VALUE | ATTR_WHOLE
                              : ATTR_LIST | ATTR_WHOLE;
    return has & ~not;
}

#define PRINT_VARIABLE(field) print_variable(text, graph, n->attr.field)
#define PRINT_WORD(field) text_printf(text, " " #field "=%s", field##_words[n->attr.field])
#define PRINT_BARE(field) text_printf(text, " %s", field##_words[n->attr.field])
#define PRINT_WHOLE(field) text_printf(text, " " #field "=%" PRId64, (int64_t)n->attr.field)
#define PRINT_COUNT(field) \
    if (n->attr.field) \
        text_printf(text, " " #field "=%d", n->attr.field)
#define PRINT_REAL(field) text_printf(text, " " #field "=%a", (double)n->attr.field)
#define PRINT_LIST(field) print_list(text, #field, shape_elements(&n->shape), n->attr.field)
#define PRINT_MARK(field) text_puts(text, n->attr.field ? " " #field : "")
#define PRINT_TEXT(field) text_printf(text, " " #field "=\"%s\"", n->attr.field)
#define PRINT_DERIVED(field) \
    if (n->attr.field) \
        text_printf(text, " " #field "=0x%08" PRIx32, n->attr.field)

static void print_attributes(struct text *text, const struct graph *graph, const struct node *n)
{
    unsigned says = said_attributes(n);
#define ATTRIBUTE(enumerator, field, form, type) \
    if (says & ATTR_##enumerator) \
        PRINT_##form(field);
#define PER_AXIS(enumerator, field) \
    if (says & ATTR_##enumerator) \
        print_axes(text, #field, n->shape.rank, n->attr.field);
#include "graph/attributes.def"
}

static void print_place(struct text *text, const struct graph *graph, const char *before,
                        struct span span)
{
    const struct source *source = graph_find_place(graph->program->diags, span.source);
    if (source)
        text_printf(text, "%s%s:%d", before, source->path, span.line);
}

static void print_comment(struct text *text, const struct graph *graph, const struct node *n)
{
    size_t start = text->size;
    print_place(text, graph, "   # ", n->span);
    print_place(text, graph, text->size > start ? " < " : "   # < ", n->call);
    if (n->forward >= 0)
        text_printf(text, "%sgradient of %%%d", text->size > start ? ", " : "   # ", n->forward);
}

static void print_loop(struct text *text, const struct graph *graph, int number, bool places)
{
    const struct loop *loop = &graph->loop[number];
    size_t start;
    text_printf(text, "loop %d turns=%" PRId64 "%s", number, loop->turns,
                loop->reverse ? " reverse" : "");
    if (loop->outer >= 0)
        text_printf(text, " outer=%d", loop->outer);
    start = text->size;
    if (places) {
        print_place(text, graph, "   # ", loop->span);
        print_place(text, graph, text->size > start ? " < " : "   # < ", loop->call);
    }
    text_puts(text, "\n");
}

static void print(const struct graph *graph, struct text *text, bool places)
{
    text_printf(text, "graph %s\n", graph->name);
    for (int i = 0; i < graph->loop_count; i++)
        print_loop(text, graph, i, places);
    for (int i = 0; i < graph->count; i++) {
        const struct node *n = graph->node[i];
        text_printf(text, "%%%d = %s", n->id, op_def(n->op)->stem);
        for (int k = 0; k < n->count; k++)
            text_printf(text, " %%%d", n->operand[k]);
        print_attributes(text, graph, n);
        text_printf(text, " : %s", shape_print(text->arena, n->dtype, &n->shape));
        if (places)
            print_comment(text, graph, n);
        text_puts(text, "\n");
    }
}

void graph_print(const struct graph *graph, struct text *text)
{
    print(graph, text, true);
}

void graph_print_bare(const struct graph *graph, struct text *text)
{
    print(graph, text, false);
}
