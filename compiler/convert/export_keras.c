/* Weights as Keras has them: an HDF5 file that model.load_weights(FILE, by_name=True) reads. */
#include <string.h>
#include "convert/export.h"
#include "convert/hdf5.h"
#include "convert/keras_form.h"
#include "convert/saved.h"
#include "host/output.h"

struct keras_weights {
    struct program *program;
    struct inv_errors *errors;
    struct saved saved;
    struct keras_form *form;            /* of each of these */
    struct hdf5_layer *layer;
    int count;
};

/* What no layer of Keras has is an error with its name; statistics of data are of no layer. */
static void check_form(struct keras_weights *k, int at)
{
    const struct variable *v = k->saved.variable[at];
    const char *block = v->layer > 0 ? k->program->layer[v->layer].block : NULL;
    if (k->form[at].layer)
        return;
    if (program_is_statistic(k->program, v->id))
        inv_note(k->errors, "%s: is left out: it is of the data, and of no layer", v->path);
    else
        inv_error(k->errors, "%s: no layer of Keras has such a weight%s%s%s", v->path,
                  block ? "; it is of block '" : "", block ? block : "", block ? "'" : "");
}

/* The layer of that call, of which an earlier one may have the name. */
static struct hdf5_layer *add_layer(struct keras_weights *k, int at)
{
    const char *name = k->form[at].layer;
    for (int i = 0; i < k->count; i++)
        if (strcmp(k->layer[i].name, name) == 0)
            inv_error(k->errors, "%s: two layers would be named %s; give one of them another name "
                      "in the model", k->saved.variable[at]->path, name);
    k->layer[k->count] = (struct hdf5_layer){.name = name};
    return &k->layer[k->count++];
}

/* The array that the parameter is, or is a part of. */
static struct inv_tensor *find_array(struct keras_weights *k, struct hdf5_layer *layer,
                                     const struct keras_form *f)
{
    struct arena *arena = k->program->arena;
    for (int i = 0; i < layer->count; i++)
        if (strcmp(layer->array[i].name, f->name) == 0)
            return &layer->array[i];
    int64_t *dim = ARENA_ARRAY(arena, int64_t, f->rank + 1);
    memcpy(dim, f->dim, sizeof *dim * (size_t)f->rank);
    struct inv_tensor *t = &ARENA_PUSH(arena, layer->array, layer->count, layer->room);
    *t = (struct inv_tensor){.name = f->name, .dtype = INV_F32, .rank = f->rank, .dim = dim};
    t->at = arena_alloc(arena, inv_tensor_size(t) + 1);
    return t;
}

static void fill(struct keras_weights *k, struct hdf5_layer *layer, int at)
{
    const struct inv_tensor *from = &k->saved.tensor[at];
    struct inv_tensor *to = find_array(k, layer, &k->form[at]);
    int64_t count = saved_elements(from);
    for (int64_t e = 0; e < count; e++)
        memcpy(to->at + 4 * keras_form_element(&k->form[at], e), from->at + 4 * e, 4);
}

/* Layers in the order of their calls, the weights of each in Keras's. */
static void make_layers(struct keras_weights *k)
{
    for (int call = 1; call < k->program->layer_count; call++) {
        struct hdf5_layer *layer = NULL;
        for (int number = 0; number < KERAS_WEIGHTS; number++)
            for (int i = 0; i < k->saved.count; i++) {
                if (!k->form[i].layer || k->form[i].number != number ||
                    k->saved.variable[i]->layer != call)
                    continue;
                layer = layer ? layer : add_layer(k, i);
                fill(k, layer, i);
            }
    }
}

int export_keras(struct program *program, const struct export_request *request)
{
    struct keras_weights k = {.program = program, .errors = request->claims->errors,
                              .saved = saved_new(program)};
    struct inv_output out;
    if (!saved_load(program, &k.saved, request->weights, k.errors))
        return 1;
    k.form = ARENA_ARRAY(program->arena, struct keras_form, k.saved.count + 1);
    k.layer = ARENA_ARRAY(program->arena, struct hdf5_layer, program->layer_count + 1);
    for (int i = 0; i < k.saved.count; i++) {
        k.form[i] = keras_form(program, k.saved.variable[i]);
        check_form(&k, i);
    }
    make_layers(&k);
    if (k.errors->count > 0 || !inv_output_open(&out, request->out, k.errors))
        return 1;
    if (hdf5_write(&out, k.layer, k.count))
        return !inv_output_close(&out, NULL);
    inv_output_abandon(&out);
    return 1;
}
