/* A row for each block of the library that is an operator of ONNX, so that what is written has
 * layers where the model has them.  What has no row, or does not fit it, is written node by
 * node. */
#include <string.h>
#include "convert/write.h"

const struct block_given *export_given(const struct block_call *c, const char *name)
{
    for (int i = 0; i < c->given_count; i++)
        if (!strcmp(c->given[i].name, name))
            return &c->given[i];
    return NULL;
}

double export_given_number(const struct block_call *c, const char *name)
{
    const struct block_given *g = export_given(c, name);
    return g && g->count ? g->number[0] : 0;
}

/* ---- what blocks have in common ---- */
static const struct node *node_of(const struct export *x, const struct block_call *c,
                                  const char *name)
{
    const struct block_given *g = export_given(c, name);
    return g && g->node >= 0 ? graph_node(x->phase, g->node) : NULL;
}

static const char *value_of(const struct export *x, const struct block_call *c)
{
    return x->value[node_of(x, c, "x")->id];
}

static const struct variable *saved(const struct export *x, const struct block_call *c,
                                    const char *name)
{
    return export_variable(x, arena_printf(x->arena, "%s/%s", c->path, name));
}

static const struct node *result_of(const struct export *x, const struct block_call *c)
{
    return graph_node(x->phase, c->result);
}

/* Numbers of an argument for `axes` axes: one stands for all. */
static void numbers(const struct block_call *c, const char *name, int axes, int64_t *out)
{
    const struct block_given *g = export_given(c, name);
    for (int i = 0; i < axes; i++)
        out[i] = !g || !g->count ? 0 : (int64_t)g->number[g->count > 1 ? i : 0];
}

/* Channels last to first, and back. */
static const char *channels_first(struct export *x, const char *a, int rank)
{
    int perm[RANK_MAX] = {0, rank - 1};
    for (int i = 2; i < rank; i++)
        perm[i] = i - 1;
    return export_transpose(x, a, rank, perm, NULL);
}

static const char *channels_last(struct export *x, const char *a, int rank, const char *name)
{
    int perm[RANK_MAX] = {0};
    for (int i = 1; i < rank - 1; i++)
        perm[i] = i + 1;
    perm[rank - 1] = 1;
    return export_transpose(x, a, rank, perm, name);
}

/* A batch of rank `rank`, whose first axis is the rows. */
static bool has_rows(const struct export *x, const struct block_call *c, int rank)
{
    const struct node *n = node_of(x, c, "x");
    return n && n->shape.rows == 0 && n->shape.dim[0] == 1 && (!rank || n->shape.rank == rank);
}

/* ---- what slides over the axes of places ---- */
static const char *const extent_name[3][3] = {{"size"}, {"size", "width"},
                                              {"size", "height", "width"}};

/* What slides over `axes` axes: by the arguments of conv2d and max_pool. */
static void write_sliding(struct export *x, const struct block_call *c, int axes)
{
    const struct node *from = node_of(x, c, "x"), *to = result_of(x, c);
    int64_t size[3], stride[3], dilation[3] = {1, 1, 1}, border[6], pads[6];
    for (int i = 0; i < axes; i++)
        numbers(c, extent_name[axes - 1][i], 1, &size[i]);
    numbers(c, "stride", axes, stride);
    if (export_given(c, "dilation"))
        numbers(c, "dilation", axes, dilation);
    numbers(c, "border", 2 * axes, border);
    const struct block_given *pad = export_given(c, "pad");
    bool same = !strcmp(pad->word, "same"), causal = !strcmp(pad->word, "causal");
    for (int i = 0; i < axes; i++) {
        int64_t seen = (size[i] - 1) * dilation[i] + 1;
        int64_t lacks = (to->shape.dim[1 + i] - 1) * stride[i] + seen - from->shape.dim[1 + i];
        lacks = lacks < 0 ? 0 : lacks;
        pads[i] = same ? lacks / 2 : border[2 * i] + (causal ? seen - 1 : 0);
        pads[axes + i] = same ? lacks - lacks / 2 : border[2 * i + 1];
    }
    export_ints(x, "kernel_shape", axes, size);
    export_ints(x, "strides", axes, stride);
    export_ints(x, "pads", 2 * axes, pads);
    if (export_given(c, "dilation"))
        export_ints(x, "dilations", axes, dilation);
}

static int places(const struct export *x, const struct block_call *c)
{
    return node_of(x, c, "x")->shape.rank - 2;
}

static bool slides(const struct export *x, const struct block_call *c)
{
    return has_rows(x, c, 0) && places(x, c) >= 1 && places(x, c) <= 3 &&
           result_of(x, c)->shape.rank == node_of(x, c, "x")->shape.rank;
}

/* Filters [size.., c, f] as [f, c, size..]; depthwise ones [size.., c, m] as [c m, 1, size..]. */
static const char *write_filters(struct export *x, const struct variable *w, bool depthwise)
{
    int rank = w->shape.rank, perm[RANK_MAX];
    int64_t dim[RANK_MAX];
    perm[0] = depthwise ? rank - 2 : rank - 1;
    perm[1] = depthwise ? rank - 1 : rank - 2;
    for (int i = 2; i < rank; i++)
        perm[i] = i - 2;
    dim[0] = depthwise ? w->shape.dim[rank - 2] * w->shape.dim[rank - 1] : w->shape.dim[rank - 1];
    dim[1] = depthwise ? 1 : w->shape.dim[rank - 2];
    for (int i = 2; i < rank; i++)
        dim[i] = w->shape.dim[i - 2];
    return export_saved(x, w, perm, rank, dim);
}

static const char *write_conv(struct export *x, const struct block_call *c, const char *name)
{
    const struct variable *w = saved(x, c, "w"), *bias = saved(x, c, "bias");
    int rank = places(x, c) + 2;
    bool depthwise = !strncmp(c->block, "depthwise", 9);
    const char *input[3] = {channels_first(x, value_of(x, c), rank),
                            write_filters(x, w, depthwise)};
    if (bias)
        input[2] = export_saved(x, bias, NULL, 0, NULL);
    const char *y = export_node(x, "Conv", bias ? 3 : 2, input, NULL);
    write_sliding(x, c, rank - 2);
    export_int(x, "group", depthwise ? node_of(x, c, "x")->shape.dim[rank - 1]
                                     : (int64_t)export_given_number(c, "groups"));
    return channels_last(x, y, rank, name);
}

static bool fits_conv(const struct export *x, const struct block_call *c)
{
    return slides(x, c) && saved(x, c, "w") != NULL;
}

/* What of all that is laid lies before the result is cut, and what behind; where the result is
 * longer, there is more. */
static void write_laying(struct export *x, const struct block_call *c, int axes)
{
    const struct node *from = node_of(x, c, "x"), *to = result_of(x, c);
    int64_t size[3], stride[3], dilation[3], border[6], pads[6], more[3];
    for (int i = 0; i < axes; i++)
        numbers(c, extent_name[axes - 1][i], 1, &size[i]);
    numbers(c, "stride", axes, stride);
    numbers(c, "dilation", axes, dilation);
    numbers(c, "border", 2 * axes, border);
    bool same = !strcmp(export_given(c, "pad")->word, "same");
    for (int i = 0; i < axes; i++) {
        int64_t over = (size[i] - 1) * dilation[i] + 1, extra = over - stride[i];
        int64_t all = (from->shape.dim[1 + i] - 1) * stride[i] + over;
        pads[i] = border[2 * i] + (same && extra > 0 ? extra / 2 : 0);
        pads[axes + i] = all - pads[i] - to->shape.dim[1 + i];
        more[i] = pads[axes + i] < 0 ? -pads[axes + i] : 0;
        pads[axes + i] += more[i];
    }
    export_ints(x, "kernel_shape", axes, size);
    export_ints(x, "strides", axes, stride);
    export_ints(x, "dilations", axes, dilation);
    export_ints(x, "pads", 2 * axes, pads);
    export_ints(x, "output_padding", axes, more);
}

static const char *write_conv_transpose(struct export *x, const struct block_call *c,
                                        const char *name)
{
    const struct variable *w = saved(x, c, "w"), *bias = saved(x, c, "bias");
    int rank = places(x, c) + 2;
    const char *input[3] = {channels_first(x, value_of(x, c), rank), write_filters(x, w, false)};
    if (bias)
        input[2] = export_saved(x, bias, NULL, 0, NULL);
    const char *y = export_node(x, "ConvTranspose", bias ? 3 : 2, input, NULL);
    write_laying(x, c, rank - 2);
    export_int(x, "group", (int64_t)export_given_number(c, "groups"));
    return channels_last(x, y, rank, name);
}

static const char *write_pool(struct export *x, const struct block_call *c, const char *name)
{
    int rank = places(x, c) + 2;
    bool max = !strncmp(c->block, "max", 3);
    const char *y = export_unary(x, max ? "MaxPool" : "AveragePool",
                                 channels_first(x, value_of(x, c), rank), NULL);
    write_sliding(x, c, rank - 2);
    return channels_last(x, y, rank, name);
}

static const char *write_global_pool(struct export *x, const struct block_call *c, const char *name)
{
    int rank = places(x, c) + 2;
    bool max = strstr(c->block, "max") != NULL;
    const char *y = export_unary(x, max ? "GlobalMaxPool" : "GlobalAveragePool",
                                 channels_first(x, value_of(x, c), rank), NULL);
    return export_reshape(x, y, &result_of(x, c)->shape, name);
}

static bool fits_global(const struct export *x, const struct block_call *c)
{
    return has_rows(x, c, 0) && places(x, c) >= 1 && result_of(x, c)->shape.rank == 2;
}

/* ---- images of another size ---- */
static bool fits_resize(const struct export *x, const struct block_call *c)
{
    return has_rows(x, c, 4) && result_of(x, c)->shape.rank == 4;
}

static const char *write_resize(struct export *x, const struct block_call *c, const char *name)
{
    const struct shape *to = &result_of(x, c)->shape;
    const char *method = export_given(c, "method")->word;
    bool nearest = !strcmp(method, "nearest"), cubic = !strcmp(method, "bicubic");
    struct shape turned = {.rank = 4, .rows = 0, .dim = {1, to->dim[3], to->dim[1], to->dim[2]}};
    const char *input[4] = {channels_first(x, value_of(x, c), 4), "", "",
                            export_shape(x, &turned)};
    const char *y = export_node(x, "Resize", 4, input, NULL);
    export_text(x, "mode", nearest ? "nearest" : cubic ? "cubic" : "linear");
    export_text(x, "coordinate_transformation_mode",
                export_given_number(c, "align_corners") != 0 ? "align_corners" : "half_pixel");
    if (nearest)
        export_text(x, "nearest_mode", "round_prefer_ceil");
    if (cubic)
        export_float(x, "cubic_coeff_a", (float)export_given_number(c, "sharpness"));
    return channels_last(x, y, 4, name);
}

/* ---- norms ---- */
static const char *affine(struct export *x, const struct block_call *c, const char *name,
                          float value, int64_t n)
{
    const struct variable *v = saved(x, c, arena_printf(x->arena, "affine/%s", name));
    if (v)
        return export_saved(x, v, NULL, 0, NULL);
    float *all = ARENA_ARRAY(x->arena, float, n + 1);
    for (int64_t i = 0; i < n; i++)
        all[i] = value;
    return export_array(x, ONNX_FLOAT, 1, &n, all, NULL);
}

static const char *write_batch_norm(struct export *x, const struct block_call *c, const char *name)
{
    const struct node *n = node_of(x, c, "x");
    int rank = n->shape.rank;
    int64_t channels = n->shape.dim[rank - 1];
    const char *input[5] = {channels_first(x, value_of(x, c), rank),
                            affine(x, c, "scale", 1, channels), affine(x, c, "shift", 0, channels),
                            export_saved(x, saved(x, c, "running_mean"), NULL, 0, NULL),
                            export_saved(x, saved(x, c, "running_variance"), NULL, 0, NULL)};
    const char *y = export_node(x, "BatchNormalization", 5, input, rank == 2 ? name : NULL);
    export_float(x, "epsilon", (float)export_given_number(c, "eps"));
    export_float(x, "momentum", (float)(1 - export_given_number(c, "rate")));
    export_say_number(x, "rate", export_given_number(c, "rate"));
    if (export_given_number(c, "unbiased") == 0)
        export_say(x, "unbiased", "false");
    if (export_given_number(c, "fixed") != 0)
        export_say(x, "fixed", "true");
    export_keeps(x, saved(x, c, "running_mean"));
    export_keeps(x, saved(x, c, "running_variance"));
    return channels_last(x, y, rank, name);
}

static bool fits_batch_norm(const struct export *x, const struct block_call *c)
{
    return has_rows(x, c, 0) && node_of(x, c, "x")->shape.rank >= 2 &&
           saved(x, c, "running_mean") && saved(x, c, "running_variance");
}

static const char *write_layer_norm(struct export *x, const struct block_call *c, const char *name)
{
    const struct node *n = node_of(x, c, "x");
    int64_t width = n->shape.dim[n->shape.rank - 1];
    const char *input[3] = {value_of(x, c), affine(x, c, "scale", 1, width),
                            affine(x, c, "shift", 0, width)};
    name = export_node(x, "LayerNormalization", 3, input, name);
    export_int(x, "axis", -1);
    export_float(x, "epsilon", (float)export_given_number(c, "eps"));
    return name;
}

/* ---- loops over time ---- */

/* Gates of [columns, count units] in that order, as [1, count units, columns]. */
static const char *write_gates(struct export *x, const struct variable *v,
                               const struct variable *more, int count, const int *order,
                               int64_t units)
{
    int64_t columns = v->shape.dim[0], dim[3] = {1, count * units, columns};
    float *all = ARENA_ARRAY(x->arena, float, dim[1] * columns + 1);
    for (int64_t row = 0; row < dim[1]; row++)
        for (int64_t k = 0; k < columns; k++) {
            int64_t gate = order[row / units], wide = v->shape.dim[1];
            const struct variable *from = gate * units < wide ? v : more;
            int64_t at = (gate * units < wide ? gate * units : 0) + row % units;
            memcpy(&all[row * columns + k], x->weights + from->offset +
                   4 * (k * from->shape.dim[1] + at), 4);
        }
    return export_parameter(x, v, 3, dim, all);
}

/* [1, 2 gates units]: the biases, then those of what is carried, where there are some, else 0. */
static const char *write_biases(struct export *x, const struct variable *bias,
                                const struct variable *more, int count, const int *order,
                                int64_t units)
{
    int64_t dim[2] = {1, 2 * count * units};
    float *all = ARENA_ARRAY(x->arena, float, dim[1] + 1);
    for (int64_t i = 0; i < dim[1]; i++) {
        const struct variable *from = i < dim[1] / 2 ? bias : more;
        int64_t at = i % (dim[1] / 2);
        if (from)
            memcpy(&all[i],
                   x->weights + from->offset + 4 * (order[at / units] * units + at % units), 4);
    }
    return export_parameter(x, bias, 2, dim, all);
}

/* What it sees turn by turn, [turns, rows, columns]. */
static const struct node *all_turns(const struct export *x, const struct block_call *c)
{
    const struct node *turn = node_of(x, c, "x");
    return turn && turn->op == OP_TURN ? export_operand_node(x, turn, 0) : NULL;
}

static bool fits_recurrent(const struct export *x, const struct block_call *c)
{
    const struct node *all = all_turns(x, c);
    return all && all->shape.rank == 3 && all->shape.rows == 1 && all->shape.dim[1] == 1 &&
           saved(x, c, "w") && saved(x, c, "bias") && export_given_number(c, "normed") == 0 &&
           export_given_number(c, "peepholes") == 0;
}

/* Of a loop and its cell, what predicting does not show. */
static void say_training(struct export *x, const struct block_call *c, int loop)
{
    const struct scan_note *note = x->program->scanned;
    double p = export_given_number(c, "recurrent_p");
    while (note && note->loop != loop)
        note = note->before;
    if (note && note->detach)
        export_say_number(x, "detach", (double)note->detach);
    if (note && note->stateful)
        export_say(x, "stateful", "true");
    if (p != 0)
        export_say_number(x, "recurrent_p", p);
    if (p != 0 && strcmp(c->path, c->random_path))
        export_loses(x, result_of(x, c)->call, "'%s' is called more than once, and each time drops "
                     "others of what it carries, which an import of the file does not", c->path);
}

static const char *write_recurrent(struct export *x, const struct block_call *c, const char *name)
{
    static const int lstm[] = {0, 3, 1, 2}, gru[] = {1, 0, 2};
    bool is_gru = c->block[0] == 'g';
    int gates = is_gru ? 3 : 4, loop = node_of(x, c, "x")->attr.loop;
    const int *order = is_gru ? gru : lstm;
    int64_t units = (int64_t)export_given_number(c, "units"), one = 1;
    const struct variable *w = saved(x, c, "w"), *u = saved(x, c, "u");
    const char *input[4] = {x->value[all_turns(x, c)->id],
                            write_gates(x, w, NULL, gates, order, units),
                            write_gates(x, u, saved(x, c, "v"), gates, order, units),
                            write_biases(x, saved(x, c, "bias"), saved(x, c, "recurrent_bias"),
                                         gates, order, units)};
    const char *y = export_node(x, is_gru ? "GRU" : "LSTM", 4, input, NULL);
    export_int(x, "hidden_size", units);
    export_text(x, "direction", x->phase->loop[loop].reverse ? "reverse" : "forward");
    if (is_gru)
        export_int(x, "linear_before_reset", saved(x, c, "recurrent_bias") != NULL);
    say_training(x, c, loop);
    return export_binary(x, "Squeeze", y, export_whole(x, 1, &one), name);
}

/* ---- the others ---- */
static bool fits_embedding(const struct export *x, const struct block_call *c)
{
    const struct block_given *padding = export_given(c, "padding");
    const struct block_given *norm = export_given(c, "max_norm");
    return node_of(x, c, "y") && !export_is_joined(&node_of(x, c, "y")->shape) &&
           !padding->count && !norm->count && saved(x, c, "w") != NULL;
}

static const char *write_embedding(struct export *x, const struct block_call *c, const char *name)
{
    return export_binary(x, "Gather", export_saved(x, saved(x, c, "w"), NULL, 0, NULL),
                         x->value[node_of(x, c, "y")->id], name);
}

static const char *write_dropout(struct export *x, const struct block_call *c, const char *name)
{
    const char *input[2] = {value_of(x, c),
                            export_number(x, (float)export_given_number(c, "p"))};
    name = export_node(x, "Dropout", 2, input, name);
    export_name(x, c->random_path);     /* the stream that it draws from */
    return name;
}

/* What does something in training alone. */
static const char *write_training(struct export *x, const struct block_call *c, const char *name)
{
    name = export_unary(x, "Identity", value_of(x, c), name);
    export_name(x, c->random_path);
    export_say(x, "is", c->block);
    for (int i = 0; i < c->given_count; i++)
        if (c->given[i].node < 0)
            export_say_number(x, c->given[i].name, c->given[i].number[0]);
    return name;
}

static const char *write_softmax(struct export *x, const struct block_call *c, const char *name)
{
    name = export_unary(x, c->block[0] == 'l' ? "LogSoftmax" : "Softmax", value_of(x, c), name);
    export_int(x, "axis", -1);
    return name;
}

static const struct { const char *block, *onnx, *argument, *attribute; } activations[] = {
    {"relu", "Relu", NULL, NULL}, {"leaky_relu", "LeakyRelu", "slope", "alpha"},
    {"elu", "Elu", "alpha", "alpha"}, {"softplus", "Softplus", NULL, NULL},
    {"softsign", "Softsign", NULL, NULL}, {"hard_silu", "HardSwish", NULL, NULL}};

static const char *write_activation(struct export *x, const struct block_call *c, const char *name)
{
    size_t i = 0;
    while (strcmp(activations[i].block, c->block))
        i++;
    name = export_unary(x, activations[i].onnx, value_of(x, c), name);
    if (activations[i].argument)
        export_float(x, activations[i].attribute,
                     (float)export_given_number(c, activations[i].argument));
    return name;
}

static bool fits_any(const struct export *x, const struct block_call *c)
{
    return node_of(x, c, "x") != NULL;
}

static const struct export_block blocks[] = {
    {"avg_pool", slides, write_pool, false},
    {"avg_pool1d", slides, write_pool, false},
    {"avg_pool3d", slides, write_pool, false},
    {"batch_norm", fits_batch_norm, write_batch_norm, false},
    {"conv1d", fits_conv, write_conv, false},
    {"conv1d_transpose", fits_conv, write_conv_transpose, false},
    {"conv2d", fits_conv, write_conv, false},
    {"conv2d_transpose", fits_conv, write_conv_transpose, false},
    {"conv3d", fits_conv, write_conv, false},
    {"conv3d_transpose", fits_conv, write_conv_transpose, false},
    {"depthwise_conv1d", fits_conv, write_conv, false},
    {"depthwise_conv2d", fits_conv, write_conv, false},
    {"drop_path", fits_any, write_training, false},
    {"dropout", fits_any, write_dropout, false},
    {"elu", fits_any, write_activation, false},
    {"embedding", fits_embedding, write_embedding, false},
    {"gaussian_dropout", fits_any, write_training, false},
    {"gaussian_noise", fits_any, write_training, false},
    {"global_avg_pool", fits_global, write_global_pool, false},
    {"global_avg_pool1d", fits_global, write_global_pool, false},
    {"global_avg_pool3d", fits_global, write_global_pool, false},
    {"global_max_pool", fits_global, write_global_pool, false},
    {"global_max_pool1d", fits_global, write_global_pool, false},
    {"global_max_pool3d", fits_global, write_global_pool, false},
    {"gru_cell", fits_recurrent, write_recurrent, true},
    {"hard_silu", fits_any, write_activation, false},
    {"layer_norm", fits_any, write_layer_norm, false},
    {"leaky_relu", fits_any, write_activation, false},
    {"log_softmax", fits_any, write_softmax, false},
    {"lstm_cell", fits_recurrent, write_recurrent, true},
    {"max_pool", slides, write_pool, false},
    {"max_pool1d", slides, write_pool, false},
    {"max_pool3d", slides, write_pool, false},
    {"relu", fits_any, write_activation, false},
    {"resize", fits_resize, write_resize, false},
    {"softmax", fits_any, write_softmax, false},
    {"softplus", fits_any, write_activation, false},
    {"softsign", fits_any, write_activation, false},
    {"spatial_dropout", fits_any, write_training, false},
};

const struct export_block *export_find_block(const char *block)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (!strcmp(blocks[i].block, block))
            return &blocks[i];
    return NULL;
}
