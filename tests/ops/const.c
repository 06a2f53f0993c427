#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        o->value[n->id][i] = n->attr.list          ? (double)n->attr.list[i]
                             : n->dtype == F32 ? (double)n->attr.value
                                               : (double)n->attr.whole;
}

static int build_scalar(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_MUL, x[0], graph_const(graph, 0.1f));
}

static int build_fill(struct graph *graph, const int *x)
{
    struct shape shape = graph_node(graph, x[0])->shape;
    return graph_binary(graph, OP_MUL, x[0], graph_fill(graph, -2.5f, &shape));
}

static int build_list(struct graph *graph, const int *x)
{
    static const float list[] = {0x1p-149f, -0.0f, 3.4e38f, 0.1f, 16777216.0f, 1.0f};
    struct attr attr = {.list = list};
    struct shape shape = shape_of(2, -1, (int64_t[]){2, 3});
    int y = graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, F32, &shape);
    return graph_binary(graph, OP_MUL, x[0], y);
}

static int build_whole(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_ADD, x[0], graph_const_whole(graph, I32, -2147483647));
}

static int build_long(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_ADD, x[0], graph_const_whole(graph, I64, 9000000000000000));
}

static int build_bool(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_AND, x[0], graph_const_whole(graph, BOOL, 1));
}

static const struct op_case cases[] = {
    {"scalar", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, build_scalar},
    {"fill", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, build_fill},
    {"list", {{F32, SHAPE(2, 3), .low = 0.5, .high = 1, .fixed = true}}, 1, build_list},
    {"whole", {{I32, SHAPE(3), .low = 0, .high = 9}}, 1, build_whole},
    {"long", {{I64, SHAPE(3), .low = 0, .high = 9}}, 1, build_long},
    {"bool", {{BOOL, SHAPE(5)}}, 1, build_bool},
};

const struct op_test test_const = {.eval = eval, .leaf = true, CASES(cases)};
