/* invar import of Keras: layers in the order in which they can be computed become lines of a model
 * file, models within models its blocks. */
#include "convert/keras.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convert/hdf5.h"
#include "convert/repeats.h"

enum { LAYERS = 4000, NODES = 1000, DEEPEST = 8 };

/* ---- messages and small things ---- */
void keras_refuse(struct keras_call *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *text = arena_vprintf(c->k->arena, format, list);
    va_end(list);
    if (!c->failed)
        made_fail(c->k->made, keras_print(c, "layer '%s' (%s): %s", c->layer->name,
                                          c->layer->class_name, text), NULL);
    c->failed = true;
    c->k->refused++;
}

static bool fail(struct keras *k, const char *what, const char *cure)
{
    k->refused++;
    return made_fail(k->made, what, cure);
}

const char *keras_print(struct keras_call *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *text = arena_vprintf(c->k->arena, format, list);
    va_end(list);
    return text;
}

/* Whether only the name is that of a class of Keras. */
static bool is_of_others(const struct json *j)
{
    const char *module = json_text(j, "module"), *name = json_text(j, "class_name");
    const char *registered = json_text(j, "registered_name");
    bool of_keras = !module || !strcmp(module, "builtins") || !strcmp(module, "keras") ||
                    !strncmp(module, "keras.", 6);
    return name && (!of_keras || (registered && strcmp(registered, name) != 0));
}

const char *keras_class(const struct json *j, const struct json **config)
{
    if (config)
        *config = j && j->kind == JSON_OBJECT ? json_get(j, "config") : NULL;
    if (is_of_others(j))
        return "a class that is not Keras's own";
    return j && j->kind == JSON_TEXT ? j->text : json_text(j, "class_name");
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);
    return n > e && !strcmp(name + n - e, end);
}

/* ---- arguments ---- */
const struct json *keras_argument(const struct keras_call *c, const char *name)
{
    return json_get(c->layer->config, name);
}

bool keras_is_frozen(const struct json *config)
{
    const struct json *trainable = json_get(config, "trainable");
    return trainable && trainable->kind != JSON_TRUE;
}

double keras_number(struct keras_call *c, const char *name, double otherwise)
{
    const struct json *v = keras_argument(c, name);
    if (json_is_null(v))
        return otherwise;
    if (v->kind != JSON_NUMBER)
        keras_refuse(c, "argument '%s' is no number", name);
    return v->number;
}

bool keras_flag(struct keras_call *c, const char *name, bool otherwise)
{
    const struct json *v = keras_argument(c, name);
    if (v && v->kind != JSON_TRUE && v->kind != JSON_FALSE)
        keras_refuse(c, "argument '%s' is neither true nor false", name);
    return v ? v->kind == JSON_TRUE : otherwise;
}

const char *keras_word(struct keras_call *c, const char *name, const char *otherwise)
{
    const struct json *v = keras_argument(c, name);
    if (v && v->kind != JSON_TEXT)
        keras_refuse(c, "argument '%s' is no word", name);
    return v && v->kind == JSON_TEXT ? v->text : otherwise;
}

bool keras_wholes(struct keras_call *c, const char *name, int count, int64_t otherwise,
                  int64_t *out)
{
    const struct json *v = keras_argument(c, name);
    const struct json *e = v && v->kind == JSON_LIST ? v->first : v;
    bool one = !v || v->kind != JSON_LIST;
    if (!one && json_count(v) != count) {
        keras_refuse(c, "argument '%s' has not %d numbers", name, count);
        return false;
    }
    for (int i = 0; i < count; i++) {
        bool given = !json_is_null(e);
        if (given && !json_is_whole(e, 0, 1 << 28)) {
            keras_refuse(c, "argument '%s' is not %s of whole numbers", name,
                         one ? "one" : "a list");
            return false;
        }
        out[i] = given ? (int64_t)e->number : otherwise;
        e = one ? e : e->next;
    }
    return true;
}

const char *keras_text(struct keras *k, double number)
{
    bool whole = number >= 0 && number < 1e7 && number == (double)(int64_t)number;
    return whole ? arena_printf(k->arena, "%lld", (long long)number)
                 : number_text(k->arena, (float)number);
}

/* ---- names ---- */
/* Blocks of the library that are called without a value: a name of these would hide them. */
static const char blocks[] =
    "abs attention avg_pool avg_pool1d batch_norm bidirectional clip conv1d conv1d_transpose "
    "conv2d  conv2d_transpose conv3d celu dense depthwise_conv1d depthwise_conv2d dropout elu "
    "embedding exp  flatten gaussian_dropout gaussian_noise gelu gelu_tanh global_avg_pool "
    "global_avg_pool1d  global_max_pool global_max_pool1d group_norm gru gru_cell "
    "hard_sigmoid hard_silu layer_norm  leaky_relu log_softmax lstm lstm_cell max_pool "
    "max_pool1d mish multi_head_attention padding crop  prelu relu relu6 resize rms_norm selu "
    "separable_conv1d separable_conv2d sigmoid silu simple_rnn  simple_rnn_cell softmax "
    "softplus softsign spatial_dropout tanh x y";

static const char *new_id(struct keras *k, const char *name)
{
    const char *other = arena_printf(k->arena, "%s_0", name);
    return made_identifier(k->made, made_has_word(blocks, name) ? other : name);
}

/* "BatchNormalization": "batch_normalization"; "Conv2DTranspose": "conv2d_transpose". */
static const char *snake_case(struct arena *arena, const char *name)
{
    struct text t;
    text_init(&t, arena);
    for (const char *c = name; *c; c++) {
        bool upper = isupper((unsigned char)*c);
        bool behind = c > name && !isupper((unsigned char)c[-1]);
        bool starts = c > name && c[1] && islower((unsigned char)c[1]);
        bool digit = c > name && isdigit((unsigned char)c[-1]);
        if (upper && c > name && ((behind && !digit) || starts))
            text_add(&t, "_", 1);
        char low = (char)tolower((unsigned char)*c);
        if (isalnum((unsigned char)*c) || *c == '_')
            text_add(&t, &low, 1);
    }
    return t.size ? t.data : "";
}

/* Layers of a class are numbered in their order in the .keras file. */
static void find_group(struct keras *k, struct keras_body *b, struct keras_layer *l)
{
    const char *class_name = !strcmp(l->class_name, "Model") ? "Functional" : l->class_name;
    const char *module = json_text(l->json, "module");
    int before = 0;
    l->snake = module && strstr(module, ".ops.") ? "" : snake_case(k->arena, class_name);
    for (const struct keras_layer *other = b->layer; other < l; other++)
        before += !strcmp(other->snake, l->snake);
    l->group = before ? arena_printf(k->arena, "%slayers/%s_%d", b->group, l->snake, before)
                      : arena_printf(k->arena, "%slayers/%s", b->group, l->snake);
}

/* ---- reading the graph ---- */
static bool read_tensor(const struct json *j, struct keras_ref *ref)
{
    const struct json *history = NULL;
    if (json_text(j, "class_name") && !strcmp(json_text(j, "class_name"), "__keras_tensor__"))
        history = json_get(json_get(j, "config"), "keras_history");
    else if (j && j->kind == JSON_LIST && j->first && j->first->kind == JSON_TEXT)
        history = j;                    /* of Keras 2: ["dense", 0, 0, {}] */
    const struct json *name = history ? history->first : NULL, *node = name ? name->next : NULL;
    const struct json *tensor = node ? node->next : NULL;
    if (!tensor || name->kind != JSON_TEXT || !json_is_whole(node, 0, NODES - 1) ||
        !json_is_whole(tensor, 0, 0))
        return false;
    *ref = (struct keras_ref){.layer = name->text, .node = (int)node->number};
    return true;
}

static bool add_input(struct keras_node *n, struct keras_ref ref)
{
    if (n->count == KERAS_INPUTS)
        return false;
    n->input[n->count++] = ref;
    return true;
}

/* An argument of a node: a tensor, a list of them, or a constant. */
static bool read_operand(struct keras_node *n, const struct json *j)
{
    struct keras_ref ref;
    if (read_tensor(j, &ref))
        return add_input(n, ref);
    if (j->kind == JSON_LIST) {
        for (const struct json *e = j->first; e; e = e->next)
            if (!read_operand(n, e))
                return false;
        return true;
    }
    return j->kind == JSON_NUMBER && add_input(n, (struct keras_ref){.constant = j});
}

static bool read_node(struct keras_node *n, const struct json *j)
{
    const struct json *args = json_get(j, "args");
    n->kwargs = json_get(j, "kwargs");
    if (args)
        return args->kind == JSON_LIST && read_operand(n, args);
    if (j->kind != JSON_LIST)
        return false;
    for (const struct json *e = j->first; e; e = e->next) {
        const struct json *last = e->kind == JSON_LIST ? e->first : NULL;
        while (last && last->next)
            last = last->next;
        if (!read_operand(n, e))
            return false;
        if (last && last->kind == JSON_OBJECT && last->first)
            n->kwargs = last;
    }
    return true;
}

static bool read_nodes(struct keras *k, struct keras_layer *l)
{
    const struct json *list = json_get(l->json, "inbound_nodes");
    const struct json *e = list && list->kind == JSON_LIST ? list->first : NULL;
    int count = json_count(list), i = 0;
    l->nodes = count ? count : 1;
    if (count > NODES)
        return fail(k, arena_printf(k->arena, "layer '%s' is used %d times", l->name, count),
                    "this is no model, or one that is too large");
    l->node = ARENA_ARRAY(k->arena, struct keras_node, l->nodes);
    for (; e; e = e->next)
        if (!read_node(&l->node[i++], e))
            return fail(k, arena_printf(k->arena, "layer '%s' (%s) has an input that is not "
                                        "understood", l->name, l->class_name),
                        "inputs are values of layers and numbers; a layer of its own can make "
                        "others");
    return true;
}

/* InputLayer first, where a Sequential model only says the shape. */
static const struct json *sequential_shape(const struct json *config, const struct json *list)
{
    const struct json *first = list->first, *first_config = json_get(first, "config");
    const struct json *shape = json_get(first_config, "batch_input_shape");
    const char *class_name = json_text(first, "class_name");
    if (class_name && !strcmp(class_name, "InputLayer"))
        return NULL;
    if (json_is_null(shape))
        shape = json_get(first_config, "batch_shape");
    return !json_is_null(shape) ? shape : json_get(config, "build_input_shape");
}

static bool read_layers(struct keras *k, struct keras_body *b, const struct json *list)
{
    int at = b->count;
    for (const struct json *e = list->first; e; e = e->next) {
        struct keras_layer *l = &b->layer[at];
        *l = (struct keras_layer){.json = e, .config = json_get(e, "config"),
                                  .class_name = keras_class(e, NULL)};
        l->name = json_text(e, "name") ? json_text(e, "name") : json_text(l->config, "name");
        if (!l->class_name || !l->name || !l->config || l->config->kind != JSON_OBJECT)
            return fail(k, "a layer has no class, name or config",
                        "this is no model of Keras, or damaged; save it again");
        if (names_find(b->by_name, l->name))
            return fail(k, arena_printf(k->arena, "there are two layers '%s'", l->name),
                        "names must differ; save the model again");
        b->by_name = names_add(k->arena, b->by_name, l->name, l);
        l->frozen = keras_is_frozen(l->config);
        find_group(k, b, l);
        l->id = new_id(k, l->name);
        if (!read_nodes(k, l))
            return false;
        b->count = ++at;
    }
    return true;
}

/* A chain: each layer reads the one before it. */
static void link_chain(struct keras *k, struct keras_body *b)
{
    for (int i = 1; i < b->count; i++) {
        b->layer[i].node[0].count = 0;
        add_input(&b->layer[i].node[0], (struct keras_ref){.layer = b->layer[i - 1].name});
    }
    b->inputs = b->outputs = 1;
    b->input = ARENA_NEW(k->arena, struct keras_ref);
    b->output = ARENA_NEW(k->arena, struct keras_ref);
    b->input->layer = b->layer[0].name;
    b->output->layer = b->layer[b->count - 1].name;
}

/* Inputs or outputs of a functional model: ["a", 0, 0], or a list or a dict of these. */
static int read_ends(struct keras *k, const struct json *list, struct keras_ref **ends)
{
    struct keras_ref one;
    int count = 0;
    *ends = ARENA_ARRAY(k->arena, struct keras_ref, LAYERS);
    if (read_tensor(list, &one)) {
        (*ends)[0] = one;
        return 1;
    }
    for (const struct json *e = list ? list->first : NULL; e && count < LAYERS; e = e->next) {
        if (!read_tensor(e, &(*ends)[count]))
            return 0;
        (*ends)[count++].key = list->kind == JSON_OBJECT ? e->key : NULL;
    }
    return count;
}

static struct json *input_layer(struct keras *k, const struct json *shape)
{
    struct json *l = ARENA_ARRAY(k->arena, struct json, 5);
    l[0] = (struct json){.kind = JSON_OBJECT, .first = &l[1]};
    l[1] = (struct json){.kind = JSON_TEXT, .key = "class_name", .text = "InputLayer"};
    l[1].next = &l[2];
    l[2] = (struct json){.kind = JSON_TEXT, .key = "name", .text = "input", .next = &l[3]};
    l[3] = (struct json){.kind = JSON_OBJECT, .key = "config", .first = &l[4]};
    l[4] = *shape;
    l[4].key = "batch_shape";
    l[4].next = NULL;
    return l;
}

static bool read_body(struct keras *k, struct keras_body *b, const struct json *model)
{
    const char *class_name = keras_class(model, NULL);
    const struct json *config = json_get(model, "config");
    const struct json *list = config && config->kind == JSON_LIST ? config
                                                                   : json_get(config, "layers");
    bool chain = class_name && !strcmp(class_name, "Sequential");
    int count = json_count(list);
    if (!chain && (!class_name || !made_has_word("Functional Model", class_name)))
        return fail(k, arena_printf(k->arena, "it is a '%s'", class_name ? class_name : "?"),
                    "Sequential and functional models can be read; a subclass of Model keeps its "
                    "computation in Python");
    if (count == 0 || count >= LAYERS)
        return fail(k, "the model has no layers, or too many", "build it before it is saved");
    b->layer = ARENA_ARRAY(k->arena, struct keras_layer, count + 1);
    const struct json *shape = chain ? sequential_shape(config, list) : NULL;
    struct json head = {.kind = JSON_LIST};
    if (chain && !json_is_null(shape)) {
        head.first = input_layer(k, shape);
        if (!read_layers(k, b, &head))
            return false;
    }
    if (!read_layers(k, b, list))
        return false;
    if (chain) {
        link_chain(k, b);
    } else {
        b->inputs = read_ends(k, json_get(config, "input_layers"), &b->input);
        b->outputs = read_ends(k, json_get(config, "output_layers"), &b->output);
    }
    if (b->inputs && b->outputs && b->inputs <= KERAS_INPUTS && b->outputs <= KERAS_INPUTS)
        return true;
    return fail(k, "its inputs or outputs are not understood",
                "a list of up to 16 tensors each can be read");
}

static struct keras_layer *find_layer(const struct keras_body *b, const char *name)
{
    return names_find(b->by_name, name);
}

/* ---- weights ---- */
/* Whether `part` is one of the path's from *at on; moves behind it. */
static bool skip_to(const char **at, const char *part, bool last)
{
    size_t n = strlen(part);
    for (const char *p = *at; *p;) {
        size_t size = strcspn(p, "/"), plain = strcspn(p, "/:");
        bool begins = n && part[n - 1] == '*' && !strncmp(p, part, n - 1);
        if ((begins || (plain == n && !strncmp(p, part, n))) && (!last || !p[size])) {
            *at = p + size + (p[size] == '/');
            return true;
        }
        p += size + (p[size] == '/');
    }
    return false;
}

/* The layers on the way to this one, from the outermost on. */
static bool skip_bodies(const struct keras_body *b, const char **at)
{
    return !b->of || (skip_bodies(b->outer, at) && skip_to(at, b->of->name, false));
}

static bool is_weight(const struct keras_call *c, const char *path, const char *sub,
                      const char *name)
{
    static const char root[] = "model_weights/";
    const struct keras_body *b = c->body;
    const char *top = c->layer->name, *at = path;
    for (; b->of; b = b->outer)
        top = b->of->name;
    if (strncmp(path, root, strlen(root)) != 0)
        return false;
    at += strlen(root);
    return !strncmp(at, top, strlen(top)) && at[strlen(top)] == '/' &&
           skip_bodies(c->body, &at) && skip_to(&at, c->layer->name, false) &&
           (!*sub || skip_to(&at, sub, false)) && skip_to(&at, name, true);
}

const struct foreign_array *keras_weight(struct keras_call *c, const char *sub, int number,
                                         const char *name)
{
    struct keras *k = c->k;
    const struct foreign_array *found = NULL;
    if (!k->weights)
        return NULL;
    const char *path = arena_printf(k->arena, "%s%s%s/vars/%d", c->layer->group, *sub ? "/" : "",
                                    sub, number);
    for (int i = 0; i < k->weights->count; i++) {
        const struct foreign_array *a = &k->weights->array[i];
        if (k->by_name ? !is_weight(c, a->name, sub, name) : strcmp(a->name, path) != 0)
            continue;
        if (found) {
            keras_refuse(c, "both %s and %s may be its '%s'; give its layers other names, and save "
                         "again", found->name, a->name, name);
            return NULL;
        }
        found = a;
    }
    if (!found)
        keras_refuse(c, "its weight '%s' is not in the file%s%s", name, k->by_name ? "" : " as ",
                     k->by_name ? "" : path);
    return found;
}

float *keras_elements(struct keras *k, const struct foreign_array *a)
{
    int64_t count = 1;
    for (int i = 0; i < a->rank; i++)
        count *= a->dim[i];
    float *data = ARENA_ARRAY(k->arena, float, count + 1);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)foreign_value(a, i);
    return data;
}

void keras_put(struct keras_call *c, const char *to, bool trained, int rank, const int64_t *dim,
               const float *data)
{
    made_save(c->k->made, trained,
              keras_print(c, "%s%s%s%s", c->body->prefix, c->layer->id, *to == '_' ? "" : "/", to),
              rank, dim, data);
}

bool keras_save(struct keras_call *c, const char *sub, int number, const char *name, const char *to,
                bool trained, int rank, const int64_t *dim)
{
    int64_t want = 1, have = 1;
    bool same = true;
    c->layer->learnt += trained && *to != '_';
    if (c->layer->saved || !c->k->weights)
        return !c->failed;
    const struct foreign_array *a = keras_weight(c, sub, number, name);
    if (!a)
        return false;
    for (int i = 0; i < rank; i++)
        if (__builtin_mul_overflow(want, dim[i], &want))
            want = INT64_MAX;
    for (int i = 0; i < a->rank; i++) {
        have *= a->dim[i];
        same &= a->rank != rank || a->dim[i] == dim[i];
    }
    if (want != have || !same) {
        keras_refuse(c, "its weight '%s' has shape %s, and %s is needed", name,
                     list_text(c->k->arena, a->rank, a->dim), list_text(c->k->arena, rank, dim));
        return false;
    }
    keras_put(c, to, trained, rank, dim, keras_elements(c->k, a));
    return true;
}

void keras_freeze(struct keras_call *c, const char *path)
{
    if (!c->layer->saved)
        text_printf(&c->k->rules, "  for \"%s%s%s%s\" { frozen = true }\n", c->body->prefix,
                    c->layer->id, *path == '_' ? "" : "/", path);
}

/* ---- results ---- */
const char *keras_layer_text(struct keras_call *c, const char *call)
{
    struct keras_layer *l = c->layer;
    const char *x = c->in[0]->text, *all = x;
    if (l->nodes == 1 && c->ins == 1)
        return keras_print(c, "%s -> %s as %s", x, call, l->id);
    for (int i = 1; i < c->ins; i++)
        all = keras_print(c, "%s, %s", all, c->in[i]->text);
    if (!l->call) {
        made_line(c->k->made, keras_print(c, "let %s = %s", l->id, call),
                  keras_print(c, "%s %s, used %d time%s", l->class_name, l->name, l->nodes,
                              l->nodes > 1 ? "s" : ""));
        l->call = l->id;
    }
    return c->ins > 1 ? keras_print(c, "%s(%s)", l->call, all)
                      : keras_print(c, "%s -> %s", x, l->call);
}

static const char *comment(struct keras_call *c, const struct keras_value *v)
{
    return keras_print(c, "%s %s: %s", c->layer->class_name, c->layer->name,
                       list_text(c->k->arena, v->rank, v->dim));
}

void keras_give(struct keras_call *c, const struct keras_value *shape, const char *activation,
                const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *text = arena_vprintf(c->k->arena, format, list);
    va_end(list);
    if (c->failed)
        return;
    if (!made_fits(shape->rank, shape->dim)) {
        keras_refuse(c, "what comes out has no elements, or over %d", INT32_MAX);
        return;
    }
    struct keras_value *out = &c->node->out;
    *out = *shape;
    out->classes = 0;
    out->before = out->activation = NULL;
    bool shared = c->layer->call != NULL;
    bool kept = !strcmp(activation, "softmax") || !strcmp(activation, "sigmoid");
    const char *id = c->node == c->layer->node && !shared
        ? c->layer->id
        : made_identifier(c->k->made, keras_print(c, "%s_of_%d", c->layer->id,
                                                  (int)(c->node - c->layer->node) + 1));
    if (kept) {
        out->before = made_identifier(c->k->made, keras_print(c, "%s_logits", id));
        out->activation = activation;
        made_line(c->k->made, keras_print(c, "%s = %s", out->before, text), comment(c, out));
        made_line(c->k->made, keras_print(c, "%s = %s(%s)", id, activation, out->before), NULL);
    } else {
        made_line(c->k->made, keras_print(c, "%s = %s%s%s", id, text, *activation ? " -> " : "",
                                          activation), comment(c, out));
    }
    out->text = id;
    made_note_type(c->k->made, id, "f32", out->rank);
}

/* ---- arguments that all layers have ---- */
static bool is_float32(const struct json *dtype)
{
    const struct json *config;
    const char *name = keras_class(dtype, &config);
    if (json_is_null(dtype) || !name)
        return true;
    return !strcmp(name, "float32") || (json_text(config, "name") &&
                                        !strcmp(json_text(config, "name"), "float32"));
}

static bool is_whole_type(const struct json *dtype)
{
    const char *name = keras_class(dtype, NULL);
    return name && made_has_word("int8 int16 int32 int64 uint8 uint16 uint32 uint64", name);
}

/* l1 and l2 of a weight become losses. */
static void add_penalty(struct keras_call *c, const char *key, const struct json *v)
{
    static const struct { const char *key, *path; } weights[] = {
        {"kernel_regularizer", "w"}, {"bias_regularizer", "bias"}, {"embeddings_regularizer", "w"}};
    const struct json *config;
    const char *name = keras_class(v, &config), *path = NULL;
    double l1 = 0, l2 = 0;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        path = !strcmp(weights[i].key, key) ? weights[i].path : path;
    for (const struct json *m = config ? config->first : NULL; m; m = m->next) {
        l1 = m->key && !strcmp(m->key, "l1") ? m->number : l1;
        l2 = m->key && !strcmp(m->key, "l2") ? m->number : l2;
    }
    if (!name || !made_has_word("L1 L2 L1L2 L1_L2", name) || !path || c->body->outer ||
        !made_has_word("Dense Conv2D Conv1D Embedding", c->layer->class_name)) {
        keras_refuse(c, "'%s' is not of l1 or l2 of a weight that stands in the outermost model",
                     key);
        return;
    }
    if (c->layer->saved || c->layer->frozen || c->k->made->request->infer)
        return;                         /* Keras asks for penalties of what is trained */
    if (l1 > 0)
        text_printf(&c->k->penalties, "  loss %s_%s_l1 = l1(%s.%s, %s)\n", c->layer->id, path,
                    c->layer->id, path, keras_text(c->k, l1));
    if (l2 > 0)
        text_printf(&c->k->penalties, "  loss %s_%s_l2 = l2(%s.%s, %s)\n", c->layer->id, path,
                    c->layer->id, path, keras_text(c->k, l2));
}

/* Whether an initializer's settings are those that it has unless told otherwise. */
static bool are_usual(const struct json *config)
{
    static const struct { const char *key; double value; } known[] = {
        {"gain", 1}, {"minval", -0.05}, {"maxval", 0.05}};
    bool usual = true;
    for (const struct json *m = config ? config->first : NULL; m; m = m->next) {
        bool same = json_is_null(m) || (m->key && made_has_word("seed dtype", m->key));
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            same |= m->key && !strcmp(m->key, known[i].key) && m->kind == JSON_NUMBER &&
                    m->number == known[i].value;
        usual &= same;
    }
    return usual;
}

/* Where there are no weights, the library's start values are to be Keras's: those that a layer has
 * unless told otherwise. */
static void check_start(struct keras_call *c, const struct json *m)
{
    static const struct { const char *arguments, *classes; } start[] = {
        {"kernel_initializer depthwise_initializer pointwise_initializer",
         "GlorotUniform glorot_uniform"},
        {"recurrent_initializer", "Orthogonal orthogonal OrthogonalInitializer"},
        {"bias_initializer beta_initializer moving_mean_initializer alpha_initializer",
         "Zeros zeros"},
        {"gamma_initializer moving_variance_initializer", "Ones ones"},
        {"embeddings_initializer", "RandomUniform random_uniform uniform"}};
    const struct json *config;
    const char *name = keras_class(m, &config);
    bool usual = false;
    for (size_t i = 0; name && i < sizeof start / sizeof *start; i++)
        usual |= made_has_word(start[i].arguments, m->key) && made_has_word(start[i].classes, name);
    if (!c->k->weights && (!usual || !are_usual(config)))
        keras_refuse(c, "'%s' is not what the layer has unless told otherwise; save the model with "
                     "its weights, as .keras", m->key);
}

static void check_argument(struct keras_call *c, const struct json *m)
{
    static const char plain[] = "name trainable batch_input_shape batch_shape seed dtype layers "
                                "ragged sparse optional synchronized";
    bool train = !c->k->made->request->infer;
    if (made_has_word(plain, m->key) || made_has_word(c->rule->arguments, m->key) ||
        json_is_null(m))
        return;
    if (ends_in(m->key, "_initializer")) {
        check_start(c, m);
        return;
    }
    if (ends_in(m->key, "_regularizer"))
        add_penalty(c, m->key, m);
    else if (ends_in(m->key, "_constraint") && train)
        keras_refuse(c, "'%s' has no counterpart; --as infer leaves it out", m->key);
    else if (!ends_in(m->key, "_constraint") && m->kind != JSON_FALSE)
        keras_refuse(c, "argument '%s' is not understood", m->key);
}

/* Whether the argument of a call is understood: what is not said, the mask of several inputs that
 * have none, and flags.  training=False is is_fixed. */
static bool is_known(const struct keras_call *c, const struct json *m)
{
    bool mask = m->kind == JSON_LIST && (!strcmp(m->key, "mask") || ends_in(m->key, "_mask"));
    for (const struct json *e = mask ? m->first : NULL; e; e = e->next)
        mask &= json_is_null(e);
    if (m->kind == JSON_TRUE)
        return !strcmp(m->key, "use_causal_mask") && c->rule->write == keras_attention;
    return json_is_null(m) || mask || !strcmp(m->key, "name") ||
           (m->kind == JSON_FALSE &&
            made_has_word("training use_causal_mask return_attention_scores", m->key));
}

/* Whether the node itself is called with training=False. */
static bool is_fixed(const struct keras_node *n)
{
    const struct json *training = json_get(n->kwargs, "training");
    return training && training->kind == JSON_FALSE;
}

bool keras_predicts(const struct keras_call *c)
{
    return c->fixed || c->k->made->request->infer;
}

void keras_check(struct keras_call *c)
{
    if (!is_float32(json_get(c->layer->config, "dtype")))
        keras_refuse(c, "it computes in another type than float32; build the model with the policy "
                     "float32 and set its weights");
    if (strcmp(keras_word(c, "data_format", "channels_last"), "channels_last") != 0)
        keras_refuse(c, "it has channels first; build the model with data_format='channels_last'");
    for (const struct json *m = c->layer->config->first; m; m = m->next)
        check_argument(c, m);
    for (const struct json *m = c->node->kwargs ? c->node->kwargs->first : NULL; m; m = m->next)
        if (m->key && !is_known(c, m))
            keras_refuse(c, "it is called with '%s', which is not understood", m->key);
}

/* Keras 3 computes in fit() what was said not to train: a functional model hands its own `training`
 * on to all calls.  The import keeps to what was said, as Keras 2 does. */
static void note_fixed(const struct keras_call *c)
{
    const struct keras *k = c->k;
    bool frozen = c->layer->frozen && c->rule->write != keras_nested;
    if (is_fixed(c->node) && !frozen && !k->old && !k->made->request->infer)
        inv_note(k->made->errors, "%s: layer '%s' (%s) is called with training=False, which holds "
                 "in the model file; fit() of Keras 3 trains it all the same, so that losses "
                 "differ where it has dropout or a batch norm that is not frozen",
                 k->made->path, c->layer->name, c->layer->class_name);
}

/* ---- computing ---- */
static void convert(struct keras *k, struct keras_body *b, struct keras_layer *l,
                    struct keras_node *n, struct keras_value **in)
{
    struct keras_call c = {.k = k, .body = b, .layer = l, .node = n, .ins = n->count,
                           .rule = keras_find_rule(l->class_name),
                           .fixed = b->fixed || is_fixed(n)};
    memcpy(c.in, in, sizeof *in * (size_t)n->count);
    if (!c.rule) {
        keras_refuse(&c, "this layer has no counterpart yet; docs/keras.md lists those that have");
        return;
    }
    if (c.ins < c.rule->least || c.ins > c.rule->most) {
        keras_refuse(&c, "it has %d inputs, where %d to %d are read", c.ins, c.rule->least,
                     c.rule->most);
        return;
    }
    for (int i = 0; i < c.ins; i++)
        if (c.in[i]->classes && strcmp(l->class_name, "Embedding") && c.rule->write != keras_nested)
            keras_refuse(&c, "it reads whole numbers that an Embedding reads, too");
    keras_check(&c);
    if (!c.failed)
        c.rule->write(&c);
    if (!c.failed)
        note_fixed(&c);
    if (l->frozen && l->learnt)
        keras_freeze(&c, "**");
    if (k->frozen && !l->frozen && l->learnt)
        keras_refuse(&c, "it is trained, and the model is not; set 'trainable' of both alike");
    l->saved = true;
}

/* Whether all that the node reads is there. */
static bool is_ready(struct keras *k, struct keras_body *b, struct keras_node *n,
                     struct keras_value **in)
{
    for (int i = 0; i < n->count; i++) {
        const struct keras_ref *r = &n->input[i];
        struct keras_layer *l = r->layer ? find_layer(b, r->layer) : NULL;
        if (r->layer && (!l || r->node >= l->nodes || !l->node[r->node].out.text))
            return false;
        if (l) {
            in[i] = &l->node[r->node].out;
        } else {
            in[i] = ARENA_NEW(k->arena, struct keras_value);
            in[i]->text = keras_text(k, r->constant->number);
        }
    }
    return true;
}

static bool is_input(const struct keras_layer *l)
{
    return !strcmp(l->class_name, "InputLayer");
}

/* Lines of all layers that the outputs need, in an order in which they can be computed. */
static bool compute(struct keras *k, struct keras_body *b)
{
    int refused = k->refused;
    for (bool moved = true; moved && k->refused == refused;) {
        moved = false;
        for (int i = 0; i < b->count; i++)
            for (int n = 0; n < b->layer[i].nodes; n++) {
                struct keras_value *in[KERAS_INPUTS];
                struct keras_layer *l = &b->layer[i];
                if (is_input(l) || l->node[n].out.text || !is_ready(k, b, &l->node[n], in))
                    continue;
                convert(k, b, l, &l->node[n], in);
                moved |= l->node[n].out.text != NULL;
            }
    }
    for (int i = 0; i < b->outputs && k->refused == refused; i++) {
        const struct keras_layer *l = find_layer(b, b->output[i].layer);
        if (!l || b->output[i].node >= l->nodes || !l->node[b->output[i].node].out.text)
            fail(k, arena_printf(k->arena, "output '%s' cannot be computed from its inputs",
                                 b->output[i].layer), "this is no model, or it is damaged");
    }
    return k->refused == refused;
}

/* ---- inputs ---- */
/* What an Embedding that reads the layer takes: whole numbers below this; 0: none reads it. */
static int64_t vocabulary(const struct keras_body *b, const char *layer)
{
    for (int i = 0; i < b->count; i++)
        for (int n = 0; n < b->layer[i].nodes; n++)
            for (int r = 0; r < b->layer[i].node[n].count; r++) {
                const struct keras_ref *ref = &b->layer[i].node[n].input[r];
                const struct json *most = json_get(b->layer[i].config, "input_dim");
                if (ref->layer && !strcmp(ref->layer, layer) &&
                    !strcmp(b->layer[i].class_name, "Embedding") &&
                    json_is_whole(most, 1, 1 << 24))
                    return (int64_t)most->number;
            }
    return 0;
}

/* The value of an InputLayer. */
static bool read_input(struct keras *k, struct keras_body *b, struct keras_layer *l)
{
    const struct json *shape = json_get(l->config, "batch_shape");
    struct keras_value *v = &l->node[0].out;
    shape = json_is_null(shape) ? json_get(l->config, "batch_input_shape") : shape;
    if (json_count(shape) == 1 && shape->first->kind == JSON_LIST)
        shape = shape->first;
    int axis = -1;
    for (const struct json *e = shape ? shape->first : NULL; e; e = e->next, axis++) {
        if (axis < 0)
            continue;
        bool good = json_is_whole(e, 1, 1 << 28);
        if (axis >= MADE_AXES || !good)
            return fail(k, arena_printf(k->arena, "input '%s': the extent of axis %d is %s",
                                        l->name, axis + 1, axis >= MADE_AXES ? "one too many"
                                                                             : "not said"),
                        "only the first axis, of the batch, may be open: build the model with "
                        "fixed shapes");
        v->dim[axis] = (int64_t)e->number;
    }
    if (axis < 0)
        return fail(k, arena_printf(k->arena, "input '%s' has no shape", l->name),
                    "build the model before it is saved");
    v->rank = axis;
    v->text = l->id;
    v->classes = vocabulary(b, l->name);
    if (!v->classes)
        made_note_type(k->made, l->id, "f32", v->rank);
    return is_float32(json_get(l->config, "dtype")) ||
           (v->classes && is_whole_type(json_get(l->config, "dtype"))) ||
           fail(k, arena_printf(k->arena, "input '%s' has another type than float32", l->name),
                "whole numbers are read where an Embedding reads them; build the model with "
                "dtype='float32'");
}

/* ---- models within models ---- */
/* The arguments of the block, which are what it is called with. */
static bool nested_inputs(struct keras_call *c, struct keras_body *b, struct text *head)
{
    struct keras *k = c->k;
    text_init(head, k->arena);
    for (int i = 0; i < b->inputs; i++) {
        struct keras_layer *from = find_layer(b, b->input[i].layer);
        if (!from || !is_input(from) || !read_input(k, b, from))
            return false;
        struct keras_value *v = &from->node[0].out;
        if (v->classes || c->in[i]->classes || v->rank != c->in[i]->rank ||
            memcmp(v->dim, c->in[i]->dim, sizeof *v->dim * (size_t)v->rank) != 0) {
            keras_refuse(c, v->classes || c->in[i]->classes
                         ? "an Embedding within it reads its input: only outer models can give it"
                         : "its input has another shape than what it is given");
            return false;
        }
        text_printf(head, "%s%s: f32%s", i ? ", " : "", v->text,
                    v->rank ? list_text(k->arena, v->rank, v->dim) : "");
    }
    return true;
}

/* The lines of the model as a block of that name; what it returns, or NULL. */
static const struct keras_value *nested_block(struct keras_call *c, struct keras_body *b,
                                              const char *name)
{
    struct keras *k = c->k;
    struct text head;
    if (!read_body(k, b, c->layer->json))
        return NULL;
    if (b->inputs != c->ins || b->outputs != 1) {
        keras_refuse(c, "a model within a model has one output here, and inputs for all it is "
                     "given");
        return NULL;
    }
    if (!nested_inputs(c, b, &head) || !compute(k, b))
        return NULL;
    const struct keras_layer *last = find_layer(b, b->output[0].layer);
    const struct keras_value *out = &last->node[b->output[0].node].out;
    text_printf(&k->blocks, "block %s(%s) {\n", name, head.data);
    made_print_lines(k->made, &k->blocks);
    text_printf(&k->blocks, "  return %s\n}\n\n", out->text);
    return out;
}

/* Written when it is first called; its names are its own. */
static void write_nested(struct keras_call *c)
{
    struct made *m = c->k->made, outer = *m;
    struct keras_layer *l = c->layer;
    struct keras_body *b = ARENA_NEW(c->k->arena, struct keras_body);
    int depth = 0;
    *b = (struct keras_body){.outer = c->body, .of = l, .fixed = c->fixed,
                             .prefix = keras_print(c, "%s%s/", c->body->prefix, l->id),
                             .group = keras_print(c, "%s/", l->group)};
    l->block = keras_print(c, "%s_model", l->id);
    for (const struct keras_body *o = c->body; o->of; o = o->outer, depth++)
        l->block = keras_print(c, "%s_%s", o->of->id, l->block);
    if (depth > DEEPEST) {
        keras_refuse(c, "models are nested too deep");
        return;
    }
    m->taken = m->types = NULL;
    m->line = NULL;
    m->line_count = m->line_room = 0;
    l->returns = nested_block(c, b, l->block);
    m->taken = outer.taken;
    m->types = outer.types;
    m->line = outer.line;
    m->line_count = outer.line_count;
    m->line_room = outer.line_room;
    c->failed |= !l->returns;
}

void keras_nested(struct keras_call *c)
{
    if (c->layer->nodes > 1 && is_fixed(c->node))
        keras_refuse(c, "it is called with training=False, and is used more than once");
    else if (!c->layer->returns)
        write_nested(c);
    if (!c->failed)
        keras_give(c, c->layer->returns, "", "%s", keras_layer_text(c, c->layer->block));
}

/* ---- the model file ---- */
static const char *model_text(struct keras *k, struct keras_body *b)
{
    struct text t;
    const char *name[KERAS_INPUTS];
    struct keras_value input[KERAS_INPUTS];
    struct keras_output output[KERAS_INPUTS];
    for (int i = 0; i < b->inputs; i++) {
        struct keras_layer *l = find_layer(b, b->input[i].layer);
        name[i] = l->id;
        input[i] = l->node[0].out;
    }
    for (int i = 0; i < b->outputs; i++) {
        struct keras_layer *l = find_layer(b, b->output[i].layer);
        const char *key = b->output[i].key;
        output[i] = (struct keras_output){l->node[b->output[i].node].out.text,
                                          &l->node[b->output[i].node].out, key ? key : l->name,
                                          key != NULL};
    }
    const char *rest = keras_training(k, input, name, b->inputs, output, b->outputs);
    text_init(&t, k->arena);
    if (rest)
        text_printf(&t, "# %s.inv: made of a Keras model by invar import.\n"
                    "# The model computes what the file does%s; data are a stub,\n# to be filled "
                    "in, as are epochs and batch%s.\ninvar 1\n\n%s", k->name,
                    k->compile ? ", and is trained as it was compiled there" : "",
                    k->compile ? "" : ", loss and optimizer: it was not compiled", rest);
    return rest ? t.data : NULL;
}

static bool convert_model(struct keras *k)
{
    struct keras_body *b = ARENA_NEW(k->arena, struct keras_body);
    *b = (struct keras_body){.prefix = "", .group = ""};
    k->name = made_name(k->made);
    text_init(&k->blocks, k->arena);
    text_init(&k->rules, k->arena);
    text_init(&k->penalties, k->arena);
    k->frozen = keras_is_frozen(json_get(k->config, "config"));
    if (!read_body(k, b, k->config))
        return false;
    for (int i = 0; i < b->inputs; i++) {
        struct keras_layer *l = find_layer(b, b->input[i].layer);
        if (!l || !is_input(l))
            return fail(k, "an input is no InputLayer", "this is no model of Keras, or damaged");
        if (!read_input(k, b, l))
            return false;
    }
    if (!compute(k, b))
        return false;
    const char *text = model_text(k, b);
    if (!text || k->refused)
        return false;
    bool named = k->rules.size > 0;     /* layers, by rules for training */
    text = repeats_as_blocks(k->made, text, named ? REPEATS_KEEP : REPEATS_SPLIT);
    return made_write(k->made, k->name, text);
}

/* ---- files ---- */
static const struct json *parse(struct keras *k, const char *part, const void *text, size_t size)
{
    return json_parse(k->arena, k->made->errors, k->made->path, part, "save the model again",
                      text, size);
}

/* Whether Keras 1 or 2 wrote it; they name no modules, or say their version. */
static bool is_old(const struct json *config, const char *version)
{
    version = version ? version : json_text(config, "keras_version");
    return version ? atoi(version) < 3 : !json_text(config, "module");
}

static bool read_keras(struct keras *k, struct foreign *f, const unsigned char *bytes, size_t size)
{
    struct members members = {.count = 0};
    struct hdf5_texts texts = {.count = 0};
    const struct member *config = NULL, *weights = NULL, *about = NULL;
    const struct json *metadata = NULL;
    if (!foreign_zip(f, bytes, size, &members))
        return false;
    for (int i = 0; i < members.count; i++) {
        const struct member *m = &members.member[i];
        config = !strcmp(m->name, "config.json") ? m : config;
        weights = !strcmp(m->name, "model.weights.h5") ? m : weights;
        about = !strcmp(m->name, "metadata.json") ? m : about;
    }
    if (!config || !weights)
        return fail(k, config ? "it has no model.weights.h5" : "it has no config.json",
                    "this is no .keras file; save the model by model.save(\"NAME.keras\")");
    if (about && !(metadata = parse(k, "metadata.json", about->data, about->size)))
        return false;
    k->config = parse(k, "config.json", config->data, config->size);
    k->weights = f;
    k->compile = json_get(k->config, "compile_config");
    k->old = is_old(k->config, json_text(metadata, "keras_version"));
    return k->config && foreign_hdf5(f, weights->data, weights->size, &texts);
}

static bool read_h5(struct keras *k, struct foreign *f, const unsigned char *bytes, size_t size)
{
    struct hdf5_texts texts = {.count = 0};
    const char *version = NULL;
    if (!foreign_hdf5(f, bytes, size, &texts))
        return false;
    for (int i = 0; i < texts.count; i++) {
        const struct hdf5_text *t = &texts.text[i];
        if (!strcmp(t->name, "model_config") && !(k->config = parse(k, t->name, t->text, t->size)))
            return false;
        if (!strcmp(t->name, "training_config") &&
            !(k->compile = parse(k, t->name, t->text, t->size)))
            return false;
        version = !strcmp(t->name, "keras_version") ? t->text : version;
    }
    if (!k->config)
        return fail(k, "it holds no model, only weights", "save the model by model.save(), not "
                    "save_weights()");
    k->weights = f;
    k->by_name = true;
    k->old = is_old(k->config, version);
    return true;
}

int import_keras(const char *path, const struct import_request *request)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct arena *arena = arena_new();
    struct made made = {.arena = arena, .path = path, .request = request, .errors = &errors};
    struct foreign foreign = {.arena = arena, .errors = &errors, .path = path};
    struct keras k = {.made = &made, .arena = arena};
    size_t size;
    const unsigned char *bytes = foreign_bytes(&foreign, path, &size);
    bool good = bytes != NULL;
    if (good && bytes[0] == 'P') {
        good = read_keras(&k, &foreign, bytes, size);
    } else if (good && bytes[0] == 0x89) {
        good = read_h5(&k, &foreign, bytes, size);
    } else if (good) {
        k.config = parse(&k, "the configuration", bytes, size);
        k.compile = json_get(k.config, "compile_config");
        k.old = is_old(k.config, NULL);
        good = k.config != NULL;
    }
    good = good && convert_model(&k);
    inv_errors_close(&errors);
    arena_free(arena);
    return good ? 0 : 1;
}
