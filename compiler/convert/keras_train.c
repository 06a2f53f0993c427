/* What a model of Keras was compiled with: losses, metrics, optimizer and its schedule, with
 * Keras's own formulas where those of the library differ. */
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

/* A number of the settings. */
static double number(const struct json *config, const char *key, double otherwise)
{
    const struct json *v = json_get(config, key);
    return v && v->kind == JSON_NUMBER ? v->number : otherwise;
}

static bool flag(const struct json *config, const char *key)
{
    const struct json *v = json_get(config, key);
    return v && v->kind == JSON_TRUE;
}

/* ---- losses ---- */
/* What the label of an output is. */
enum label { CLASS, LIKE };

/* @0: the guess, @1: the truth, @l: the logits, or the logarithm of the guess where there are none;
 * @s: the smoothing; @d: delta. */
static const struct loss { const char *names; enum label label; const char *text, *probabilities; }
losses[] = {
    {"sparse_categorical_crossentropy SparseCategoricalCrossentropy", CLASS,
     "cross_entropy(@l, @1)", NULL},
    {"categorical_crossentropy CategoricalCrossentropy", LIKE, "soft_cross_entropy(@l, @1@s)",
     NULL},
    {"binary_crossentropy BinaryCrossentropy", LIKE, "binary_cross_entropy(@l, @1@s)",
     "binary_cross_entropy_probs(@0, @1@s)"},
    {"mse MSE mean_squared_error MeanSquaredError", LIKE, "mse(@0, @1)", NULL},
    {"mae MAE mean_absolute_error MeanAbsoluteError", LIKE, "mae(@0, @1)", NULL},
    {"msle MSLE mean_squared_logarithmic_error MeanSquaredLogarithmicError", LIKE,
     "square(log1p(max(@0, 1e-7)) - log1p(max(@1, 1e-7)))", NULL},
    {"mape MAPE mean_absolute_percentage_error MeanAbsolutePercentageError", LIKE,
     "100 * abs((@1 - @0) / max(abs(@1), 1e-7))", NULL},
    {"huber Huber huber_loss", LIKE, "huber(@0, @1, @d)", NULL},
    {"log_cosh logcosh LogCosh", LIKE, "log_cosh(@0, @1)", NULL},
    {"hinge Hinge", LIKE, "hinge(@0, @1)", NULL},
    {"squared_hinge SquaredHinge", LIKE, "square(hinge(@0, @1))", NULL},
    {"poisson Poisson", LIKE, "@0 - @1 * log(@0 + 1e-7)", NULL},
    {"kl_divergence KLDivergence kullback_leibler_divergence kld KLD", LIKE,
     "kl_divergence(@0, @1)", NULL}};

static bool has_word(const char *words, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = words; n && (at = strstr(at, name)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static const struct loss *find_loss(const char *name)
{
    for (size_t i = 0; name && i < sizeof losses / sizeof *losses; i++)
        if (has_word(losses[i].names, name))
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

/* The loss of an output: its text; NULL where it has none, or after an error. */
static const char *loss_text(struct training *t, const struct json *loss,
                             const struct keras_output *o, const char *truth,
                             const struct loss **row)
{
    struct keras *k = t->k;
    const struct json *config;
    const char *name = keras_class(loss, &config);
    if (json_is_null(loss))
        return NULL;
    if (name && !strcmp(name, "function"))
        name = json_text(loss, "config");
    *row = find_loss(name);
    const char *reduction = json_text(config, "reduction");
    if (!*row || (reduction && !has_word("sum_over_batch_size auto", reduction)) ||
        (config && !json_is_null(json_get(config, "ignore_class"))) ||
        number(config, "axis", -1) != -1) {
        fail(t, arena_printf(k->arena, "the loss '%s' has no counterpart%s", name ? name : "?",
                             *row ? " with these settings" : ""),
             "compile the model with another before it is saved, or without one");
        return NULL;
    }
    const struct keras_value *v = o->value;
    bool from_logits = flag(config, "from_logits"), binary = (*row)->probabilities != NULL;
    double smoothing = number(config, "label_smoothing", 0);
    bool fits = v->before && !strcmp(v->activation, binary ? "sigmoid" : "softmax");
    const char *logits = from_logits ? v->text : fits ? v->before
        : arena_printf(k->arena, "log(clip(%s, 1e-7, 1 - 1e-7))", v->text);
    const char *form = binary && !from_logits && !fits ? (*row)->probabilities : (*row)->text;
    return fill(t, form, v->text, truth, logits,
                smoothing > 0 ? print(t, ", smoothing = %s%s", keras_text(k, smoothing), "") : "",
                keras_text(k, number(config, "delta", 1)));
}

/* Losses are one, a list or a dict by outputs. */
static const struct json *of_output(const struct json *all, const char *layer, int at)
{
    if (all && all->kind == JSON_OBJECT && !json_get(all, "class_name"))
        return json_get(all, layer);
    if (!all || all->kind != JSON_LIST)
        return all;                     /* one for all of them */
    const struct json *e = all->first;
    while (e && at-- > 0)
        e = e->next;
    return e;
}

/* ---- metrics ---- */
static void add_metric(struct training *t, const struct json *metric, const struct keras_output *o,
                       const char *truth, const struct loss *loss)
{
    const struct json *config;
    const char *name = keras_class(metric, &config), *text = NULL, *y = truth;
    const struct keras_value *v = o->value;
    if (name && !strcmp(name, "function"))
        name = json_text(metric, "config");
    if (name && !strcmp(name, "MeanMetricWrapper"))
        name = json_text(config, "name");
    if (!name)
        return;
    bool sparse = loss && loss->label == CLASS, one = v->rank > 0 && v->dim[v->rank - 1] == 1;
    bool many = loss && strstr(loss->names, "categorical") != NULL;
    if (!sparse && many)
        y = print(t, "argmax(%s)%s", truth, "");
    if (has_word("accuracy acc Accuracy", name) ||
        has_word("sparse_categorical_accuracy SparseCategoricalAccuracy categorical_accuracy "
                 "CategoricalAccuracy", name))
        text = many ? print(t, "accuracy(%s, %s)", v->text, y)
             : one || (loss && strstr(loss->names, "binary"))
                 ? print(t, "binary_accuracy(%s, %s)", v->text, truth) : NULL;
    else if (has_word("binary_accuracy BinaryAccuracy", name) && !sparse)
        text = print(t, "binary_accuracy(%s, %s)", v->text, truth);
    else if (has_word("mse MSE mean_squared_error MeanSquaredError", name) && !sparse)
        text = print(t, "mean_squared_error(%s, %s)", v->text, truth);
    else if (has_word("mae MAE mean_absolute_error MeanAbsoluteError", name) && !sparse)
        text = print(t, "mean_absolute_error(%s, %s)", v->text, truth);
    else if (many && has_word("SparseTopKCategoricalAccuracy TopKCategoricalAccuracy "
                              "sparse_top_k_categorical_accuracy top_k_categorical_accuracy", name))
        text = arena_printf(t->k->arena, "top_k(%s, %s, k = %d)", v->text, y,
                            json_is_whole(json_get(config, "k"), 1, 1 << 20)
                                ? (int)number(config, "k", 5) : 5);
    if (text)
        text_printf(&t->metrics, "  metric %s\n", text);
    else
        inv_note(t->k->made->errors, "%s: the metric '%s' has no counterpart, and is left out",
                 t->k->made->path, name);
}

static void add_metrics(struct training *t, const struct json *all, const struct keras_output *o,
                        int at, int outputs, const char *truth, const struct loss *loss)
{
    const struct json *list = all;
    if (all && all->kind == JSON_OBJECT && !json_get(all, "class_name"))
        list = json_get(all, o->layer);
    else if (outputs > 1 && all && all->kind == JSON_LIST)
        list = of_output(all, o->layer, at);
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
static const char *piecewise(struct training *t, const struct json *config)
{
    const struct json *b = json_get(config, "boundaries"), *v = json_get(config, "values");
    const struct json *edge = b ? b->first : NULL, *value = v ? v->first : NULL;
    const char *open = "", *close = "";
    if (!value || json_count(v) != json_count(b) + 1) {
        fail(t, "a PiecewiseConstantDecay has not one value more than boundaries",
             "save the model again");
        return "0";
    }
    for (; edge; edge = edge->next, value = value->next) {
        open = arena_printf(t->k->arena, "%sselect(step <= %s, %s, ", open,
                            keras_text(t->k, edge->number), keras_text(t->k, value->number));
        close = print(t, "%s)%s", close, "");
    }
    return arena_printf(t->k->arena, "%s%s%s", open, keras_text(t->k, value->number), close);
}

static const char *cosine(struct training *t, const struct json *config)
{
    struct arena *arena = t->k->arena;
    double from = number(config, "initial_learning_rate", 0), alpha = number(config, "alpha", 0);
    double warm = number(config, "warmup_steps", 0), target = number(config, "warmup_target", from);
    bool rises = warm > 0 && !json_is_null(json_get(config, "warmup_target"));
    double peak = rises ? target : from;
    const char *over = keras_text(t->k, number(config, "decay_steps", 1));
    const char *to = alpha != 0 ? print(t, ", to = %s%s", keras_text(t->k, peak * alpha), "") : "";
    if (!rises)
        return arena_printf(arena, "cosine(%s%s, over = %s)", keras_text(t->k, from), to, over);
    return arena_printf(arena, "select(step < %s, %s + %s * step / %s, cosine(%s%s, start = %s, "
                        "over = %s))", keras_text(t->k, warm), keras_text(t->k, from),
                        keras_text(t->k, target - from), keras_text(t->k, warm),
                        keras_text(t->k, peak), to, keras_text(t->k, warm), over);
}

static const char *schedule(struct training *t, const struct json *rate, double otherwise,
                            bool *constant)
{
    struct keras *k = t->k;
    const struct json *config;
    const char *name = keras_class(rate, &config);
    *constant = !name;
    if (!name)
        return keras_text(k, rate && rate->kind == JSON_NUMBER ? rate->number : otherwise);
    const char *from = keras_text(k, number(config, "initial_learning_rate", 0));
    const char *every = keras_text(k, number(config, "decay_steps", 1));
    const char *factor = keras_text(k, number(config, "decay_rate", 1));
    bool stairs = flag(config, "staircase");
    if (!strcmp(name, "ExponentialDecay"))
        return arena_printf(k->arena, "%s(%s, %s, every = %s%s)", stairs ? "staircase"
                            : "exponential", from, factor, every, stairs ? ", at = step" : "");
    if (!strcmp(name, "InverseTimeDecay") && !stairs)
        return arena_printf(k->arena, "inverse_time(%s, %s, every = %s)", from, factor, every);
    if (!strcmp(name, "PolynomialDecay") && !flag(config, "cycle"))
        return arena_printf(k->arena, "polynomial(%s, to = %s, power = %s, over = %s)", from,
                            keras_text(k, number(config, "end_learning_rate", 1e-4)),
                            keras_text(k, number(config, "power", 1)), every);
    if (!strcmp(name, "CosineDecay"))
        return cosine(t, config);
    if (!strcmp(name, "PiecewiseConstantDecay"))
        return piecewise(t, config);
    fail(t, arena_printf(k->arena, "the schedule '%s' has no counterpart", name),
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
static const char *betas(struct training *t, const struct json *config)
{
    return arena_printf(t->k->arena, "b1 = %s, b2 = %s",
                        keras_text(t->k, number(config, "beta_1", 0.9)),
                        keras_text(t->k, number(config, "beta_2", 0.999)));
}

static const char *clips(struct training *t, const struct json *config)
{
    static const struct { const char *keras, *own; } names[] = {
        {"clipnorm", "clip_norm"}, {"global_clipnorm", "global_clip_norm"},
        {"clipvalue", "clip_value"}};
    const char *text = "";
    for (int i = 0; i < 3; i++)
        if (number(config, names[i].keras, 0) > 0)
            text = arena_printf(t->k->arena, "%s, %s = %s", text, names[i].own,
                                keras_text(t->k, number(config, names[i].keras, 0)));
    return text;
}

/* What no optimizer of the library has. */
static bool is_plain(struct training *t, const char *name, const struct json *config)
{
    bool decays = number(config, "weight_decay", 0) != 0 && strcmp(name, "AdamW") &&
                  strcmp(name, "Adam") && strcmp(name, "Lion");
    if (!decays && !flag(config, "use_ema") && number(config, "decay", 0) == 0 &&
        number(config, "gradient_accumulation_steps", 1) == 1 &&
        number(config, "loss_scale_factor", 1) == 1)
        return true;
    fail(t, arena_printf(t->k->arena, "the optimizer '%s' has %s", name,
                         decays ? "a weight_decay, which AdamW, Adam and Lion may have here"
                                : "use_ema, decay, gradient_accumulation_steps or "
                                  "loss_scale_factor"),
         "compile the model without it before it is saved");
    return false;
}

static const char *adam(struct training *t, const char *rate, const struct json *config)
{
    struct keras *k = t->k;
    double decay = number(config, "weight_decay", 0);
    const char *b2 = keras_text(k, number(config, "beta_2", 0.999));
    const char *eps = arena_printf(k->arena, "%s / sqrt(1 - %s ^ (step + 1))",
                                   keras_text(k, number(config, "epsilon", 1e-7)), b2);
    bool largest = flag(config, "amsgrad");
    if (largest && decay != 0)
        fail(t, "the optimizer has amsgrad and weight_decay", "choose one of them");
    return arena_printf(k->arena, "%s(lr = %s, %s, eps = %s%s", largest ? "amsgrad"
                        : decay != 0 ? "adamw" : "adam", rate, betas(t, config), eps,
                        decay != 0 ? print(t, ", decay = %s%s", keras_text(k, decay), "") : "");
}

static const char *sgd(struct training *t, const char *rate, bool constant,
                       const struct json *config)
{
    double momentum = number(config, "momentum", 0);
    const char *own = "sgd", *m = keras_text(t->k, momentum);
    if (momentum == 0)
        return print(t, "sgd(lr = %s%s", rate, "");
    if (!constant) {
        own = "keras_sgd";
        text_puts(&t->k->blocks, keras_sgd);
    }
    return arena_printf(t->k->arena, "%s(lr = %s, momentum = %s%s", own, rate, m,
                        flag(config, "nesterov") ? ", nesterov = true" : "");
}

/* The call, without its closing parenthesis and clips. */
static const char *optimizer_call(struct training *t, const char *name, const char *rate,
                                  bool constant, const struct json *config)
{
    struct keras *k = t->k;
    const char *eps = keras_text(k, number(config, "epsilon", 1e-7));
    const char *rho = keras_text(k, number(config, "rho", strcmp(name, "RMSprop") ? 0.95 : 0.9));
    if (!strcmp(name, "SGD"))
        return sgd(t, rate, constant, config);
    if (!strcmp(name, "Adam") || !strcmp(name, "AdamW"))
        return adam(t, rate, config);
    if (!strcmp(name, "Nadam"))
        return arena_printf(k->arena, "nadam(lr = %s, %s, eps = %s, psi = 1", rate,
                            betas(t, config), eps);
    if (!strcmp(name, "Adadelta"))
        return arena_printf(k->arena, "adadelta(lr = %s, rho = %s, eps = %s", rate, rho, eps);
    if (!strcmp(name, "Lion"))
        return arena_printf(k->arena, "lion(lr = %s, b1 = %s, b2 = %s, decay = %s", rate,
                            keras_text(k, number(config, "beta_1", 0.9)),
                            keras_text(k, number(config, "beta_2", 0.99)),
                            keras_text(k, number(config, "weight_decay", 0)));
    if (!strcmp(name, "RMSprop")) {
        text_puts(&k->blocks, keras_rmsprop);
        return arena_printf(k->arena, "keras_rmsprop(lr = %s, rho = %s, eps = %s, momentum = %s%s",
                            rate, rho, eps, keras_text(k, number(config, "momentum", 0)),
                            flag(config, "centered") ? ", centered = true" : "");
    }
    if (!strcmp(name, "Adagrad")) {
        text_puts(&k->blocks, keras_adagrad);
        return arena_printf(k->arena, "keras_adagrad(lr = %s, start = %s, eps = %s", rate,
                            keras_text(k, number(config, "initial_accumulator_value", 0.1)), eps);
    }
    if (!strcmp(name, "Adamax")) {
        text_puts(&k->blocks, keras_adamax);
        return arena_printf(k->arena, "keras_adamax(lr = %s, %s, eps = %s", rate, betas(t, config),
                            eps);
    }
    fail(t, arena_printf(k->arena, "the optimizer '%s' has no counterpart", name),
         "compile the model with another before it is saved");
    return "";
}

static const char *optimizer(struct training *t)
{
    struct keras *k = t->k;
    const struct json *o = json_get(k->compile, "optimizer"), *config;
    o = json_is_null(o) ? json_get(k->compile, "optimizer_config") : o;
    const char *name = keras_class(o, &config);
    static const struct { const char *word, *name; double rate; } words[] = {
        {"sgd", "SGD", 0.01}, {"adam", "Adam", 1e-3}, {"rmsprop", "RMSprop", 1e-3},
        {"adamw", "AdamW", 1e-3}, {"nadam", "Nadam", 1e-3}, {"adagrad", "Adagrad", 1e-3},
        {"adadelta", "Adadelta", 1e-3}, {"adamax", "Adamax", 1e-3}, {"lion", "Lion", 1e-3}};
    double standard = 1e-3;
    bool constant;
    if (!name)
        return "adam(lr = 1e-3)";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i].word, name) || !strcmp(words[i].name, name)) {
            name = words[i].name;
            standard = words[i].rate;
        }
    if (!is_plain(t, name, config))
        return "";
    const struct json *rate = json_get(config, "learning_rate");
    rate = json_is_null(rate) ? json_get(config, "lr") : rate;
    const char *lr = schedule(t, rate, standard, &constant);
    const char *call = optimizer_call(t, name, lr, constant, config);
    return arena_printf(k->arena, "%s%s)", call, clips(t, config));
}

/* ---- the file ---- */
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
    const struct json *loss = of_output(all, o->layer, at);
    const struct json *weight = of_output(json_get(k->compile, "loss_weights"), o->layer, at);
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
    if (weight && weight->kind == JSON_NUMBER && weight->number != 1)
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
    if (k->compile && (!k->compile->first || k->compile->kind != JSON_OBJECT))
        k->compile = NULL;
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
