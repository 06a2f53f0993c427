#include <math.h>
#include <string.h>
#include "report/html.h"
#include "report/model.h"

enum { BINS = 40, WIDTH = 200, HEIGHT = 70 };

struct spread {
    double low, high, mean, deviation;
    int64_t count;
    int64_t bin[BINS], most;            /* most: in one bin */
};

/* Sums of binary64 in the order of the elements, which are finite in what a trainer writes. */
static struct spread spread_of(const float *value, int64_t count)
{
    struct spread s = {.low = INFINITY, .high = -INFINITY, .count = count};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        s.low = value[i] < s.low ? value[i] : s.low;
        s.high = value[i] > s.high ? value[i] : s.high;
        sum += value[i];
    }
    s.mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) {
        int at = s.high > s.low ? (int)((value[i] - s.low) / (s.high - s.low) * BINS) : BINS / 2;
        at = at < BINS ? at : BINS - 1;
        s.bin[at]++;
        s.most = s.bin[at] > s.most ? s.bin[at] : s.most;
        squares += (value[i] - s.mean) * (value[i] - s.mean);
    }
    s.deviation = sqrt(squares / (double)count);
    return s;
}

static void print_bars(struct text *text, const struct spread *s)
{
    text_printf(text, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"histogram\">"
                "<path class=\"bars\" d=\"", WIDTH, HEIGHT);
    for (int i = 0; i < BINS; i++)
        if (s->bin[i])
            text_printf(text, "M%d %dv-%.1fh%dV%dz", i * (WIDTH / BINS), HEIGHT,
                        fmax((double)(HEIGHT * s->bin[i]) / (double)s->most, 0.5), WIDTH / BINS,
                        HEIGHT);
    text_puts(text, "\"/></svg>\n");
}

static void print_array(struct text *text, const struct variable *v, const uint32_t *word)
{
    struct arena *arena = text->arena;
    int64_t count = shape_elements(&v->shape);
    float *value = ARENA_ARRAY(arena, float, count);
    memcpy(value, word + v->offset / 4, sizeof *value * (size_t)count);
    struct spread s = spread_of(value, count);
    text_printf(text, "<figure class=\"array\">\n<figcaption>%s <code>%s</code></figcaption>\n",
                html_escape(arena, v->path), shape_print(arena, v->dtype, &v->shape));
    print_bars(text, &s);
    text_printf(text, "<p class=\"along\"><span>%.4g</span> <span>%.4g</span></p>\n", s.low,
                s.high);
    text_printf(text, "<p>mean %.4g, deviation %.4g; %s of %s values in the highest bar</p>\n"
                "</figure>\n", s.mean, s.deviation, text_grouped(arena, s.most),
                text_grouped(arena, s.count));
}

void weights_print(struct text *text, const struct program *program, const uint32_t *word)
{
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (v->kind == VAR_PARAM && v->dtype == F32 && shape_elements(&v->shape) > 0)
            print_array(text, v, word);
    }
}
