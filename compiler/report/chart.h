/* Curves as SVG.  All numbers come from +, -, *, /, square roots, floor, ceil, least and greatest,
 * which have one result each: the same bytes everywhere. */
#ifndef INVAR_REPORT_CHART_H
#define INVAR_REPORT_CHART_H
#include <stdbool.h>
#include "base/text.h"

enum { CHART_COLOURS = 8 };

struct curve {
    const char *label;
    int colour;                         /* 0 .. CHART_COLOURS - 1 */
    int dash;                           /* 0: a whole line; 1, 2: dashed, dotted */
    const double *x, *y;                /* x ascending; y may be NaN, which is a gap */
    int count;
    const int64_t *rows;                /* of how many each point is, as its spot's size; or NULL */
};

struct chart {
    const char *title, *x_name;         /* x_name: "epoch" */
    int number;                         /* on the page */
    bool plain;                         /* the legend has labels alone, no values */
    struct curve *curve;
    int curve_count, curve_room;
};

/* A <figure>: title, curves with axes, legend with last, least and greatest
 * values, data for the script. */
void chart_print(struct text *, const struct chart *);

#endif
