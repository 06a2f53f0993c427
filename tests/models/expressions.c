/* The model of a random file: statements that bind h1, h2, ... from values before, then losses,
 * metrics and outputs of these. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "generate.h"

enum { MANY = 256 };                    /* elements of a value in a small model */

void print_blocks(void)
{
    puts("const half = 0.5\n"
         "block gated(x: f32[..., n], units: int) {\n"
         "  value, gate = split(x -> dense(2 * units), 2)\n"
         "  return value * sigmoid(gate)\n"
         "}\n"
         "block twice(x: f32[..., n], f: layer) { return x -> f -> f }\n"
         "block around(x: f32[..., n], f: layer, rate: f32 = half) { return x + rate * f(x) }\n"
         "block centred(x: f32[..., c]) {\n"
         "  buffer middle: f32[c] = 0\n"
         "  if training {\n"
         "    now = mean(x, keep = -1)\n"
         "    middle = 0.9 * middle + 0.1 * now\n"
         "    return x - now\n"
         "  }\n"
         "  return x - middle\n"
         "}\n"
         "block signed(w: f32[...], g: f32[...], lr: f32) {\n"
         "  state m = 0\n"
         "  m = 0.9 * m + 0.1 * g\n"
         "  return w - lr * sign(m)\n"
         "}\n"
         "block largest_miss(guess: f32[...], truth: f32[...]) {\n"
         "  better lower\n"
         "  accumulate far: count = abs(guess - truth) > 1\n"
         "  return far / (rows * elements(truth))\n"
         "}\n");
}

/* ---- values ---- */

/* A value from before, the late ones more often. */
static const struct value *pick(void)
{
    int back = percent(60) ? 1 : between(1, plan.values < 8 ? plan.values : 8);
    return &plan.value[plan.values - back];
}

/* Binds the next name to a value of x's shape. */
static struct value *bind_like(const struct value *x, double size)
{
    struct value *v = &plan.value[plan.values];
    *v = *x;
    v->size = size;
    snprintf(v->name, sizeof v->name, "h%d", plan.values++);
    return v;
}

static struct value *bind(int rank, const int *dim, double size)
{
    struct value shape = {.rank = rank};
    memcpy(shape.dim, dim, sizeof(int) * (size_t)rank);
    return bind_like(&shape, size);
}

static const char *dims_of(const struct value *v)
{
    const char *text = "";
    for (int i = 0; i < v->rank; i++)
        text = say("%s%s%d", text, i ? ", " : "", v->dim[i]);
    return text;
}

static int last(const struct value *v)
{
    return v->rank ? v->dim[v->rank - 1] : 1;
}

static const char *fresh(const char *stem)
{
    return say("%s%d", stem, plan.values);
}

/* ---- statements: each binds a value, or does nothing where x does not suit it ---- */

static void bounded(const struct value *x)
{
    static const char *const form[] = {
        "tanh(%s)", "sigmoid(%s)", "sin(%s)", "cos(%s)", "erf(%s)", "%s -> softsign",
        "%s -> hard_sigmoid", "exp(-abs(%s))", "1 / (1 + square(%s))", "rsqrt(square(%s) + 1)",
        "exp2(-abs(%s))", "expm1(-abs(%s))", "clip(%s, -1, 1)", "0.1 * sign(%s)",
        "%s -> celu(alpha = 0.5) -> tanh", "sin(%s) ^ 2", "tanh(%s) ^ 3", "log1p(sigmoid(%s))"};
    int i = below((int)(sizeof form / sizeof form[0]));
    const char *name = x->name, *to = bind_like(x, 1)->name;
    printf("  %s = ", to);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    printf(form[i], name);
#pragma GCC diagnostic pop
    printf("\n");
}

static void growing(const struct value *x)
{
    static const char *const form[] = {
        "%s -> relu", "%s -> relu6", "%s -> leaky_relu(0.1)", "%s -> elu", "%s -> selu",
        "%s -> celu", "%s -> gelu", "%s -> gelu_tanh", "%s -> silu", "%s -> mish",
        "%s -> softplus", "%s -> hard_silu", "abs(%s)", "sqrt(abs(%s) + 0.01)", "log1p(abs(%s))",
        "log(abs(%s) + 0.1)", "log2(abs(%s) + 0.5)", "floor(%s) + 0.5", "-%s", "half * %s",
        "stop_gradient(%s)", "max(%s, 0.1)", "min(1, %s)", "%s - 0.25", "(abs(%s) + 0.1) ^ 0.75",
        "%s -> dropout(0.3)", "%s -> dropout", "%s / 3", "1.5 - %s"};
    int i = below((int)(sizeof form / sizeof form[0]));
    const char *name = x->name, *to = bind_like(x, x->size + 1)->name;
    printf("  %s = ", to);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    printf(form[i], name);
#pragma GCC diagnostic pop
    printf("\n");
}

static const char *init(void)
{
    return one_of("glorot_uniform|glorot_normal|he_uniform|he_normal|lecun_uniform|lecun_normal|"
                  "orthogonal|normal(0.1)|uniform(-0.2|truncated_normal(0.1)");
}

static void dense(const struct value *x)
{
    int units = plan.scale == WIDE && percent(40) && elements_of(x) < 30 ? between(1000, 9000)
                                                                         : between(1, 12);
    bool bias = percent(75), named = plan.layers < MAX_LAYERS && percent(40);
    if (x->rank == 0 || last(x) * (long)units > 40000)
        return;
    const char *name = x->name, *how = percent(40) ? say(", init = %s", init()) : "";
    if (strchr(how, '(') && !strchr(how, ')'))
        how = ", init = uniform(-0.2, 0.2)";
    struct value *h = bind_like(x, 2 * x->size);
    h->dim[h->rank - 1] = units;
    printf("  %s = %s -> dense(%d%s%s)", h->name, name, units, bias ? "" : ", with_bias = false",
           how);
    if (named) {
        char *layer = plan.layer[plan.layers++];
        snprintf(layer, sizeof plan.layer[0], "layer_%d", plan.values);
        printf(" as %s", layer);
    }
    plan.has_bias = plan.has_bias || bias;
    printf("\n");
}

static void norm(const struct value *x)
{
    if (x->rank == 0)
        return;
    const char *kind = one_of("layer_norm|rms_norm|batch_norm|softmax|log_softmax|centred|prelu|"
                              "prelu(per_channel = true)|layer_norm(with_scale = false)|"
                              "batch_norm(unbiased = false)|batch_norm(rate = 0.5)");
    const char *name = x->name, *to = bind_like(x, 4)->name;
    printf("  %s = %s -> %s\n", to, name, kind);
}

/* Another value that can be matched with x from the last axes. */
static const struct value *partner(const struct value *x)
{
    for (int i = plan.values - 1; i >= 0; i--) {
        const struct value *v = &plan.value[i];
        bool good = v != x && v->rank <= x->rank && percent(70);
        for (int a = 1; good && a <= v->rank; a++)
            good = v->dim[v->rank - a] == x->dim[x->rank - a] || v->dim[v->rank - a] == 1;
        if (good)
            return v;
    }
    return NULL;
}

static void binary(const struct value *x)
{
    const struct value *v = partner(x);
    if (!v)
        return;
    const char *a = x->name, *b = v->name;
    double size = x->size + v->size, product = x->size * v->size;
    switch (below(9)) {
    case 0: printf("  %s = %s + %s\n", bind_like(x, size)->name, a, b); break;
    case 1: printf("  %s = %s - %s\n", bind_like(x, size)->name, b, a); break;
    case 2: printf("  %s = %s * %s\n", bind_like(x, product)->name, a, b); break;
    case 3: printf("  %s = %s / (1 + abs(%s))\n", bind_like(x, x->size)->name, a, b); break;
    case 4: printf("  %s = max(%s, %s)\n", bind_like(x, size)->name, a, b); break;
    case 5: printf("  %s = min(%s, %s)\n", bind_like(x, size)->name, a, b); break;
    case 6: printf("  %s = select(%s %s %s, %s, 0.1)\n", bind_like(x, size)->name, a,
                   one_of("<|<=|>|>=|!="), b, a); break;
    case 7: printf("  %s = select(%s > 0 %s %s < 1, %s, %s)\n", bind_like(x, size)->name, a,
                   one_of("and|or|and not"), b, b, a); break;
    default: printf("  %s = (abs(%s) + 0.1) ^ tanh(%s)\n", bind_like(x, x->size + 10)->name, a, b);
    }
}

/* x with a parameter that lacks some of its axes. */
static void parameter(const struct value *x)
{
    struct value p = *x;
    const char *at = fresh("p"), *name = x->name;
    int drop = x->rank ? below(x->rank + 1) : 0;
    p.rank -= drop;
    memmove(p.dim, p.dim + drop, sizeof(int) * (size_t)p.rank);
    for (int i = 0; i < p.rank; i++)
        p.dim[i] = percent(25) ? 1 : p.dim[i];
    printf("  param %s: f32%s = %s\n", at, p.rank ? say("[%s]", dims_of(&p)) : "",
           one_of("1|0.5|ones|normal(0.1)|truncated_normal(0.2)"));
    printf("  %s = %s %s %s\n", bind_like(x, 2 * x->size)->name, name, one_of("+|-|*"), at);
}

static void reduce(const struct value *x)
{
    const char *how = one_of("sum|mean|max|min"), *name = x->name;
    double size = how[0] == 's' ? x->size * elements_of(x) : x->size;
    if (x->rank == 0)
        return;
    int axis = below(x->rank), kind = below(4);
    if (kind == 0 || (kind == 1 && x->rank < 2)) {
        printf("  %s = %s(%s)\n", bind_like(&(struct value){0}, size)->name, how, name);
        return;
    }
    struct value *h = bind_like(x, size);
    h->dim[axis] = 1;
    if (kind == 1) {
        int other = (axis + 1) % x->rank;
        h->dim[other] = 1;
        printf("  %s = %s(%s, axis = [%d, %d])\n", h->name, how, name,
               axis < other ? axis : other, axis < other ? other : axis);
    } else {
        printf("  %s = %s(%s, axis = %d)\n", h->name, how, name,
               percent(50) ? axis : axis - x->rank);
    }
}

static void reshape(const struct value *x)
{
    const char *name = x->name;
    int n = elements_of(x), parts[] = {2, 3, 4, 5};
    int by = parts[below(4)];
    if (x->rank != 1 || percent(30)) {
        if (x->rank != 1)
            printf("  %s = %s -> flatten\n", bind(1, &n, x->size)->name, name);
        return;
    }
    if (n % by == 0) {
        struct value *h = bind(2, (int[]){by, n / by}, x->size);
        printf("  %s = reshape(%s, [%d, %d])\n", h->name, name, by, n / by);
    } else if (percent(60)) {
        struct value *h = bind(2, (int[]){n, 1}, x->size);
        printf("  %s = reshape(%s, [%d, 1])\n", h->name, name, n);
    }
}

static void transpose(const struct value *x)
{
    const char *name = x->name, *axes = "";
    int order[MAX_RANK] = {0, 1, 2, 3};
    if (x->rank < 2)
        return;
    for (int i = x->rank - 1; i > 0; i--) {
        int j = below(i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    struct value from = *x, *h = bind_like(x, x->size);
    for (int i = 0; i < from.rank; i++) {
        axes = say("%s%s%d", axes, i ? ", " : "", order[i]);
        h->dim[i] = from.dim[order[i]];
    }
    printf("  %s = transpose(%s, [%s])\n", h->name, name, axes);
}

static void broadcast(const struct value *x)
{
    struct value to = *x;
    const char *name = x->name;
    int times = plan.scale == WIDE && elements_of(x) == 1 ? between(1000, 9000) : between(2, 5);
    if (x->rank == MAX_RANK || elements_of(x) > 1000)
        return;
    memmove(to.dim + 1, to.dim, sizeof(int) * (size_t)to.rank);
    to.dim[0] = times;
    to.rank++;
    struct value *h = bind_like(&to, x->size);
    printf("  %s = broadcast(%s, [%s])\n", h->name, name, dims_of(h));
}

static void join(const struct value *x)
{
    const struct value *v = NULL;
    int axis = x->rank ? below(x->rank) : 0;
    for (int i = 0; i < plan.values && x->rank; i++) {
        const struct value *w = &plan.value[i];
        bool good = w->rank == x->rank;
        for (int a = 0; good && a < x->rank; a++)
            good = a == axis || w->dim[a] == x->dim[a];
        v = good && (!v || percent(30)) ? w : v;
    }
    if (!v)
        return;
    const char *a = x->name, *b = v->name;
    int more = v->dim[axis];
    struct value *h = bind_like(x, x->size > v->size ? x->size : v->size);
    h->dim[axis] += more;
    printf("  %s = concat(%s, %s, axis = %d)\n", h->name, a, b, axis);
}

static void take_part(const struct value *x)
{
    const char *name = x->name;
    int n = last(x), low = below(n), high = between(low, n - 1);
    if (x->rank == 0)
        return;
    if (n % 2 == 0 && percent(30)) {
        const char *left = fresh("left");
        struct value *h = bind_like(x, x->size);
        h->dim[h->rank - 1] /= 2;
        printf("  %s, %s = split(%s, 2)\n", percent(50) ? left : say("%s_", left), h->name, name);
    } else if (percent(50)) {
        struct value *h = bind_like(x, x->size);
        h->dim[h->rank - 1] = high - low + 1;
        printf("  %s = %s[..., %d..%d]\n", h->name, name, percent(50) ? low : low - n, high);
    } else if (x->rank > 1) {
        struct value *h = bind(x->rank - 1, x->dim + 1, x->size);
        printf("  %s = %s[%d]\n", h->name, name, percent(50) ? 0 : -1);
    }
}

static void product(const struct value *x)
{
    const char *at = fresh("p"), *name = x->name;
    int n = last(x), units = between(1, 9);
    if (x->rank == 0 || n > 1000)
        return;
    if (x->rank == 2 && percent(40)) {
        struct value *h = bind(2, (int[]){x->dim[0], x->dim[0]}, x->size * x->size * n);
        printf("  %s = %s @ transpose(%s, [1, 0])\n", h->name, name, name);
        return;
    }
    printf("  param %s: f32[%d, %d] = %s\n", at, n, units,
           one_of("normal(0.2)|glorot_uniform"));
    struct value *h = bind_like(x, 2 * x->size);
    h->dim[h->rank - 1] = units;
    printf("  %s = %s @ %s\n", h->name, name, at);
}

static void look_up(const struct value *x)
{
    const char *at = fresh("p"), *name = x->name;
    int n = last(x), wide = between(1, 6);
    int kind = below(3);
    if (kind == 0 && plan.has_c) {
        struct value *h = bind(1, &wide, 0.5);
        printf("  param %s: f32[%d, %d] = normal(0.3)\n  %s = gather(%s, c)\n", at, plan.kinds,
               wide, h->name, at);
    } else if (kind == 1 && plan.has_c) {
        printf("  %s = one_hot(c) * 1.5\n", bind(1, &plan.kinds, 1.5)->name);
    } else if (x->rank == 1 && n > 1 && kind == 1) {
        printf("  %s = pick(%s, argmax(%s))\n", bind(0, &n, x->size)->name, name, name);
    } else if (x->rank == 1 && n > 1) {
        printf("  %s = one_hot(argmax(%s)) + 0.1 * %s\n", bind_like(x, 1 + x->size)->name, name,
               name);
    } else if (x->rank > 0) {
        printf("  %s = %s + 0.1 * to_float(position(%s, -1))\n",
               bind_like(x, x->size + n)->name, name, name);
    }
}

static void random_value(const struct value *x)
{
    const char *name = x->name;
    struct value *h = bind_like(x, x->size + 1);
    const char *shape = x->rank ? say("[%s]", dims_of(h)) : "";
    printf("  %s = %s\n  if training { %s = %s %s %s(%s) as noise%d }\n", h->name, name, h->name,
           name, one_of("+ 0.05 *|* 0.9 +|- 0.01 *"),
           one_of("random_normal|random_uniform|random_truncated_normal"), shape, plan.values);
}

static void centre(const struct value *x)
{
    const char *name = x->name;
    if (x->rank == 0)
        return;
    printf("  %s = %s %s mean(%s, keep = -1)\n", bind_like(x, 2 * x->size)->name, name,
           one_of("-|+"), name);
}

static void call_block(const struct value *x)
{
    const char *name = x->name;
    int n = last(x), units = between(1, 6);
    if (x->rank == 0 || n > 40)
        return;
    plan.has_bias = true;
    struct value *h = bind_like(x, 2 * x->size);
    switch (below(4)) {
    case 0:
        h->dim[h->rank - 1] = units;
        printf("  %s = %s -> gated(%d)\n", h->name, name, units);
        break;
    case 1: printf("  %s = %s -> twice(dense(%d))\n", h->name, name, n); break;
    case 2: printf("  %s = %s -> around(dense(%d) -> %s)\n", h->name, name, n,
                   one_of("tanh|relu|layer_norm|centred")); break;
    default:
        printf("  let part%d = dense(%d) -> %s\n  %s = part%d(%s) + part%d(half * %s)\n",
               plan.values, n, one_of("tanh|silu|elu"), h->name, plan.values, name, plan.values,
               name);
    }
}

static void repeat(const struct value *x)
{
    const char *name = x->name;
    int n = last(x), times = plan.scale == DEEP ? between(50, 160) : between(0, 4);
    if (x->rank == 0 || n > 12)
        return;
    plan.has_bias = plan.has_bias || times > 0;
    struct value *h = bind_like(x, x->size + times);
    bool again = percent(50);
    printf("  %s = %s\n  repeat %d as turn%d {%s %s = %s + 0.1 * (%s -> dense(%d) -> %s) }%s\n",
           h->name, name, times, plan.values, again ? " recompute {" : "", h->name, h->name,
           h->name, n, one_of("tanh|sigmoid|softsign|batch_norm|layer_norm -> tanh|tanh -> "
                              "dropout(0.2) -> batch_norm -> sigmoid"), again ? " }" : "");
}

static void unused(const struct value *x)
{
    printf("  param spare%d: f32[%d] = normal(0.1)\n", plan.spares++,
           plan.scale == WIDE ? between(4000, 9000) : between(1, 9));
    if (x->rank > 0 && percent(50))
        printf("  idle%d = %s -> dense(3)\n", plan.spares, x->name);
}

/* ---- the model ---- */

static void statement(void)
{
    static void (*const kind[])(const struct value *) = {
        bounded, growing, growing, dense, dense, norm, binary, binary, parameter, reduce, reshape,
        transpose, broadcast, join, take_part, product, look_up, random_value, centre, call_block,
        repeat, unused};
    struct value x = *pick();
    if (x.size > 40)
        bounded(&x);
    else if (elements_of(&x) > (plan.scale == WIDE ? 9000 : MANY))
        reduce(&x);
    else
        kind[below((int)(sizeof kind / sizeof kind[0]))](&x);
}

/* 100 to 500 layers in a row. */
static void chain(void)
{
    struct value x = *pick();
    int layers = percent(70) ? between(100, 160) : between(160, 500), n = between(2, 8);
    int all = elements_of(&x);
    if (x.rank != 1) {
        struct value *flat = bind(1, &all, x.size);
        printf(x.rank ? "  %s = %s -> flatten\n" : "  %s = broadcast(%s, [1])\n", flat->name,
               x.name);
        x = *flat;
    }
    for (int i = 0; i < layers; i++) {
        int width = i % 7 == 6 ? n : x.dim[0];
        struct value *h = bind(1, &width, 1);
        printf("  %s = %s -> dense(%d) -> %s%s\n", h->name, x.name, width,
               one_of("tanh|softsign|layer_norm|sigmoid|sin"),
               width == x.dim[0] ? say(" -> max(%s)", x.name) : "");
        x = *h;
        n = between(2, 8);
    }
    plan.has_bias = true;
}

static const char *head(int units)
{
    const struct value *x = pick();
    while (elements_of(x) > 1000 && x > plan.value)
        x--;
    const char *flat = x->rank == 1 ? "" : " -> flatten";
    if (x->rank == 0)
        flat = " -> broadcast([1])";
    plan.has_bias = true;
    const char *to = say("z%d", plan.goals);
    printf("  %s = %s%s -> dense(%d) as head%d\n", to, x->name, flat, units, plan.goals);
    return to;
}

static void add_goal(const char *guess, const char *truth, int kind)
{
    struct goal *g = &plan.goal[plan.goals++];
    snprintf(g->guess, sizeof g->guess, "%s", guess);
    g->truth = truth;
    g->kind = (unsigned)kind;
}

static void class_loss(void)
{
    const char *z = head(plan.classes);
    if (percent(25))
        printf("  loss 0.5 * soft_cross_entropy(%s, y)\n", z);
    else
        printf("  loss cross_entropy(%s, y%s%s)\n", z, percent(30) ? ", smoothing = 0.1" : "",
               plan.balanced ? ", weights = balanced" : "");
    add_goal(z, "y", GOAL_CLASS);
}

static void number_loss(void)
{
    static const char *const form[] = {
        "mse(%s, t)", "mae(%s, t)", "huber(%s, t, delta = 0.5)", "log_cosh(%s, t)",
        "hinge(%s, sign(t))", "kl_divergence(softmax(%s), softmax(t))",
        "soft_cross_entropy(%s, softmax(t), smoothing = 0.1)", "poisson(softplus(%s), square(t))",
        "poisson(tanh(%s), square(t), log_guess = true)", "mse(%s, t) * step / (1 + steps)",
        "iou(sigmoid(%s), sigmoid(t))", "cosine_distance(%s, t)",
        "contrastive(%s, t, select(t[0] > 0, 1, 0))"};
    const char *z = head(plan.targets);
    printf("  loss fit%d = ", plan.goals);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    printf(form[below((int)(sizeof form / sizeof form[0]))], z);
#pragma GCC diagnostic pop
    printf("\n");
    add_goal(z, "t", GOAL_NUMBER);
}

static void side_loss(void)
{
    const char *z = head(plan.targets);
    printf("  side%d = select(t > 0, 1, 0)\n", plan.goals);
    if (percent(50))
        printf("  loss binary_cross_entropy(%s, side%d%s)\n", z, plan.goals,
               one_of("|, smoothing = 0.1|, pos_weight = 2"));
    else
        printf("  loss binary_cross_entropy_probs(sigmoid(%s), side%d)\n", z, plan.goals);
    add_goal(z, say("side%d", plan.goals), GOAL_SIDE);
}

static void own_loss(void)
{
    const struct value *x = &plan.value[0];
    const char *z = head(elements_of(x) > 300 ? 3 : elements_of(x));
    if (elements_of(x) > 300)
        printf("  loss self%d = mean(square(%s - 1))\n", plan.goals, z);
    else
        printf("  loss self%d = mse(%s, x%s)\n", plan.goals, z, x->rank == 1 ? "" : " -> flatten");
    add_goal(z, "", GOAL_NUMBER);
}

static void print_losses(void)
{
    if (plan.has_y)
        class_loss();
    if (plan.has_t && percent(70))
        number_loss();
    if (plan.has_t && percent(30))
        side_loss();
    if (plan.goals == 0 || percent(15))
        own_loss();
    for (int i = 0; i < plan.layers; i++)
        if (percent(15))
            printf("  loss small%d = %s(%s.w, 1e-3)\n", i, one_of("l1|l2"), plan.layer[i]);
}

static void print_metrics(void)
{
    for (int i = 0; i < 2 * plan.goals; i++) {
        const struct goal *g = &plan.goal[i / 2];
        const char *of[] = {"accuracy|precision|recall|f1|top_k|auc|average_precision",
                            ("binary_accuracy|binary_precision|binary_recall|binary_f1|"
                             "binary_auc|binary_average_precision"),
                            "mean_squared_error|mean_absolute_error|r2|largest_miss"};
        if (!*g->truth || !percent(50))
            continue;
        const char *kind = one_of(of[g->kind]);
        printf("  metric m%d = %s(%s, %s%s)\n", plan.metrics++, kind, g->guess, g->truth,
               strcmp(kind, "top_k") == 0 ? ", k = 2" : "");
    }
    if (plan.has_y && percent(15))
        printf("  metric confusion(%s, y)\n", plan.goal[0].guess);
}

static void print_outputs(void)
{
    for (int i = 0; i < plan.goals; i++) {
        const char *z = plan.goal[i].guess;
        if (plan.goal[i].kind == GOAL_CLASS && percent(60))
            printf("  output o%d = %s(%s)\n", i, one_of("softmax|argmax"), z);
        else if (percent(60))
            printf("  output o%d = %s\n", i, z);
    }
    if (percent(30))
        printf("  output %s = %s\n", fresh("late"), plan.value[plan.values - 1].name);
}

void print_model(void)
{
    int statements = plan.scale == SMALL ? between(1, 14) : between(1, 5);
    plan.value[plan.values++] = plan.x;
    printf("model m(x: f32[%s]", dims_of(&plan.x));
    if (plan.has_v) {
        plan.value[plan.values++] = (struct value){"v", 1, {plan.wide_v}, 1};
        printf(", v: f32[%d]", plan.wide_v);
    }
    if (plan.has_c)
        printf(", c: class[%d]", plan.kinds);
    if (plan.has_y)
        printf(", y: class[%d]", plan.classes);
    if (plan.has_t)
        printf(", t: f32[%d]", plan.targets);
    printf(") {\n");
    for (int i = 0; i < statements; i++)
        statement();
    if (plan.scale == DEEP)
        chain();
    print_losses();
    print_metrics();
    print_outputs();
    printf("}\n\n");
}
