#include "graph/ops/rules.h"

#include "graph/custom.h"

/* Operands are [calls, n], or [1, n] where all calls get the same; behind those of the operator
 * come, for a gradient, its result and what reached that. */
static const char *infer(const struct graph *graph, struct node *n)
{
    int argument;
    const struct custom *custom = custom_find(graph->program, n->attr.function, &argument);
    if (!custom)
        return "no operator of the model has that function";
    bool forward = argument == CUSTOM_FORWARD;
    if (n->count != custom->argument_count + (forward ? 0 : 2))
        return "the operator has another number of operands";
    if (n->shape.rank != 2 || n->shape.rows > 0)
        return "it is not [calls, n]";
    for (int i = 0; i < n->count; i++) {
        const struct node *x = rule_operand(graph, n, i);
        bool shared = x->shape.rank == 2 && x->shape.rows < 0 && x->shape.dim[0] == 1;
        if (x->dtype != (i < custom->argument_count ? custom->argument[i].dtype : F32))
            return "an operand has another type";
        if (!shared && (x->shape.rank != 2 || x->shape.rows != n->shape.rows ||
                        x->shape.dim[0] != n->shape.dim[0]))
            return "an operand is for another number of calls";
    }
    n->dtype = forward ? custom->dtype : F32;
    return NULL;
}

static void report_none(const struct graph *graph, const struct node *n,
                        const struct custom *custom, int argument)
{
    struct program *p = graph->program;
    const char *name = custom->argument[argument].name;
    struct diag *d = diag_error(p->diags, n->call.line ? n->call : n->span,
                                "operator '%s' has no gradient for '%s', which training needs: "
                                "there is no %s in %s", custom->name, name,
                                custom_function(p->arena, custom, argument),
                                custom_file(p, custom));
    diag_help(d, "define it there, as %s: docs/language.md, \"Operators in C\"; or give it "
              "stop_gradient(..)", custom_prototype(p->arena, custom, argument, true));
    diag_note(d, custom->span, "'%s' is declared here", custom->name);
}

/* The gradient of each operand is a call of its own, of all that the operator was given, what it
 * gave and what reached that; for what all calls share, the sum over them. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int argument, *operand = ARENA_ARRAY(graph->program->arena, int, n->count + 2);
    const struct custom *custom = custom_find(graph->program, n->attr.function, &argument);
    for (int i = 0; i < n->count; i++)
        operand[i] = n->operand[i];
    operand[n->count] = n->id;
    operand[n->count + 1] = dy;
    for (int i = 0; i < n->count; i++) {
        const struct shape *x = &rule_operand(graph, n, i)->shape;
        struct shape all = n->shape;
        if (!gradient_wanted(d, n, i))
            continue;
        all.dim[1] = x->dim[1];
        struct attr attr = {.function = custom_function(graph->program->arena, custom, i),
                            .numbers = n->attr.numbers};
        bool has = custom_has(graph->program, custom, i);
        int of = has ? graph_add_shaped(graph, OP_CUSTOM, n->count + 2, operand, &attr, F32, &all)
                     : graph_fill(graph, 0.0f, &all);
        if (!has)
            report_none(graph, n, custom, i);
        gradient_add(d, n, i, of);
    }
}

const struct op_def op_custom = {
    OP_ROW(CUSTOM, custom),
    .attributes = ATTR_FUNCTION | ATTR_NUMBERS,
    .doc = "a function of the C that an operator of the model names, once for each index p; "
           "operands [1, n] are the same for all",
    .formula = "out[p, :] is what the function leaves of zeros",
    .derivative = "what the function NAME_gradient_ARGUMENT leaves of zeros, over all p added up "
                  "for operands [1, n]",
    .bound = "the author's",
    .infer = infer,
    .gradient = gradient,
};
