/* Einsum: of one array a sum and another order of axes, of two a product of matrices. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "convert/rules.h"

/* Axes as an equation names them: letters, and below LETTERS those that "..." stands for, by their
 * places from its end. */
enum { LETTERS = 64 };
struct labels { int count, label[AXES]; };

struct einsum {
    struct call *call;
    struct labels in[2], out;
    int64_t dim[256];                   /* by label; 0: not known */
    int rows;                           /* the label of the batch's axis, or -1 */
};

static int place_of(const struct labels *l, int label)
{
    for (int i = 0; i < l->count; i++)
        if (l->label[i] == label)
            return i;
    return -1;
}

/* One side's labels, up to a comma, an arrow or the end; `dots` axes stand for "...".  false where
 * it is none. */
static bool read_labels(const char **text, int dots, struct labels *l)
{
    const char *at = *text;
    *l = (struct labels){0};
    while (*at && *at != ',' && *at != '-') {
        bool many = !strncmp(at, "...", 3);
        int count = many ? dots : 1;
        if (*at == ' ') {
            at++;
            continue;
        }
        if ((!many && !isalpha((unsigned char)*at)) || l->count + count > AXES)
            return false;
        for (int i = 0; i < count; i++) {
            int label = many ? dots - i : (unsigned char)*at;
            if (place_of(l, label) >= 0)
                return false;
            l->label[l->count++] = label;
        }
        at += many ? 3 : 1;
    }
    *text = at;
    return true;
}

/* How many axes "..." of an operand of that rank stands for. */
static int count_dots(const char *text, int rank)
{
    int letters = 0;
    for (; *text && *text != ',' && *text != '-'; text++)
        letters += isalpha((unsigned char)*text) != 0;
    return rank < letters ? 0 : rank - letters;
}

/* Without an arrow: "...", then the letters that stand once, in their order. */
static void imply_output(struct einsum *e, int dots, int count)
{
    for (int i = dots; i > 0; i--)
        e->out.label[e->out.count++] = i;
    for (int letter = LETTERS; letter < 128; letter++) {
        int times = 0;
        for (int i = 0; i < count; i++)
            times += place_of(&e->in[i], letter) >= 0;
        if (times == 1 && e->out.count < AXES)
            e->out.label[e->out.count++] = letter;
    }
}

/* Takes the equation apart, and what its labels stand for; false after a refusal. */
static bool read_equation(struct einsum *e, const char *text)
{
    struct call *c = e->call;
    int most = 0;
    bool good = true;
    for (int i = 0; i < c->ins && good; i++) {
        const struct value *v = c->in[i];
        int dots = strstr(text, "...") ? count_dots(text, v->rank) : 0;
        most = dots > most ? dots : most;
        good = read_labels(&text, dots, &e->in[i]) && e->in[i].count == v->rank &&
               (i + 1 == c->ins || *text++ == ',');
        for (int k = 0; k < v->rank && good; k++) {
            int64_t *dim = &e->dim[e->in[i].label[k]];
            good = *dim == 0 || *dim == v->dim[k];
            *dim = v->dim[k];
        }
    }
    if (good && !strncmp(text, "->", 2)) {
        text += 2;
        good = read_labels(&text, most, &e->out) && !*text;
    } else if (good) {
        good = !*text;
        imply_output(e, most, c->ins);
    }
    for (int i = 0; i < e->out.count; i++)
        good &= e->dim[e->out.label[i]] > 0;
    if (!good)
        refuse(c, "its equation does not fit, names an axis twice, or wants extents of 1 repeated");
    return good;
}

/* The axis of the batch must be that of all operands that have one, and of the result. */
static bool find_rows(struct einsum *e)
{
    struct call *c = e->call;
    bool good = true;
    e->rows = -1;
    for (int i = 0; i < c->ins; i++)
        if (c->in[i]->rows >= 0)
            e->rows = e->in[i].label[c->in[i]->rows];
    for (int i = 0; i < c->ins && e->rows >= 0; i++)
        good &= place_of(&e->in[i], e->rows) == c->in[i]->rows;
    if (e->rows >= 0 && (!good || place_of(&e->out, e->rows) < 0)) {
        refuse(c, "it adds up over the rows of the batch, or joins them with something else");
        return false;
    }
    return true;
}

/* Labels of an operand that are, or are not, in two others. */
static void add_labels(const struct einsum *e, const struct labels *from, const struct labels *a,
                       bool in_a, const struct labels *b, bool in_b, struct labels *to)
{
    for (int i = 0; i < from->count; i++) {
        int l = from->label[i];
        if (l != e->rows && (place_of(a, l) >= 0) == in_a && (place_of(b, l) >= 0) == in_b)
            to->label[to->count++] = l;
    }
}

static int64_t elements(const struct einsum *e, const struct labels *l)
{
    int64_t count = 1;
    for (int i = 0; i < l->count; i++)
        count *= e->dim[l->label[i]];
    return count;
}

/* An operand with its axes in the order of three lists, each list as one axis; the first one only
 * where it has any. */
static const char *arranged(struct einsum *e, int i, const struct labels *first,
                            const struct labels *second, const struct labels *third)
{
    const struct labels *part[] = {first, second, third};
    int order[AXES], count = 0, n = 0;
    int64_t dim[3];
    bool same = true;
    for (int k = 0; k < 3; k++) {
        for (int j = 0; j < part[k]->count; j++)
            order[count++] = place_of(&e->in[i], part[k]->label[j]);
        if (k > 0 || part[k]->count > 0) {
            dim[n++] = elements(e, part[k]);
            same &= part[k]->count == 1;
        }
    }
    const char *text = ordered(e->call, e->call->in[i], order);
    return same ? text : arena_printf(e->call->im->arena, "reshape(%s, %s)", text,
                                      list_text(e->call->im->arena, n, dim));
}

/* The text has the axes of three lists one after another: `whole` where each is one of its axes. */
static void give_arranged(struct einsum *e, const struct labels *part, bool whole, const char *text)
{
    struct value shape = {.type = ONNX_FLOAT, .rank = e->out.count};
    struct call *c = e->call;
    int64_t dim[AXES];
    int count = 0;
    shape.rows = e->rows < 0 ? -1 : place_of(&e->out, e->rows);
    for (int i = 0; i < e->out.count; i++)
        shape.dim[i] = i == shape.rows ? 1 : e->dim[e->out.label[i]];
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < part[k].count; j++)
            shape.order[count++] = place_of(&e->out, part[k].label[j]);
    text_dims(&shape, dim);
    if (whole)
        give(c, 0, &shape, "%s", text);
    else
        give(c, 0, &shape, "reshape(%s, %s)", text,
             list_text(c->im->arena, text_axes(&shape), dim));
}

static void give_sum(struct einsum *e)
{
    struct labels part[3] = {{0}}, gone = {0};
    add_labels(e, &e->in[0], &e->out, true, &e->out, true, &part[0]);
    add_labels(e, &e->in[0], &e->out, false, &e->out, false, &gone);
    const char *text = arranged(e, 0, &(struct labels){0}, &part[0], &gone);
    give_arranged(e, part, false, arena_printf(e->call->im->arena, "sum(%s, axis = 1)", text));
}

/* a [both, own, summed] by b [both, summed, own]. */
static void give_product(struct einsum *e)
{
    struct labels part[3] = {{0}}, summed = {0}, lost = {0};
    const struct labels *a = &e->in[0], *b = &e->in[1];
    add_labels(e, a, b, true, &e->out, true, &part[0]);
    add_labels(e, a, b, false, &e->out, true, &part[1]);
    add_labels(e, b, a, false, &e->out, true, &part[2]);
    add_labels(e, a, b, true, &e->out, false, &summed);
    add_labels(e, a, b, false, &e->out, false, &lost);
    add_labels(e, b, a, false, &e->out, false, &lost);
    if (lost.count > 0) {
        refuse(e->call, "it adds up over an axis of one operand alone: sum that one first");
        return;
    }
    bool whole = part[0].count <= 1 && part[1].count == 1 && part[2].count == 1;
    const char *left = arranged(e, 0, &part[0], &part[1], &summed);
    const char *right = arranged(e, 1, &part[0], &summed, &part[2]);
    give_arranged(e, part, whole, arena_printf(e->call->im->arena, "%s @ %s", left, right));
}

void onnx_einsum(struct call *c)
{
    struct einsum e = {.call = c};
    const char *text = attribute_text(c, "equation", "");
    if (!has_types(c, 0, c->ins, TYPE_REAL) || !read_equation(&e, text) || !find_rows(&e))
        return;
    if (c->ins == 1)
        give_sum(&e);
    else
        give_product(&e);
}

/* ---- determinants ---- */

enum { MATRIX = 3 };                    /* most lines of one */

/* By the lines from `row` on and the columns that are left, along the first of them. */
static const char *put_minor(struct call *c, const char *(*e)[MATRIX], int n, int row,
                             unsigned left)
{
    const char *sum = NULL;
    bool even = true;
    for (int i = 0; i < n; i++) {
        if (!(left >> i & 1))
            continue;
        unsigned rest = left & ~(1u << i);
        const char *y = e[row][i];
        if (rest)
            y = PUT(c, "Mul", y, put_minor(c, e, n, row + 1, rest));
        sum = !sum ? y : even ? PUT(c, "Add", sum, y) : PUT(c, "Sub", sum, y);
        even = !even;
    }
    return sum;
}

void onnx_det(struct call *c)
{
    const struct value *x = c->in[0];
    int n = x->rank < 2 ? 0 : (int)(x->dim[x->rank - 1] <= MATRIX ? x->dim[x->rank - 1] : 0);
    const char *e[MATRIX][MATRIX] = {{NULL}};
    if (n < 1 || x->dim[x->rank - 2] != n || x->rows >= x->rank - 2 ||
        !has_types(c, 0, 1, TYPE_REAL)) {
        refuse(c, "it takes square matrices of a row, of up to %d lines", MATRIX);
        return;
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            e[i][k] = PUT(c, "Squeeze",
                          PUT(c, "Slice", c->node->input[0], PUT_LIST(c, i, k),
                              PUT_LIST(c, i + 1, k + 1), PUT_LIST(c, -2, -1)), PUT_LIST(c, -2, -1));
    give_results(c, (const char *const[OUTPUTS]){put_minor(c, e, n, 0, (1u << n) - 1)});
}
