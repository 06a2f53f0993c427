/* What a model of Keras was compiled with: losses, metrics, optimizer and its schedule, with
 * Keras's own formulas where those of the library differ. */
#include <math.h>
#include <string.h>
#include "convert/keras.h"

struct training {
    struct keras *k;
    struct text data, losses, metrics;
    bool failed;
};

static void fail(struct training *t, const char *what, const char *cure)
{
    t->failed = true;
    t->k->refused++;
    made_fail(t->k->made, what, cure);
}

static const char *print(struct training *t, const char *format, const char *a, const char *b)
{
    return arena_printf(t->k->arena, format, a, b);
}

/* ---- settings ---- */
/* Of a loss, a schedule or an optimizer: one that is not known, or of another kind than it is to
 * be, is an error, since Keras would have trained otherwise. */
struct settings {
    struct training *t;
    const char *what, *name;            /* "loss", "Huber" */
    const struct json *config;
};

static void refuse_setting(const struct settings *s, const char *key, const char *how)
{
    fail(s->t, arena_printf(s->t->k->arena, "'%s' of the %s '%s' %s", key, s->what, s->name, how),
         "compile the model otherwise before it is saved");
}

/* What is null is as if it were not given. */
static struct settings settings_of(struct training *t, const char *what, const char *name,
                                   const struct json *config, const char *arguments)
{
    struct settings s = {.t = t, .what = what, .name = name, .config = config};
    if (!json_is_null(config) && config->kind != JSON_OBJECT)
        refuse_setting(&s, "config", "is no object");
    for (const struct json *m = json_is_null(config) ? NULL : config->first; m; m = m->next)
        if (m->key && !made_has_word(arguments, m->key) && m->kind != JSON_NULL)
            refuse_setting(&s, m->key, "is not understood");
    return s;
}

static double number_within(const struct settings *s, const char *key, double otherwise,
                            double least, double most)
{
    const struct json *v = json_get(s->config, key);
    if (json_is_null(v))
        return otherwise;
    if (v->kind != JSON_NUMBER || !isfinite(v->number)) {
        refuse_setting(s, key, "is no number");
        return otherwise;
    }
    if (v->number < least || v->number > most)
        refuse_setting(s, key, arena_printf(s->t->k->arena, "is not from %g to %g", least, most));
    return v->number;
}

static double number(const struct settings *s, const char *key, double otherwise)
{
    return number_within(s, key, otherwise, -HUGE_VAL, HUGE_VAL);
}

/* One without a value of its own in Keras. */
static double needed(const struct settings *s, const char *key)
{
    if (json_is_null(json_get(s->config, key)))
        refuse_setting(s, key, "is not given");
    return number(s, key, 1);
}

/* 0 and 1 are as false and true, as in Python. */
static bool flag(const struct settings *s, const char *key)
{
    const struct json *v = json_get(s->config, key);
    bool bit = v && v->kind == JSON_NUMBER && (v->number == 0 || v->number == 1);
    if (!json_is_null(v) && !bit && v->kind != JSON_TRUE && v->kind != JSON_FALSE)
        refuse_setting(s, key, "is neither true nor false");
    return v && (v->kind == JSON_TRUE || (bit && v->number == 1));
}

/* ---- losses ---- */
/* What the label of an output is. */
enum label { CLASS, LIKE };

/* @0: the guess, @1: the truth, @l: the logits, or the logarithm of the guess where there are none;
 * @s: the smoothing; @d: delta. */
static const struct loss {
    const char *names;
    enum label label;
    const char *text, *probabilities, *arguments;
} losses[] = {
    {"sparse_categorical_crossentropy SparseCategoricalCrossentropy", CLASS,
     "cross_entropy(@l, @1)", NULL, "from_logits axis"},
    {"categorical_crossentropy CategoricalCrossentropy", LIKE, "soft_cross_entropy(@l, @1@s)",
     NULL, "from_logits axis label_smoothing"},
    {"binary_crossentropy BinaryCrossentropy", LIKE, "binary_cross_entropy(@l, @1@s)",
     "binary_cross_entropy_probs(@0, @1@s)", "from_logits axis label_smoothing"},
    {"mse MSE mean_squared_error MeanSquaredError", LIKE, "mse(@0, @1)", NULL, ""},
    {"mae MAE mean_absolute_error MeanAbsoluteError", LIKE, "mae(@0, @1)", NULL, ""},
    {"msle MSLE mean_squared_logarithmic_error MeanSquaredLogarithmicError", LIKE,
     "square(log1p(max(@0, 1e-7)) - log1p(max(@1, 1e-7)))", NULL, ""},
    {"mape MAPE mean_absolute_percentage_error MeanAbsolutePercentageError", LIKE,
     "100 * abs((@1 - @0) / max(abs(@1), 1e-7))", NULL, ""},
    {"huber Huber huber_loss", LIKE, "huber(@0, @1, @d)", NULL, "delta"},
    {"log_cosh logcosh LogCosh", LIKE, "log_cosh(@0, @1)", NULL, ""},
    {"hinge Hinge", LIKE, "hinge(@0, @1)", NULL, ""},
    {"squared_hinge SquaredHinge", LIKE, "square(hinge(@0, @1))", NULL, ""},
    {"poisson Poisson", LIKE, "@0 - @1 * log(@0 + 1e-7)", NULL, ""},
    {"kl_divergence KLDivergence kullback_leibler_divergence kld KLD", LIKE,
     "kl_divergence(@0, @1)", NULL, ""}};

static const struct loss *find_loss(const char *name)
{
    for (size_t i = 0; name && i < sizeof losses / sizeof *losses; i++)
        if (made_has_word(losses[i].names, name))
            return &losses[i];
    return NULL;
}

static const char *fill(struct training *t, const char *form, const char *guess, const char *truth,
                        const char *logits, const char *smoothing, const char *delta)
{
    struct text out;
    text_init(&out, t->k->arena);
    for (; *form; form++) {
        if (*form != '@') {
            text_add(&out, form, 1);
            continue;
        }
        form++;
        text_puts(&out, *form == '0' ? guess : *form == '1' ? truth : *form == 'l' ? logits
                                             : *form == 's' ? smoothing : delta);
    }
    return out.data;
}

/* A crossentropy is taken of logits: those that it is told to get, or what softmax or sigmoid was
 * taken of.  What Keras makes of another pair is a matter of its backend, or of rounding. */
static const char *logits_of(const struct settings *s, const struct loss *row,
                             const struct keras_value *v, const char **form)
{
    bool from_logits = flag(s, "from_logits"), binary = row->probabilities != NULL;
    const char *wanted = binary ? "sigmoid" : "softmax";
    *form = row->text;
    if (from_logits && !v->before)
        return v->text;
    if (!from_logits && v->before && !strcmp(v->activation, wanted))
        return v->before;
    if (!from_logits && !v->before && binary)
        *form = row->probabilities;
    else
        fail(s->t, arena_printf(s->t->k->arena, "the loss '%s' %s reads %s", s->name,
                                from_logits ? "from_logits" : "of probabilities",
                                v->before ? print(s->t, "a %s%s", v->activation, "")
                                          : "what no softmax is the last step of"),
             print(s->t, "end the model in a %s without from_logits, or without an activation and "
                   "with from_logits=True%s", wanted, ""));
    return v->text;
}

static const char *name_of(const struct json *object, const struct json **config)
{
    const char *name = keras_class(object, config);
    if (!name || strcmp(name, "function"))
        return name;
    name = json_text(object, "config");
    *config = NULL;
    return name;
}

/* Huber of Keras 3 saves itself without its delta: what it was compiled with is not known. */
static double delta_of(const struct settings *s)
{
    if (!strcmp(s->name, "Huber") && json_is_null(json_get(s->config, "delta")))
        inv_note(s->t->k->made->errors, "%s: the file has no delta of the loss 'Huber', which "
                 "Keras 3 does not save: it is 1 here, as where Keras loads it; change it in the "
                 "model file", s->t->k->made->path);
    return number_within(s, "delta", 1, 0, HUGE_VAL);
}

/* The loss of an output: its text; NULL where it has none, or after an error. */
static const char *loss_text(struct training *t, const struct json *loss,
                             const struct keras_output *o, const char *truth,
                             const struct loss **row)
{
    struct keras *k = t->k;
    const struct json *config;
    const char *name = name_of(loss, &config), *form = NULL;
    if (json_is_null(loss))
        return NULL;
    *row = find_loss(name);
    if (!*row) {
        fail(t, print(t, "the loss '%s' has no counterpart%s", name ? name : "?", ""),
             "compile the model with another before it is saved, or without one");
        return NULL;
    }
    struct settings s = settings_of(t, "loss", name, config,
                                    print(t, "name reduction %s%s", (*row)->arguments, ""));
    const char *reduction = json_text(config, "reduction");
    if (json_get(config, "reduction") &&
        (!reduction || !made_has_word("sum_over_batch_size auto", reduction)))
        refuse_setting(&s, "reduction", "is not 'sum_over_batch_size', the only one there is here");
    number_within(&s, "axis", -1, -1, -1);
    double smoothing = number_within(&s, "label_smoothing", 0, 0, 1);
    bool entropy = made_has_word((*row)->arguments, "from_logits");
    const char *logits = entropy ? logits_of(&s, *row, o->value, &form) : "";
    return fill(t, entropy ? form : (*row)->text, o->value->text, truth, logits,
                smoothing > 0 ? print(t, ", smoothing = %s%s", keras_text(k, smoothing), "") : "",
                keras_text(k, delta_of(&s)));
}

/* ---- by outputs ---- */
static bool is_dict(const struct json *all)
{
    return all && all->kind == JSON_OBJECT && !json_get(all, "class_name");
}

/* Losses are one, a list or a dict by outputs. */
static const struct json *of_output(const struct json *all, const char *key, int at)
{
    if (is_dict(all))
        return json_get(all, key);
    if (!all || all->kind != JSON_LIST)
        return all;                     /* one for all of them */
    const struct json *e = all->first;
    while (e && at-- > 0)
        e = e->next;
    return e;
}

/* A list of metrics in Keras 2 that are of every output. */
static bool is_of_all(struct training *t, const struct json *all)
{
    bool flat = t->k->old;
    for (const struct json *e = all->first; e && flat; e = e->next)
        flat = e->kind != JSON_LIST;
    return flat;
}

/* Whether each of a dict is of one output, and a list has one for each. */
static void check_outputs(struct training *t, const char *what, const struct keras_output *o,
                          int outputs)
{
    const struct json *all = json_get(t->k->compile, what);
    for (const struct json *m = is_dict(all) ? all->first : NULL; m; m = m->next) {
        int found = 0;
        for (int i = 0; i < outputs; i++)
            found += !strcmp(o[i].key, m->key);
        if (found != 1)
            fail(t, arena_printf(t->k->arena, "its %s are of '%s', which %s", what, m->key,
                                 found ? "are several outputs" : "is no output"),
                 "compile the model with the names of its outputs before it is saved");
    }
    bool metrics = strstr(what, "metrics") != NULL;
    if (!all || all->kind != JSON_LIST || (metrics && (outputs == 1 || is_of_all(t, all))))
        return;
    if (json_count(all) != outputs)
        fail(t, arena_printf(t->k->arena, "its %s are %d, and its outputs %d", what,
                             json_count(all), outputs), "give one for each output, or a dict");
    else if (outputs > 1 && o[0].named)
        fail(t, print(t, "its outputs are a dict, and its %s a list%s", what, ""),
             "compile the model with a dict of them before it is saved");
}

/* ---- metrics ---- */
static void add_metric(struct training *t, const struct json *metric, const struct keras_output *o,
                       const char *truth, const struct loss *loss)
{
    const struct json *config, *of_function;
    const char *name = name_of(metric, &config), *text = NULL, *y = truth;
    const struct keras_value *v = o->value;
    const struct json *k = json_get(config, "k"), *threshold = json_get(config, "threshold");
    if (name && !strcmp(name, "MeanMetricWrapper"))
        name = name_of(json_get(config, "fn"), &of_function);
    name = name ? name : "?";
    bool sparse = loss && loss->label == CLASS, one = v->rank > 0 && v->dim[v->rank - 1] == 1;
    bool many = loss && strstr(loss->names, "categorical") != NULL;
    bool plain = (!k || json_is_whole(k, 1, 1 << 20)) &&
                 (!threshold || (threshold->kind == JSON_NUMBER && threshold->number == 0.5));
    for (const struct json *m = config ? config->first : NULL; m; m = m->next)
        plain &= m->kind == JSON_NULL || made_has_word("name dtype fn k threshold", m->key);
    if (!sparse && many)
        y = print(t, "argmax(%s)%s", truth, "");
    if (made_has_word("accuracy acc Accuracy", name) ||
        made_has_word("sparse_categorical_accuracy SparseCategoricalAccuracy categorical_accuracy "
                 "CategoricalAccuracy", name))
        text = many ? print(t, "accuracy(%s, %s)", v->text, y)
             : one || (loss && strstr(loss->names, "binary"))
                 ? print(t, "binary_accuracy(%s, %s)", v->text, truth) : NULL;
    else if (made_has_word("binary_accuracy BinaryAccuracy", name) && !sparse)
        text = print(t, "binary_accuracy(%s, %s)", v->text, truth);
    else if (made_has_word("mse MSE mean_squared_error MeanSquaredError", name) && !sparse)
        text = print(t, "mean_squared_error(%s, %s)", v->text, truth);
    else if (made_has_word("mae MAE mean_absolute_error MeanAbsoluteError", name) && !sparse)
        text = print(t, "mean_absolute_error(%s, %s)", v->text, truth);
    else if (many && made_has_word("SparseTopKCategoricalAccuracy TopKCategoricalAccuracy "
                              "sparse_top_k_categorical_accuracy top_k_categorical_accuracy", name))
        text = arena_printf(t->k->arena, "top_k(%s, %s, k = %d)", v->text, y,
                            k ? (int)k->number : 5);
    if (text && plain)
        text_printf(&t->metrics, "  metric %s\n", text);
    else
        inv_note(t->k->made->errors, "%s: the metric '%s' has no counterpart%s, and is left out",
                 t->k->made->path, name, text ? " with these settings" : "");
}

static void add_metrics(struct training *t, const struct json *all, const struct keras_output *o,
                        int at, int outputs, const char *truth, const struct loss *loss)
{
    const struct json *list = all;
    if (is_dict(all) || (outputs > 1 && all && all->kind == JSON_LIST && !is_of_all(t, all)))
        list = of_output(all, o->key, at);
    if (json_is_null(list))
        return;
    if (list->kind != JSON_LIST) {
        add_metric(t, list, o, truth, loss);
        return;
    }
    for (const struct json *e = list->first; e; e = e->next)
        if (e->kind == JSON_LIST)       /* of Keras 2: one list for each output */
            for (const struct json *m = e->first; m; m = m->next)
                add_metric(t, m, o, truth, loss);
        else
            add_metric(t, e, o, truth, loss);
}

/* ---- schedules ---- */
static bool are_numbers(const struct json *list)
{
    bool good = list && list->kind == JSON_LIST;
    for (const struct json *e = good ? list->first : NULL; e && good; e = e->next)
        good = e->kind == JSON_NUMBER && isfinite(e->number);
    return good;
}

static const char *piecewise(const struct settings *s)
{
    struct training *t = s->t;
    const struct json *b = json_get(s->config, "boundaries"), *v = json_get(s->config, "values");
    const char *open = "", *close = "";
    if (!are_numbers(b) || !are_numbers(v) || json_count(v) != json_count(b) + 1) {
        fail(t, "a PiecewiseConstantDecay has not one value more than boundaries",
             "save the model again");
        return "0";
    }
    const struct json *edge = b->first, *value = v->first;
    for (; edge; edge = edge->next, value = value->next) {
        open = arena_printf(t->k->arena, "%sselect(step <= %s, %s, ", open,
                            keras_text(t->k, edge->number), keras_text(t->k, value->number));
        close = print(t, "%s)%s", close, "");
    }
    return arena_printf(t->k->arena, "%s%s%s", open, keras_text(t->k, value->number), close);
}

static const char *cosine(const struct settings *s)
{
    struct keras *k = s->t->k;
    struct arena *arena = k->arena;
    double from = needed(s, "initial_learning_rate"), alpha = number(s, "alpha", 0);
    double warm = number_within(s, "warmup_steps", 0, 0, HUGE_VAL);
    double peak = number(s, "warmup_target", from);
    bool rises = warm > 0 && !json_is_null(json_get(s->config, "warmup_target"));
    const char *over = keras_text(k, needed(s, "decay_steps"));
    const char *to = alpha != 0 ? print(s->t, ", to = %s%s", keras_text(k, peak * alpha), "") : "";
    if (!rises)
        return arena_printf(arena, "cosine(%s%s, over = %s)", keras_text(k, peak), to, over);
    return arena_printf(arena, "select(step < %s, %s + %s * step / %s, cosine(%s%s, start = %s, "
                        "over = %s))", keras_text(k, warm), keras_text(k, from),
                        keras_text(k, peak - from), keras_text(k, warm),
                        keras_text(k, peak), to, keras_text(k, warm), over);
}

static const char *exponential(const struct settings *s)
{
    struct keras *k = s->t->k;
    bool stairs = flag(s, "staircase");
    return arena_printf(k->arena, "%s(%s, %s, every = %s%s)", stairs ? "staircase" : "exponential",
                        keras_text(k, needed(s, "initial_learning_rate")),
                        keras_text(k, needed(s, "decay_rate")),
                        keras_text(k, needed(s, "decay_steps")), stairs ? ", at = step" : "");
}

static const char *inverse_time(const struct settings *s)
{
    struct keras *k = s->t->k;
    if (flag(s, "staircase"))
        refuse_setting(s, "staircase", "has no counterpart");
    return arena_printf(k->arena, "inverse_time(%s, %s, every = %s)",
                        keras_text(k, needed(s, "initial_learning_rate")),
                        keras_text(k, needed(s, "decay_rate")),
                        keras_text(k, needed(s, "decay_steps")));
}

static const char *polynomial(const struct settings *s)
{
    struct keras *k = s->t->k;
    if (flag(s, "cycle"))
        refuse_setting(s, "cycle", "has no counterpart");
    return arena_printf(k->arena, "polynomial(%s, to = %s, power = %s, over = %s)",
                        keras_text(k, needed(s, "initial_learning_rate")),
                        keras_text(k, number(s, "end_learning_rate", 1e-4)),
                        keras_text(k, number(s, "power", 1)),
                        keras_text(k, needed(s, "decay_steps")));
}

static const struct schedule {
    const char *name, *arguments;
    const char *(*write)(const struct settings *);
} schedules[] = {
    {"ExponentialDecay", "name initial_learning_rate decay_steps decay_rate staircase",
     exponential},
    {"InverseTimeDecay", "name initial_learning_rate decay_steps decay_rate staircase",
     inverse_time},
    {"PolynomialDecay", "name initial_learning_rate decay_steps end_learning_rate power cycle",
     polynomial},
    {"CosineDecay", "name initial_learning_rate decay_steps alpha warmup_steps warmup_target",
     cosine},
    {"PiecewiseConstantDecay", "name boundaries values", piecewise}};

static bool is_scheduled(const struct settings *optimizer)
{
    const struct json *rate = json_get(optimizer->config, "learning_rate");
    return rate && rate->kind == JSON_OBJECT;
}

/* The learning rate of an optimizer: "lr" in Keras 1. */
static const char *schedule(const struct settings *optimizer, double otherwise)
{
    struct training *t = optimizer->t;
    const struct json *rate = json_get(optimizer->config, "learning_rate"), *config;
    if (!is_scheduled(optimizer))
        return keras_text(t->k, number(optimizer, json_is_null(rate) ? "lr" : "learning_rate",
                                       otherwise));
    const char *name = keras_class(rate, &config);
    for (size_t i = 0; name && i < sizeof schedules / sizeof *schedules; i++)
        if (!strcmp(schedules[i].name, name)) {
            struct settings s = settings_of(t, "schedule", name, config, schedules[i].arguments);
            return schedules[i].write(&s);
        }
    fail(t, print(t, "the schedule '%s' has no counterpart%s", name ? name : "?", ""),
         "compile the model with a constant rate before it is saved");
    return "0";
}

/* ---- optimizers ---- */
/* Keras's own formulas, where the library has others: @r the learning rate. */
static const char keras_sgd[] =
    "# keras.optimizers.SGD: the learning rate is within the velocity.\n"
    "block keras_sgd(w: f32[...], g: f32[...], lr: f32, momentum: f32, nesterov: bool = false,\n"
    "    clip_value: f32 = none, clip_norm: f32 = none, global_clip_norm: f32 = none) {\n"
    "  g = conditioned(w, g, 0, clip_value, clip_norm, global_clip_norm)\n"
    "  state v = 0\n  v = momentum * v - lr * g\n"
    "  if nesterov { return w + momentum * v - lr * g }\n  return w + v\n}\n\n";
static const char keras_rmsprop[] =
    "# keras.optimizers.RMSprop: eps under the root, the learning rate within the momentum.\n"
    "block keras_rmsprop(w: f32[...], g: f32[...], lr: f32, rho: f32, eps: f32,\n"
    "    momentum: f32 = 0, centered: bool = false, clip_value: f32 = none,\n"
    "    clip_norm: f32 = none, global_clip_norm: f32 = none) {\n"
    "  g = conditioned(w, g, 0, clip_value, clip_norm, global_clip_norm)\n"
    "  state v = 0\n  v = rho * v + (1 - rho) * square(g)\n  power = v\n"
    "  if centered {\n    state average = 0\n    average = rho * average + (1 - rho) * g\n"
    "    power = v - square(average)\n  }\n"
    "  u = lr * g * rsqrt(power + eps)\n  if momentum == 0 { return w - u }\n"
    "  state m = 0\n  m = momentum * m + u\n  return w - m\n}\n\n";
static const char keras_adagrad[] =
    "# keras.optimizers.Adagrad: eps under the root.\n"
    "block keras_adagrad(w: f32[...], g: f32[...], lr: f32, start: f32, eps: f32,\n"
    "    clip_value: f32 = none, clip_norm: f32 = none, global_clip_norm: f32 = none) {\n"
    "  g = conditioned(w, g, 0, clip_value, clip_norm, global_clip_norm)\n"
    "  state total = start\n  total = total + square(g)\n"
    "  return w - lr * g * rsqrt(total + eps)\n}\n\n";
static const char keras_adamax[] =
    "# keras.optimizers.Adamax: eps is added to the maximum.\n"
    "block keras_adamax(w: f32[...], g: f32[...], lr: f32, b1: f32, b2: f32, eps: f32,\n"
    "    clip_value: f32 = none, clip_norm: f32 = none, global_clip_norm: f32 = none) {\n"
    "  g = conditioned(w, g, 0, clip_value, clip_norm, global_clip_norm)\n"
    "  state m = 0\n  state u = 0\n  m = b1 * m + (1 - b1) * g\n  u = max(b2 * u, abs(g))\n"
    "  return w - lr / bias_correction(b1, updates + 1) * (m / (u + eps))\n}\n\n";

/* "b1 = 0.9, b2 = 0.999". */
static const char *betas(const struct settings *s, double b2)
{
    struct keras *k = s->t->k;
    return arena_printf(k->arena, "b1 = %s, b2 = %s", keras_text(k, number(s, "beta_1", 0.9)),
                        keras_text(k, number(s, "beta_2", b2)));
}

/* Whether a layer of that class is anywhere in the model. */
static bool has_class(const struct json *j, const char *class_name)
{
    const char *own = json_text(j, "class_name");
    bool found = own && !strcmp(own, class_name);
    for (const struct json *e = j ? j->first : NULL; e && !found; e = e->next)
        found = has_class(e, class_name);
    return found;
}

static const char *clips(const struct settings *s)
{
    static const struct { const char *keras, *own; } names[] = {
        {"clipnorm", "clip_norm"}, {"global_clipnorm", "global_clip_norm"},
        {"clipvalue", "clip_value"}};
    struct keras *k = s->t->k;
    const char *text = "";
    int count = 0;
    for (int i = 0; i < 3; i++) {
        double limit = number(s, names[i].keras, 0);
        if (limit > 0 && i == 0 && has_class(k->config, "GRU"))
            refuse_setting(s, "clipnorm", "clips a bias of GRU whole, which is two here");
        if (limit > 0 && count++ > 0)
            refuse_setting(s, names[i].keras, "is a second kind of clipping");
        if (limit > 0)
            text = arena_printf(k->arena, "%s, %s = %s", text, names[i].own, keras_text(k, limit));
    }
    return text;
}

/* What no optimizer of the library has. */
static void check_plain(const struct settings *s)
{
    if (number(s, "weight_decay", 0) != 0 && !made_has_word("AdamW Adam Lion", s->name))
        refuse_setting(s, "weight_decay", "has no counterpart; AdamW, Adam and Lion may have it");
    if (flag(s, "use_ema"))
        refuse_setting(s, "use_ema", "has no counterpart");
    if (flag(s, "is_legacy_optimizer"))
        refuse_setting(s, "is_legacy_optimizer", "has no counterpart");
    number_within(s, "decay", 0, 0, 0);
    number_within(s, "gradient_accumulation_steps", 1, 1, 1);
    number_within(s, "loss_scale_factor", 1, 1, 1);
}

static const char *epsilon(const struct settings *s)
{
    return keras_text(s->t->k, number(s, "epsilon", 1e-7));
}

static const char *adam(const struct settings *s, const char *rate)
{
    struct keras *k = s->t->k;
    bool weighted = !strcmp(s->name, "AdamW");
    if (weighted && json_get(s->config, "weight_decay") &&
        json_is_null(json_get(s->config, "weight_decay")))
        refuse_setting(s, "weight_decay", "is null, which Keras refuses");
    double decay = number(s, "weight_decay", weighted ? 0.004 : 0);
    const char *eps = arena_printf(k->arena, "%s / sqrt(1 - %s ^ (step + 1))", epsilon(s),
                                   keras_text(k, number(s, "beta_2", 0.999)));
    bool largest = flag(s, "amsgrad");
    if (largest && decay != 0)
        refuse_setting(s, "amsgrad", "is together with weight_decay; choose one of them");
    return arena_printf(k->arena, "%s(lr = %s, %s, eps = %s%s", largest ? "amsgrad"
                        : decay != 0 ? "adamw" : "adam", rate, betas(s, 0.999), eps,
                        decay != 0 ? print(s->t, ", decay = %s%s", keras_text(k, decay), "") : "");
}

static const char *sgd(const struct settings *s, const char *rate)
{
    struct keras *k = s->t->k;
    double momentum = number(s, "momentum", 0);
    bool nesterov = flag(s, "nesterov");
    const char *own = "sgd";
    if (momentum == 0)
        return print(s->t, "sgd(lr = %s%s", rate, "");
    if (is_scheduled(s)) {
        own = "keras_sgd";
        text_puts(&k->blocks, keras_sgd);
    }
    return arena_printf(k->arena, "%s(lr = %s, momentum = %s%s", own, rate,
                        keras_text(k, momentum), nesterov ? ", nesterov = true" : "");
}

static const char *nadam(const struct settings *s, const char *rate)
{
    return arena_printf(s->t->k->arena, "nadam(lr = %s, %s, eps = %s, psi = 1", rate,
                        betas(s, 0.999), epsilon(s));
}

static const char *adadelta(const struct settings *s, const char *rate)
{
    return arena_printf(s->t->k->arena, "adadelta(lr = %s, rho = %s, eps = %s", rate,
                        keras_text(s->t->k, number(s, "rho", 0.95)), epsilon(s));
}

static const char *lion(const struct settings *s, const char *rate)
{
    return arena_printf(s->t->k->arena, "lion(lr = %s, %s, decay = %s", rate, betas(s, 0.99),
                        keras_text(s->t->k, number(s, "weight_decay", 0)));
}

static const char *rmsprop(const struct settings *s, const char *rate)
{
    struct keras *k = s->t->k;
    text_puts(&k->blocks, keras_rmsprop);
    return arena_printf(k->arena, "keras_rmsprop(lr = %s, rho = %s, eps = %s, momentum = %s%s",
                        rate, keras_text(k, number(s, "rho", 0.9)), epsilon(s),
                        keras_text(k, number(s, "momentum", 0)),
                        flag(s, "centered") ? ", centered = true" : "");
}

static const char *adagrad(const struct settings *s, const char *rate)
{
    struct keras *k = s->t->k;
    text_puts(&k->blocks, keras_adagrad);
    return arena_printf(k->arena, "keras_adagrad(lr = %s, start = %s, eps = %s", rate,
                        keras_text(k, number(s, "initial_accumulator_value", 0.1)), epsilon(s));
}

static const char *adamax(const struct settings *s, const char *rate)
{
    struct keras *k = s->t->k;
    text_puts(&k->blocks, keras_adamax);
    return arena_printf(k->arena, "keras_adamax(lr = %s, %s, eps = %s", rate, betas(s, 0.999),
                        epsilon(s));
}

/* `write`: the call, without its closing parenthesis and clips. */
static const struct optimizer {
    const char *word, *name;
    double rate;
    const char *arguments;
    const char *(*write)(const struct settings *, const char *rate);
} optimizers[] = {
    {"sgd", "SGD", 0.01, "momentum nesterov", sgd},
    {"adam", "Adam", 1e-3, "beta_1 beta_2 epsilon amsgrad", adam},
    {"adamw", "AdamW", 1e-3, "beta_1 beta_2 epsilon amsgrad", adam},
    {"nadam", "Nadam", 1e-3, "beta_1 beta_2 epsilon", nadam},
    {"adamax", "Adamax", 1e-3, "beta_1 beta_2 epsilon", adamax},
    {"rmsprop", "RMSprop", 1e-3, "rho momentum epsilon centered", rmsprop},
    {"adagrad", "Adagrad", 1e-3, "initial_accumulator_value epsilon", adagrad},
    {"adadelta", "Adadelta", 1e-3, "rho epsilon", adadelta},
    {"lion", "Lion", 1e-3, "beta_1 beta_2", lion}};

/* Of all of them; the weights' average is of use_ema only. */
static const char common[] =
    "name learning_rate lr decay weight_decay clipnorm global_clipnorm clipvalue use_ema "
    "ema_momentum ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps "
    "jit_compile is_legacy_optimizer";

static const char *optimizer(struct training *t)
{
    const struct json *o = json_get(t->k->compile, "optimizer"), *config;
    o = json_is_null(o) ? json_get(t->k->compile, "optimizer_config") : o;
    const char *name = keras_class(o, &config);
    if (json_is_null(o))
        return "adam(lr = 1e-3)";
    for (size_t i = 0; name && i < sizeof optimizers / sizeof *optimizers; i++) {
        const struct optimizer *row = &optimizers[i];
        if (strcmp(row->word, name) && strcmp(row->name, name))
            continue;
        struct settings s = settings_of(t, "optimizer", row->name, config,
                                        print(t, "%s %s", common, row->arguments));
        check_plain(&s);
        const char *rate = schedule(&s, row->rate);
        return print(t, "%s%s)", row->write(&s, rate), clips(&s));
    }
    fail(t, print(t, "the optimizer '%s' has no counterpart%s", name ? name : "?", ""),
         "compile the model with another before it is saved");
    return "";
}

/* ---- the file ---- */
/* What compile() was given, by its names in Keras 3 and 2; the second line is of how, not of what
 * is computed. */
static const char compiled[] =
    "optimizer optimizer_config loss loss_weights metrics weighted_metrics "
    "run_eagerly jit_compile steps_per_execution auto_scale_loss";

/* Settings of compile() that are not known might be ones by which Keras trains otherwise. */
static void check_compiled(struct training *t)
{
    const struct json *c = t->k->compile;
    if (!json_is_null(c) && c->kind != JSON_OBJECT)
        fail(t, "what it was compiled with is no object", "compile and save the model again");
    for (const struct json *m = json_is_null(c) ? NULL : c->first; m; m = m->next)
        if (m->key && m->kind != JSON_NULL && !made_has_word(compiled, m->key))
            fail(t, print(t, "'%s', which it was compiled with, is not understood%s", m->key, ""),
                 "compile the model without it before it is saved");
    if (json_is_null(c) || c->kind != JSON_OBJECT || !c->first)
        t->k->compile = NULL;
}

static const char *field_type(struct training *t, const struct keras_value *v)
{
    int64_t dim[MADE_AXES + 1];
    if (!v->classes)
        return v->rank ? print(t, "f32%s%s", list_text(t->k->arena, v->rank, v->dim), "") : "f32";
    memcpy(dim, v->dim, sizeof *dim * (size_t)v->rank);
    dim[v->rank] = v->classes;
    return print(t, "class%s%s", list_text(t->k->arena, v->rank + 1, dim), "");
}

/* Noise of that kind: a stub. */
static const char *field_noise(struct training *t, const struct keras_value *v)
{
    const char *dims = v->rank ? list_text(t->k->arena, v->rank, v->dim) : "";
    if (!v->classes)
        return print(t, "random_normal(%s%s)", dims, "");
    return arena_printf(t->k->arena, "random_integer(%lld%s%s)", (long long)v->classes,
                        v->rank ? ", " : "", dims);
}

static void add_output(struct training *t, const struct keras_output *o, int at, int outputs,
                       struct text *fields)
{
    struct keras *k = t->k;
    const struct json *all = json_get(k->compile, "loss");
    const struct json *loss = of_output(all, o->key, at);
    const struct json *weight = of_output(json_get(k->compile, "loss_weights"), o->key, at);
    const struct loss *row = NULL;
    const char *truth = made_identifier(k->made, outputs == 1 ? "truth"
                                        : print(t, "%s_truth%s", o->name, ""));
    const char *text = json_is_null(k->compile) && at == 0
        ? print(t, "mse(%s, %s)", o->name, truth) : loss_text(t, loss, o, truth, &row);
    if (!text)
        return;
    struct keras_value label = *o->value;
    label.classes = 0;
    if (row && row->label == CLASS && label.rank > 0)
        label.classes = label.dim[--label.rank];
    text_printf(&t->data, "  label %s: %s = %s\n", truth, field_type(t, &label),
                field_noise(t, &label));
    text_printf(fields, ", %s: %s", truth, field_type(t, &label));
    if (!json_is_null(weight) && (weight->kind != JSON_NUMBER || !isfinite(weight->number)))
        fail(t, "one of its loss_weights is no number", "compile the model otherwise");
    else if (!json_is_null(weight) && weight->number != 1)
        text = arena_printf(k->arena, "%s * %s", keras_text(k, weight->number), text);
    const char *name = outputs == 1 ? "" : print(t, "%s_loss = %s", o->name, "");
    text_printf(&t->losses, "  loss %s%s\n", name, text);
    add_metrics(t, json_get(k->compile, "metrics"), o, at, outputs, truth, row);
    add_metrics(t, json_get(k->compile, "weighted_metrics"), o, at, outputs, truth, row);
}

const char *keras_training(struct keras *k, const struct keras_value *input,
                           const char *const *input_name, int inputs,
                           const struct keras_output *output, int outputs)
{
    struct training t = {.k = k};
    struct text all, fields;
    check_compiled(&t);
    text_init(&all, k->arena);
    text_init(&fields, k->arena);
    text_init(&t.data, k->arena);
    text_init(&t.losses, k->arena);
    text_init(&t.metrics, k->arena);
    for (int i = 0; i < inputs; i++) {
        text_printf(&t.data, "  input %s: %s = %s\n", input_name[i], field_type(&t, &input[i]),
                    field_noise(&t, &input[i]));
        text_printf(&fields, "%s%s: %s", i ? ", " : "", input_name[i], field_type(&t, &input[i]));
    }
    static const char *const by_outputs[] = {"loss", "loss_weights", "metrics",
                                             "weighted_metrics"};
    for (int i = 0; i < 4; i++)
        check_outputs(&t, by_outputs[i], output, outputs);
    for (int i = 0; i < outputs; i++)
        add_output(&t, &output[i], i, outputs, &fields);
    const char *call = optimizer(&t);
    if (!t.losses.size && !t.failed)
        fail(&t, "it was compiled without a loss that can be expressed",
             "compile it with a loss before it is saved, or not at all");
    if (t.failed)
        return NULL;
    text_printf(&all, "# Noise in the place of data: name your files here.\n"
                "data rows_of_%s = random(64) {\n%s}\n\n%smodel %s(%s) {\n", k->name, t.data.data,
                k->blocks.size ? k->blocks.data : "", k->name, fields.data);
    made_print_lines(k->made, &all);
    text_puts(&all, t.losses.data);
    text_puts(&all, k->penalties.size ? k->penalties.data : "");
    text_puts(&all, t.metrics.size ? t.metrics.data : "");
    for (int i = 0; i < outputs; i++)
        text_printf(&all, "  output %s\n", output[i].name);
    text_printf(&all, "}\n\ntrain %s on rows_of_%s {\n  seed 42\n  epochs 10\n  batch 32\n"
                "  optimizer %s\n%s}\n", k->name, k->name, call,
                k->rules.size ? k->rules.data : "");
    return all.data;
}
