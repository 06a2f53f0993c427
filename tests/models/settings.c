/* Data and settings of a random model. */
#include <stdio.h>
#include <string.h>
#include "generate.h"

/* ---- data ---- */

static void choose_shape(void)
{
    int rank = between(1, 100);
    plan.x = (struct value){.name = "x", .size = 2};
    plan.x.rank = rank < 65 ? 1 : rank < 85 ? 2 : 3;
    for (int i = 0; i < plan.x.rank; i++)
        plan.x.dim[i] = plan.x.rank == 1 ? between(1, 24) : between(1, 6);
    if (plan.scale == WIDE && percent(50)) {
        plan.x.rank = 1;
        plan.x.dim[0] = between(600, plan.csv ? 1200 : 9000);
    }
}

void choose_data(void)
{
    int scale = below(100);
    plan.scale = scale < 91 ? SMALL : scale < 98 ? WIDE : DEEP;
    plan.csv = percent(35);
    choose_shape();
    plan.rows = plan.scale != SMALL ? between(2, 14) : percent(12) ? between(1, 3)
                                                     : between(4, percent(10) ? 300 : 60);
    plan.has_y = percent(60);
    plan.has_t = percent(50);
    plan.has_v = percent(35);
    plan.has_c = percent(30);
    plan.classes = between(2, 6);
    plan.kinds = between(2, 5);
    plan.targets = between(1, 4);
    plan.wide_v = between(1, 8);
    bool parts = plan.rows >= 12 && percent(65);
    plan.has_val = parts && percent(85);
    plan.has_test = parts && (!plan.has_val || percent(50));
    plan.by_class = parts && plan.has_y && plan.rows >= 12 * plan.classes && percent(25);
    plan.part_by = parts && plan.csv && !plan.by_class && percent(40) ? between(1, 4) : 0;
    if (plan.part_by == 4) {
        plan.has_val = true;
        plan.has_test = false;
    }
    plan.weights = plan.csv && percent(30);
    plan.missing = plan.csv && plan.rows >= 12 && percent(30);
    plan.text_class = plan.csv && plan.rows >= 2 * plan.classes && percent(40);
    plan.balanced = plan.csv && plan.has_y && plan.rows >= 10 * plan.classes && percent(50);
}

static const char *dims_of(const struct value *v)
{
    const char *text = "";
    for (int i = 0; i < v->rank; i++)
        text = say("%s%s%d", text, i ? ", " : "", v->dim[i]);
    return text;
}

static void print_drawn_fields(void)
{
    printf("data d = random(%d) {\n  input x: f32[%s] = %s([%s])%s\n", plan.rows,
           dims_of(&plan.x), one_of("random_normal|random_uniform|random_truncated_normal"),
           dims_of(&plan.x), one_of("|| * 2 - 0.5| -> tanh"));
    if (plan.has_v)
        printf("  input v: f32[%d] = random_uniform([%d])%s\n", plan.wide_v, plan.wide_v,
               one_of("|| -> square"));
    if (plan.has_c)
        printf("  input c: class[%d] = random_integer(%d)\n", plan.kinds, plan.kinds);
    if (plan.has_y)
        printf("  label y: class[%d] = random_integer(%d)\n", plan.classes, plan.classes);
    if (plan.has_t)
        printf("  label t: f32[%d] = random_normal([%d])\n", plan.targets, plan.targets);
    if (percent(15))
        printf("  input unused: f32[3] = random_normal([3])\n");
    if (plan.x.rank == 3 && percent(40))
        printf("  augment x {\n    noise(0.05)\n%s%s  }\n",
               percent(50) ? say("    flip(axis = %d)\n", below(2)) : "",
               percent(50) ? "    shift(1, fill = wrap)\n" : "");
}

static const char *class_names(int count)
{
    const char *text = "\"k0\"";
    for (int i = 1; i < count; i++)
        text = say("%s, \"k%d\"", text, i);
    return text;
}

static void print_csv_fields(void)
{
    const char *missing = "";
    if (plan.missing)
        missing = say(", missing = %s", one_of("mean|median|-1|drop|0.5"));
    printf("data d = csv(\"d.csv\") {\n  input x: f32[%s] = columns(\"x0\"..\"x%d\"%s)%s\n",
           dims_of(&plan.x), elements_of(&plan.x) - 1, missing,
           one_of("|| -> zscore| -> minmax| / 4"));
    if (plan.has_v)
        printf("  input v: f32[%d] = columns(\"v0\"..\"v%d\")%s\n", plan.wide_v, plan.wide_v - 1,
               one_of("| * 0.5"));
    if (plan.missing && percent(40))
        printf("  input unknown: f32[1] = missing(\"x0\")\n");
    if (plan.has_c)
        printf("  input c: class[%d] = column(\"c\") - 1\n", plan.kinds);
    if (plan.has_y && plan.text_class && percent(50))
        printf("  label y: class[%s] = column(\"y\")\n", class_names(plan.classes));
    else if (plan.has_y && plan.text_class)
        printf("  label y: class[%d] = column(\"y\", text = true)\n", plan.classes);
    else if (plan.has_y)
        printf("  label y: class[%d] = column(\"y\")\n", plan.classes);
    if (plan.has_t)
        printf("  label t: f32[%d] = columns(\"t0\"..\"t%d\")\n", plan.targets, plan.targets - 1);
    if (plan.weights)
        printf("  weight w = column(\"w\")%s\n", one_of("| { divisor = weights }| * 0.5"));
}

static void print_parts(void)
{
    int test = plan.has_test ? 20 : 0, val = plan.has_val ? between(2, 3) * 10 : 0;
    if (plan.part_by == 1) {
        printf("  part by column(\"part\")\n");
        return;
    }
    if (plan.part_by == 4) {
        printf("  split fold(%d, 4)\n", below(4));
        return;
    }
    if (val || test)
        printf("  split train %d%%%s%s%s\n", 100 - test - val, val ? say(", val %d%%", val) : "",
               test ? say(", test %d%%", test) : "", plan.by_class ? " by y" : "");
    if (plan.part_by == 2)
        printf("  group column(\"g\")\n");
    plan.fixed = plan.part_by == 3 ? percent(30) : plan.part_by == 0 && percent(8);
    if (plan.fixed)
        printf("  order fixed\n");
    else if (plan.part_by == 3)
        printf("  order column(\"when\")\n");
    else if (plan.part_by == 0 && percent(8))
        printf("  shuffle false\n");
    if (percent(25))
        printf("  seed %d\n", below(1000));
}

void print_data(void)
{
    if (plan.csv)
        print_csv_fields();
    else
        print_drawn_fields();
    print_parts();
    printf("}\n\n");
}

static void print_names(const char *stem, int count)
{
    for (int i = 0; i < count; i++)
        printf("%s%d,", stem, i);
}

static void print_numbers(int count)
{
    for (int i = 0; i < count; i++)
        printf("%d.%02d,", between(-2, 2), below(100));
}

static const char *part_of(int row)
{
    if (plan.has_val && row % 5 == 1)
        return "val";
    return plan.has_test && row % 5 == 3 ? "test" : "train";
}

void print_table(void)
{
    if (!plan.csv)
        return;
    print_names("x", elements_of(&plan.x));
    print_names("v", plan.wide_v);
    print_names("t", plan.targets);
    printf("c,y,w,g,when,part\n");
    for (int row = 0; row < plan.rows; row++) {
        bool hole = plan.missing && row % 7 == 3;
        if (hole)
            printf(",");
        print_numbers(elements_of(&plan.x) - hole);
        print_numbers(plan.wide_v);
        print_numbers(plan.targets);
        printf("%d,%s%d,%d.5,g%d,%d,%s\n", 1 + below(plan.kinds), plan.text_class ? "k" : "",
               row % plan.classes, below(4), row % 5, below(50), part_of(row));
    }
}

/* ---- settings ---- */

static const char *watched(void)
{
    if (!plan.has_val)
        return "train.loss";
    if (plan.metrics > 0 && percent(50))
        return say("val.m%d", below(plan.metrics));
    return "val.loss";
}

static const char *schedule(const char *rate)
{
    switch (below(16)) {
    case 0: return say("cosine(%s%s)", rate, one_of("|, to = 1e-4|, start = 3|, over = 5"));
    case 1: return say("warmup(cosine(%s, start = 2), over = %d)", rate, below(5));
    case 2: return say("staircase(%s, 0.5, %d%s)", rate, between(1, 3), one_of("|, at = step"));
    case 3: return say("exponential(%s, 0.9, %d)", rate, between(1, 5));
    case 4: return say("inverse_time(%s, 0.1%s)", rate, one_of("|, every = 3"));
    case 5: return say("polynomial(%s, to = 1e-4, power = %s)", rate, one_of("1|2|0.5"));
    case 6: return say("cosine_restarts(%s, %d, growth = 2, factor = 0.5)", rate, between(1, 4));
    case 7: return say("one_cycle(%s)", rate);
    case 8: return say("plateau(%s, of = %s, patience = %d, factor = 0.5)", rate,
                       plan.has_val ? "val.loss" : "train.loss", below(3));
    case 9: return say("%s / (1 + 0.01 * step)", rate);
    default: return rate;
    }
}

static const char *clips(void)
{
    static const char *const way[] = {", clip_norm = 1", ", clip_value = 0.5",
                                      ", global_clip_norm = 2",
                                      ", clip_norm = 0.5, global_clip_norm = 1"};
    return percent(35) ? way[below(4)] : "";
}

static const char *optimizer(void)
{
    const char *rate = schedule(one_of("0.01|0.003|0.03|1e-3"));
    const char *decay = one_of("|||, decay = 0.01|, decay = 1e-4");
    switch (below(12)) {
    case 0: return say("sgd(lr = %s, momentum = 0.9%s%s%s)", rate,
                       percent(40) ? ", nesterov = true" : "", decay, clips());
    case 1: return say("adamw(lr = %s%s%s)", rate, decay, clips());
    case 2: return say("amsgrad(lr = %s%s%s)", rate, decay, clips());
    case 3: return say("nadam(lr = %s%s%s)", rate, decay, clips());
    case 4: return say("adamax(lr = %s%s%s)", rate, decay, clips());
    case 5: return say("rmsprop(lr = %s%s%s%s%s)", rate, percent(40) ? ", momentum = 0.5" : "",
                       percent(40) ? ", centered = true" : "", decay, clips());
    case 6: return say("adagrad(lr = %s%s%s)", rate, decay, clips());
    case 7: return say("adadelta(lr = 0.5%s%s)", decay, clips());
    case 8: return say("lion(lr = %s%s%s)", rate, decay, clips());
    case 9: return say("signed(lr = %s)", rate);
    case 10: return say("adam(lr = %s%s%s)", rate, decay, clips());
    default: return say("sgd(lr = %s%s%s)", rate, decay, clips());
    }
}

static void print_rules(void)
{
    if (plan.has_bias && percent(30))
        printf("  for \"**/bias\" { %s }\n", one_of("lr = 0.002|frozen = epoch < 1"));
    for (int i = 0; i < plan.layers; i++) {
        const char *name = plan.layer[i];
        if (!percent(35))
            continue;
        switch (below(4)) {
        case 0: printf("  for \"%s/*\" { optimizer %s }\n", name, optimizer()); break;
        case 1: printf("  for \"%s/w\" { frozen = true }\n", name); break;
        case 2: printf("  for \"%s/**\" { frozen = %s }\n", name,
                       one_of("epoch < 1|step > 4|epoch == 1 or step < 2")); break;
        default: printf("  for \"%s/*\" { lr = %s }\n", name, schedule("0.02"));
        }
    }
}

void print_train(void)
{
    int least = plan.has_val || plan.has_test ? plan.rows / 3 : plan.rows;
    least = least < 1 ? 1 : plan.missing ? 1 + least / 2 : least;
    bool small = plan.scale == SMALL;
    printf("train m on d {\n");
    if (percent(70))
        printf("  seed %d\n", below(100000));
    printf(percent(70) ? "  epochs %d\n" : "  steps %d\n",
           small ? between(1, 4) : between(1, 2));
    bool full = percent(25);
    printf("  batch %d\n", full ? between(1, least) : between(1, percent(20) ? 40 : 9));
    if (full)
        printf("  drop_last true\n");
    if (!plan.fixed && percent(20))
        printf("  shuffle %s\n", one_of("true|false"));
    printf("  optimizer %s\n", optimizer());
    print_rules();
    if (percent(25))
        printf("  average %s\n", one_of("0.9|0.99|0.5"));
    if (plan.has_val && percent(35))
        printf("  keep best = %s\n", watched());
    if (plan.has_val && percent(25))
        printf("  patience %d%s\n", between(1, 3), percent(40) ? " by 1e-3" : "");
    printf("}\n");
}
