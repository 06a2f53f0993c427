#include "convert/keras_form.h"
#include <string.h>

/* Blocks of the library that are layers of Keras, and their weights in Keras's order: the trained
 * ones first, as a file of weights by names of layers has them. */
static const struct {
    const char *block;
    struct { const char *own, *theirs; } weight[KERAS_WEIGHTS];
} layers[] = {
    {"dense", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv1d", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv2d", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv3d", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv1d_transpose", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv2d_transpose", {{"w", "kernel"}, {"bias", "bias"}}},
    {"conv3d_transpose", {{"w", "kernel"}, {"bias", "bias"}}},
    {"depthwise_conv1d", {{"w", "kernel"}, {"bias", "bias"}}},
    {"depthwise_conv2d", {{"w", "kernel"}, {"bias", "bias"}}},
    {"separable_conv1d",
     {{"depthwise/w", "depthwise_kernel"}, {"pointwise/w", "pointwise_kernel"},
      {"pointwise/bias", "bias"}}},
    {"separable_conv2d",
     {{"depthwise/w", "depthwise_kernel"}, {"pointwise/w", "pointwise_kernel"},
      {"pointwise/bias", "bias"}}},
    {"embedding", {{"w", "embeddings"}}},
    {"batch_norm",
     {{"affine/scale", "gamma"}, {"affine/shift", "beta"}, {"running_mean", "moving_mean"},
      {"running_variance", "moving_variance"}}},
    {"layer_norm", {{"affine/scale", "gamma"}, {"affine/shift", "beta"}}},
    {"group_norm", {{"affine/scale", "gamma"}, {"affine/shift", "beta"}}},
    {"rms_norm", {{"affine/scale", "scale"}}},
    {"simple_rnn",
     {{"cell/w", "kernel"}, {"cell/u", "recurrent_kernel"}, {"cell/bias", "bias"}}},
    {"lstm", {{"cell/w", "kernel"}, {"cell/u", "recurrent_kernel"}, {"cell/bias", "bias"}}},
    {"gru",
     {{"cell/w", "kernel"}, {"cell/u", "recurrent_kernel"}, {"cell/v", "recurrent_kernel"},
      {"cell/bias", "bias"}, {"cell/recurrent_bias", "bias"}}},
};

/* Keras has update before reset. */
static const int gru_order[] = {1, 0, 2};

static bool has_variable(const struct program *program, const char *path, const char *rest)
{
    size_t length = strlen(path);
    for (int i = 0; i < program->variable_count; i++) {
        const char *name = program->variable[i]->path;
        if (strncmp(name, path, length) == 0 && name[length] == '/' &&
            strcmp(name + length + 1, rest) == 0)
            return true;
    }
    return false;
}

static void set_gates(struct keras_form *f, const struct program *program,
                      const struct variable *v, const char *layer, const char *own)
{
    bool after = has_variable(program, layer, "cell/recurrent_bias");
    f->gates = 3;
    f->order = gru_order;
    f->own = strcmp(own, "cell/v") == 0 ? 1 : strcmp(own, "cell/u") == 0 && !after ? 2 : 3;
    f->first = f->own == 1 ? 2 : 0;
    f->units = v->shape.dim[v->shape.rank - 1] / f->own;
    f->dim[f->rank - 1] = f->units * f->gates;
    if (v->shape.rank == 1 && after) {
        f->row = strcmp(own, "cell/recurrent_bias") == 0;
        f->rank = 2;
        f->dim[1] = f->dim[0];
        f->dim[0] = 2;
    }
}

/* Layers have no '/' in their names. */
static const char *layer_name(struct arena *arena, const char *path)
{
    char *name = arena_strndup(arena, path, strlen(path));
    for (char *c = name; *c; c++)
        *c = *c == '/' ? '_' : *c;
    return name;
}

struct keras_form keras_form(const struct program *program, const struct variable *v)
{
    struct keras_form f = {.rank = v->shape.rank};
    memcpy(f.dim, v->shape.dim, sizeof *f.dim * (size_t)v->shape.rank);
    if (v->layer <= 0 || v->layer >= program->layer_count)
        return f;
    const struct layer_call *call = &program->layer[v->layer];
    size_t length = strlen(call->path), count = sizeof layers / sizeof *layers, l = 0;
    while (l < count && strcmp(call->block, layers[l].block) != 0)
        l++;
    bool within = strncmp(v->path, call->path, length) == 0 && v->path[length] == '/';
    for (int i = 0; l < count && within && i < KERAS_WEIGHTS && layers[l].weight[i].own; i++) {
        if (strcmp(v->path + length + 1, layers[l].weight[i].own) != 0)
            continue;
        f.layer = layer_name(program->arena, call->path);
        f.name = layers[l].weight[i].theirs;
        f.number = i;
        if (strcmp(call->block, "gru") == 0)
            set_gates(&f, program, v, call->path, layers[l].weight[i].own);
    }
    return f;
}

int64_t keras_form_element(const struct keras_form *f, int64_t e)
{
    if (!f->gates)
        return e;
    int64_t row = f->row + e / (f->own * f->units);
    int64_t gate = f->first + e / f->units % f->own;
    return (row * f->gates + f->order[gate]) * f->units + e % f->units;
}
