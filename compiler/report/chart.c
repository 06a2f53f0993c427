#include "report/chart.h"
#include <math.h>
#include "report/html.h"

/* The drawing in units of its viewBox, and the plot within it. */
enum { WIDTH = 420, HEIGHT = 240, LEFT = 56, RIGHT = 410, TOP = 10, BOTTOM = 206 };
enum { POINTS_MAX = 1500 };             /* of a curve as drawn */

/* Numbers from first * step to last * step at the places in between; step is 1, 2 or 5 times ten
 * to the power of `tens`. */
struct axis {
    double step;
    int tens;
    int64_t first, last;
};

struct view {
    struct axis x, y;
    double x_low, x_high;               /* the plot's sides; those of y are its axis's ends */
};

/* ---- axes ---- */

static double power_of_ten(int tens)
{
    double power = 1;
    for (int i = 0; i < (tens < 0 ? -tens : tens); i++)
        power *= 10;
    return tens < 0 ? 1 / power : power;
}

/* An axis of about `wanted` steps that holds low .. high. */
static struct axis axis_of(double low, double high, int wanted, bool whole)
{
    static const int parts[] = {1, 2, 5};
    struct axis axis = {.step = 0};
    double rough = (high - low) / wanted;
    for (int tens = whole ? 0 : -46; tens < 308 && !(axis.step >= rough && axis.step > 0); tens++)
        for (int i = 0; i < 3 && !(axis.step >= rough && axis.step > 0); i++) {
            axis.step = parts[i] * power_of_ten(tens);
            axis.tens = tens;
        }
    axis.first = (int64_t)floor(low / axis.step);
    axis.last = (int64_t)ceil(high / axis.step);
    return axis;
}

/* Low and high with room between them; from 0 on where that costs little of the plot. */
static struct axis value_axis(double low, double high)
{
    if (low > 0 && low < 0.5 * high)
        low = 0;
    if (!(high - low > 1e-6 * fmax(fabs(low), fabs(high)))) {
        double room = high == 0 ? 1 : 0.1 * fabs(high);
        low -= room;
        high += room;
    }
    return axis_of(low, high, 4, false);
}

/* A place on an axis with as many digits as its step needs. */
static void print_tick(struct text *text, const struct axis *axis, int64_t i)
{
    double value = (double)i * axis->step, size = fabs(value);
    if (i == 0 || (size >= 1e-4 && size < 1e6))
        text_printf(text, "%.*f", axis->tens < 0 && i ? -axis->tens : 0, value);
    else
        text_printf(text, "%.4g", value);
}

static struct view view_of(const struct chart *chart)
{
    double low = INFINITY, high = -INFINITY, left = INFINITY, right = -INFINITY;
    bool whole = true;                  /* as epochs are */
    for (int c = 0; c < chart->curve_count; c++) {
        const struct curve *curve = &chart->curve[c];
        for (int i = 0; i < curve->count; i++) {
            low = fmin(low, curve->y[i]);
            high = fmax(high, curve->y[i]);
            whole = whole && curve->x[i] == floor(curve->x[i]);
        }
        left = fmin(left, curve->x[0]);
        right = fmax(right, curve->x[curve->count - 1]);
    }
    struct view view = {.y = isfinite(low) ? value_axis(low, high) : value_axis(0, 1),
                        .x_low = right > left ? left : left - 0.5,
                        .x_high = right > left ? right : left + 0.5};
    view.x = axis_of(view.x_low, view.x_high, 6, whole);
    return view;
}

static double place_x(const struct view *view, double x)
{
    return LEFT + (RIGHT - LEFT) * ((x - view->x_low) / (view->x_high - view->x_low));
}

static double place_y(const struct view *view, double y)
{
    double low = (double)view->y.first * view->y.step, high = (double)view->y.last * view->y.step;
    return BOTTOM - (BOTTOM - TOP) * ((y - low) / (high - low));
}

static void print_grid(struct text *text, const struct chart *chart, const struct view *view)
{
    text_puts(text, "<g class=\"grid\">\n");
    for (int64_t i = view->y.first; i <= view->y.last; i++) {
        double y = place_y(view, (double)i * view->y.step);
        text_printf(text, "<path d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
        text_printf(text, "<text x=\"%d\" y=\"%.1f\" class=\"y\">", LEFT - 6, y + 4);
        print_tick(text, &view->y, i);
        text_puts(text, "</text>\n");
    }
    text_puts(text, "</g>\n<g class=\"axis\">\n");
    for (int64_t i = view->x.first; i <= view->x.last; i++) {
        double at = (double)i * view->x.step, x = place_x(view, at);
        if (at < view->x_low || at > view->x_high)
            continue;
        text_printf(text, "<path d=\"M%.1f %dv4\"/><text x=\"%.1f\" y=\"%d\">", x, BOTTOM, x,
                    BOTTOM + 17);
        print_tick(text, &view->x, i);
        text_puts(text, "</text>\n");
    }
    text_printf(text, "<path d=\"M%d %dH%d\"/>", LEFT, BOTTOM, RIGHT);
    text_printf(text, "<text x=\"%d\" y=\"%d\" class=\"name\">%s</text>\n</g>\n", RIGHT, HEIGHT - 3,
                chart->x_name);
}

/* ---- curves ---- */

/* Of more points than can be seen: the least and the greatest of each of equal pieces. */
static struct curve thinned(struct arena *arena, const struct curve *curve)
{
    struct curve thin = *curve;
    int pieces = POINTS_MAX / 2, count = 0;
    if (curve->count <= POINTS_MAX)
        return thin;
    double *x = ARENA_ARRAY(arena, double, POINTS_MAX);
    double *y = ARENA_ARRAY(arena, double, POINTS_MAX);
    for (int p = 0; p < pieces; p++) {
        int begin = (int)((int64_t)curve->count * p / pieces), low = begin, high = begin;
        int end = (int)((int64_t)curve->count * (p + 1) / pieces);
        for (int i = begin; i < end; i++) {
            low = curve->y[i] < curve->y[low] || isnan(curve->y[low]) ? i : low;
            high = curve->y[i] > curve->y[high] || isnan(curve->y[high]) ? i : high;
        }
        for (int both = 0; both < 1 + (low != high); both++) {
            int at = both == (low < high) ? high : low;
            x[count] = curve->x[at];
            y[count++] = curve->y[at];
        }
    }
    thin.x = x;
    thin.y = y;
    thin.count = count;
    return thin;
}

static void print_line(struct text *text, const struct view *view, const struct curve *curve)
{
    bool drawn = false;
    text_printf(text, "<path class=\"line c%d d%d%s\" d=\"", curve->colour, curve->dash,
                curve->count == 1 ? " dot" : "");
    for (int i = 0; i < curve->count; i++) {
        if (isnan(curve->y[i])) {
            drawn = false;
            continue;
        }
        bool alone = !drawn && (i + 1 == curve->count || isnan(curve->y[i + 1]));
        text_printf(text, "%s%.1f %.1f%s", drawn ? "L" : "M", place_x(view, curve->x[i]),
                    place_y(view, curve->y[i]), alone ? "h0" : "");
        drawn = true;
    }
    text_puts(text, "\"/>\n");
}

/* The area of a spot is as its rows, but for what makes it seen. */
static void print_spots(struct text *text, const struct view *view, const struct curve *curve)
{
    int64_t most = 1;
    for (int i = 0; curve->rows && i < curve->count; i++)
        most = curve->rows[i] > most ? curve->rows[i] : most;
    for (int i = 0; curve->rows && i < curve->count; i++)
        text_printf(text, "<circle class=\"spot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
                    curve->colour, place_x(view, curve->x[i]), place_y(view, curve->y[i]),
                    fmax(7 * sqrt((double)curve->rows[i] / (double)most), 2));
}

static void print_values(struct text *text, const char *name, const double *value, int count)
{
    text_printf(text, "\"%s\":[", name);
    for (int i = 0; i < count; i++) {
        text_puts(text, i ? "," : "");
        if (isnan(value[i]))
            text_puts(text, "null");
        else
            text_printf(text, "%.9g", value[i]);
    }
    text_puts(text, "]");
}

/* ---- the legend ---- */

/* "0.0224 (least 0.0217 at epoch 28)" */
static void print_ends(struct text *text, const struct chart *chart, const struct curve *curve)
{
    int least = 0, most = 0, last = curve->count - 1;
    for (int i = 1; i < curve->count; i++) {
        least = curve->y[i] < curve->y[least] || isnan(curve->y[least]) ? i : least;
        most = curve->y[i] > curve->y[most] || isnan(curve->y[most]) ? i : most;
    }
    text_printf(text, "<b>%s</b>", chart->plain ? "" : html_number(text->arena, curve->y[last]));
    if (least == most || chart->plain)
        return;
    text_printf(text, "<span class=\"ends\">; least %s at %s %s, greatest %s at %s</span>",
                html_number(text->arena, curve->y[least]), chart->x_name,
                html_number(text->arena, curve->x[least]),
                html_number(text->arena, curve->y[most]), html_number(text->arena, curve->x[most]));
}

static void print_legend(struct text *text, const struct chart *chart)
{
    text_puts(text, "<ul class=\"legend\">\n");
    for (int c = 0; c < chart->curve_count; c++) {
        const struct curve *curve = &chart->curve[c];
        text_printf(text, "<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path "
                    "class=\"line c%d d%d\" d=\"M1 5H25\"/></svg> %s ", curve->colour, curve->dash,
                    html_escape(text->arena, curve->label));
        print_ends(text, chart, curve);
        text_printf(text, "%s</li>\n", curve->rows ? "(the more rows, the larger a spot)" : "");
    }
    text_puts(text, "</ul>\n");
}

/* The points of spots in numbers, folded away. */
static void print_table(struct text *text, const struct chart *chart, const struct curve *curve)
{
    if (!curve->rows)
        return;
    text_printf(text, "<details><summary>as a table</summary>\n<table>\n<thead><tr>"
                "<th scope=\"col\" class=\"number\">%s</th><th scope=\"col\" class=\"number\">%s"
                "</th><th scope=\"col\" class=\"number\">rows</th></tr></thead>\n<tbody>\n",
                chart->x_name, curve->label);
    for (int i = 0; i < curve->count; i++)
        text_printf(text, "<tr><td class=\"number\">%s</td><td class=\"number\">%s</td>"
                    "<td class=\"number rows\">%s</td></tr>\n",
                    html_number(text->arena, curve->x[i]), html_number(text->arena, curve->y[i]),
                    html_number(text->arena, (double)curve->rows[i]));
    text_puts(text, "</tbody>\n</table>\n</details>\n");
}

static void print_data(struct text *text, const struct chart *chart, const struct view *view,
                       const struct curve *curve)
{
    text_printf(text, "<script type=\"application/json\">{\"box\":[%d,%d,%d,%d],", LEFT, TOP, RIGHT,
                BOTTOM);
    print_values(text, "y", (double[]){(double)view->y.first * view->y.step,
                                       (double)view->y.last * view->y.step}, 2);
    text_puts(text, ",");
    print_values(text, "x", (double[]){view->x_low, view->x_high}, 2);
    text_puts(text, ",\"lines\":[");
    for (int c = 0; c < chart->curve_count; c++) {
        text_puts(text, c ? ",{" : "{");
        print_values(text, "x", curve[c].x, curve[c].count);
        text_puts(text, ",");
        print_values(text, "y", curve[c].y, curve[c].count);
        text_puts(text, "}");
    }
    text_puts(text, "]}</script>\n");
}

void chart_print(struct text *text, const struct chart *chart)
{
    struct view view = view_of(chart);
    struct curve *curve = ARENA_ARRAY(text->arena, struct curve, chart->curve_count);
    const char *title = html_escape(text->arena, chart->title);
    text_printf(text, "<figure class=\"chart\" data-x=\"%s\"%s>\n"
                "<figcaption id=\"f%d\">%s</figcaption>\n"
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"f%d\">\n", chart->x_name,
                chart->plain ? " data-plain" : "", chart->number, title, WIDTH, HEIGHT,
                chart->number);
    print_grid(text, chart, &view);
    text_puts(text, "<g class=\"lines\">\n");
    for (int c = 0; c < chart->curve_count; c++) {
        curve[c] = thinned(text->arena, &chart->curve[c]);
        print_line(text, &view, &curve[c]);
        print_spots(text, &view, &curve[c]);
    }
    text_puts(text, "</g>\n</svg>\n");
    print_legend(text, chart);
    for (int c = 0; c < chart->curve_count; c++)
        print_table(text, chart, &curve[c]);
    print_data(text, chart, &view, curve);
    text_puts(text, "</figure>\n");
}
