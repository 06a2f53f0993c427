/* Models that hold all pairs of settings: `pairs` prints how many, `pairs N` the N-th, from 1.
 * What follows from no other setting is a factor; each model has one choice of every factor, and
 * any two choices of two factors are in some model together.  Greedy: of some random models the
 * one with most pairs that are new. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "draws.h"

enum { OPTIMIZER, SCHEDULE, CLIP, AVERAGE, KEEP, PATIENCE, FROZEN, SECOND, DROPOUT, NORM, WEIGHTS,
       LOSS, METRIC, ORDER, LAST, LENGTH, ACTIVATION, INIT, DECAY, PARTS, AGAIN, FACTORS,
       CHOICES = 16, TRIES = 80 };

/* Choices of a factor up to the first NULL; %s is the rate of an optimizer. */
static const char *const choice[FACTORS][CHOICES] = {
    [OPTIMIZER] = {"sgd(lr = %s", "sgd(momentum = 0.9, lr = %s", "adam(lr = %s", "adamw(lr = %s",
                   "sgd(momentum = 0.8, nesterov = true, lr = %s", "amsgrad(lr = %s",
                   "nadam(lr = %s", "adamax(lr = %s", "rmsprop(momentum = 0.5, lr = %s",
                   "rmsprop(centered = true, lr = %s", "adagrad(lr = %s", "adadelta(lr = %s",
                   "lion(lr = %s"},
    [SCHEDULE] = {"0.02", "cosine(0.03)", "warmup(0.02, over = 5)", "staircase(0.03, 0.5, 2)",
                  "one_cycle(0.04)", "cosine_restarts(0.03, 4, growth = 2)",
                  "plateau(0.03, of = train.loss, patience = 1, by = 0.02)",
                  "plateau(0.03, of = val.m0, patience = 0)", "polynomial(0.02, power = 2)"},
    [CLIP] = {"", ", clip_norm = 0.5", ", clip_value = 0.1", ", global_clip_norm = 1",
              ", clip_norm = 0.4, global_clip_norm = 0.5"},
    [AVERAGE] = {"", "  average 0.9\n"},
    [KEEP] = {"", "  keep best = val.loss\n", "  keep best = val.m0\n"},
    [PATIENCE] = {"", "  patience 2\n", "  patience 1 by 0.05\n"},
    [FROZEN] = {"", "  for \"body/w\" { frozen = true }\n",
                "  for \"head/*\" { frozen = epoch < 2 }\n",
                "  for \"body/*\", \"low/**\" { frozen = step > 9 or step == 3 }\n"},
    [SECOND] = {"", "  for \"head/*\" { optimizer sgd(lr = 0.05, momentum = 0.5) }\n",
                "  for \"head/w\" { optimizer adam(lr = plateau(0.1, patience = 0)) }\n"},
    [DROPOUT] = {"", " -> dropout(0.3)", " -> spatial_dropout(0.3)", " -> gaussian_noise(0.1)",
                 " -> gaussian_dropout(0.2)", " -> drop_path(0.2)"},
    [NORM] = {"centred as low", "layer_norm as low", "batch_norm as low", "rms_norm as low",
              "group_norm(1) as low"},
    [WEIGHTS] = {"", "  weight w = random_uniform()\n",
                 "  weight w = random_uniform() { divisor = weights }\n"},
    [LOSS] = {"cross_entropy(z, y)", "cross_entropy(z, y, smoothing = 0.1)",
              "cross_entropy(z, y, weights = [1, 2, 0.5])", "mse(softmax(z), y)",
              "binary_cross_entropy(z, y, pos_weight = 2)",
              "cross_entropy(z, y)\n  loss small = l2(body.w, 1e-3)", "focal(z, y)",
              "dice(sigmoid(z), y)", "cosine_distance(z, y)"},
    [METRIC] = {"", "  metric f1(z, y)\n", "  metric confusion(z, y)\n",
                "  metric top_k(z, y, k = 2)\n",
                "  metric recall(z, y)\n  metric precision(z, y)\n",
                "  metric r2(softmax(z), y)\n", "  metric mean_absolute_error(z, y)\n",
                "  metric auc(z, y)\n"},
    [ORDER] = {"", "  shuffle false\n"},
    [LAST] = {"", "  drop_last true\n"},
    [LENGTH] = {"  epochs 6\n", "  steps 31\n"},
    [ACTIVATION] = {"relu", "tanh", "gelu", "sigmoid", "elu", "mish"},
    [INIT] = {"glorot_uniform", "orthogonal", "he_normal", "normal(0.1)"},
    [DECAY] = {"", "  for \"**/bias\" { lr = 0.01 }\n"},
    [PARTS] = {"  split train 60%, val 20%, test 20%\n",
               "  split train 70%, val 15%, test 15%\n  seed 3\n",
               "  split train 65%, val 15%, test 20%\n  shuffle false\n",
               "  split train 60%, val 20%, test 20% by y\n", "  split fold(1, 4), test 20%\n"},
    [AGAIN] = {"", "  recompute {\n"},
};

/* What firmware refuses, so that the rest of such a model is not compared with it. */
static bool refused(int factor, int choice)
{
    return (factor == METRIC && choice == 7) || (factor == PARTS && choice >= 3);
}

static bool covered[FACTORS][CHOICES][FACTORS][CHOICES];

static int choices(int factor)
{
    int count = 0;
    while (count < CHOICES && choice[factor][count])
        count++;
    return count;
}

/* Pairs of a row that no row before has; with `keep` it has been one. */
static int new_pairs(const int *row, bool keep)
{
    int count = 0;
    bool firmware = true;
    for (int a = 0; a < FACTORS; a++)
        firmware = firmware && !refused(a, row[a]);
    for (int a = 0; a < FACTORS; a++)
        for (int b = a + 1; b < FACTORS; b++) {
            if (!firmware && !refused(a, row[a]) && !refused(b, row[b]))
                continue;
            count += !covered[a][row[a]][b][row[b]];
            covered[a][row[a]][b][row[b]] |= keep;
        }
    return count;
}

/* Draws a row that has a pair which is missing yet; false where none is. */
static bool draw_row(int *row)
{
    for (int i = 0; i < FACTORS; i++)
        row[i] = below(choices(i));
    int from = below(FACTORS * FACTORS);
    for (int i = 0; i < FACTORS * FACTORS; i++) {
        int a = (from + i) % (FACTORS * FACTORS) / FACTORS, b = (from + i) % FACTORS;
        for (int k = 0; a < b && k < choices(a) * choices(b); k++) {
            if (covered[a][k % choices(a)][b][k / choices(a)])
                continue;
            row[a] = k % choices(a);
            row[b] = k / choices(a);
            return true;
        }
    }
    return false;
}

/* The next row; false after the last. */
static bool next_row(int *best)
{
    int most = -1;
    for (int i = 0; i < TRIES; i++) {
        int row[FACTORS];
        if (!draw_row(row))
            return false;
        int count = new_pairs(row, false);
        if (count > most)
            memcpy(best, row, sizeof row);
        most = count > most ? count : most;
    }
    new_pairs(best, true);
    return true;
}

static const char *of(const int *row, int factor)
{
    return choice[factor][row[factor]];
}

static void print_model(const int *row)
{
    printf("invar 1\n\ndata d = random(60) {\n  input x: f32[5] = random_normal([5])\n"
           "  label y: class[3] = random_integer(3)\n%s%s}\n\n", of(row, WEIGHTS), of(row, PARTS));
    printf("block centred(x: f32[..., c]) {\n  buffer middle: f32[c] = 0\n"
           "  param shift: f32[c] = 0\n  if training {\n    now = mean(x, keep = -1)\n"
           "    middle = 0.9 * middle + 0.1 * now\n    return x - now + shift\n  }\n"
           "  return x - middle + shift\n}\n\n");
    printf("model m(x: f32[5], y: class[3]) {\n"
           "%s  h = x -> dense(7, init = %s) as body -> %s -> %s%s\n%s"
           "  z = h -> dense(3) as head\n  loss %s\n  metric m0 = accuracy(z, y)\n%s"
           "  output probs = softmax(z)\n}\n\n", of(row, AGAIN), of(row, INIT), of(row, NORM),
           of(row, ACTIVATION), of(row, DROPOUT), *of(row, AGAIN) ? "  }\n" : "", of(row, LOSS),
           of(row, METRIC));
    const char *optimizer = of(row, OPTIMIZER);
    printf("train m on d {\n  seed 5\n%s  batch 7\n%s%s  optimizer %.*s%s%s)\n", of(row, LENGTH),
           of(row, ORDER), of(row, LAST), (int)strcspn(optimizer, "%"), optimizer,
           of(row, SCHEDULE), of(row, CLIP));
    printf("%s%s%s%s%s%s}\n", of(row, DECAY), of(row, FROZEN), of(row, SECOND), of(row, AVERAGE),
           of(row, KEEP), of(row, PATIENCE));
}

int main(int argc, char **argv)
{
    int row[FACTORS], wanted = argc > 1 ? atoi(argv[1]) : 0, count = 0;
    draw_from(1);
    while (next_row(row))
        if (++count == wanted)
            print_model(row);
    if (wanted == 0)
        printf("%d\n", count);
    return 0;
}
