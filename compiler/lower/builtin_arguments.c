/* What operators of the language ask of their arguments. */
#include <string.h>
#include "lower/builtin.h"

bool builtin_arrange(struct lower *l, struct frame *frame, const struct builtin *b,
                     struct arguments *a, struct value *out, bool *given, struct span span)
{
    int next = 0, most = 0;
    while (most < FORMALS_MAX && b->formals[most])
        most++;
    for (int i = 0; i < a->count; i++) {
        int at = next;
        if (a->name[i]) {
            for (at = 0; at < most && strcmp(b->formals[at], a->name[i]);)
                at++;
            if (at == most) {
                struct diag *d = lower_error(l, frame, a->ast[i]->name_span,
                                             "'%s' has no argument '%s'", b->name, a->name[i]);
                const char *near = diag_nearest(a->name[i], b->formals, most);
                if (near)
                    diag_help(d, "did you mean '%s'?", near);
                return false;
            }
        } else {
            next++;
        }
        if (at >= most || given[at]) {
            struct span place = a->ast[i] ? a->ast[i]->span : span;
            if (at >= most)
                lower_error(l, frame, place, "'%s' takes %d argument%s, and this is one more",
                            b->name, most, most == 1 ? "" : "s");
            else
                lower_error(l, frame, place, "argument '%s' of '%s' is given twice", b->formals[at],
                            b->name);
            return false;
        }
        out[at] = a->item[i];
        given[at] = true;
    }
    for (int i = 0; i < b->least; i++)
        if (!given[i]) {
            lower_error(l, frame, span, "'%s' needs argument '%s'", b->name, b->formals[i]);
            return false;
        }
    return true;
}

bool builtin_dims(struct lower *l, struct frame *frame, struct value list, int *rank, int64_t *dim)
{
    if (list.kind == V_ERROR)
        return false;
    bool good = list.kind == V_LIST && list.count <= RANK_MAX - 1;
    *rank = list.count;
    for (int i = 0; good && i < list.count; i++)
        good = value_whole(list.item[i], &dim[i]) && dim[i] >= 1;
    if (good && !dims_fit(*rank, dim)) {
        lower_error(l, frame, list.span, "more than 2147483647 elements");
        return false;
    }
    if (!good)
        lower_error(l, frame, list.span,
                    "a shape is a list of at most %d whole numbers above 0: [2, 3]", RANK_MAX - 1);
    return good;
}

bool builtin_axis(struct lower *l, struct frame *frame, struct value v, int rank, int *axis)
{
    int64_t whole;
    if (!value_whole(v, &whole) || whole < -rank || whole >= rank) {
        struct diag *d = v.kind == V_NUMBER
                             ? lower_error(l, frame, v.span, "there is no axis %.9g here", v.number)
                             : lower_error(l, frame, v.span,
                                           "an axis is a whole number known at "
                                           "compile time, not %s",
                                           value_describe(l, v));
        if (rank > 0)
            diag_help(d, "axes run from 0 to %d, or from -%d to -1 from the end", rank - 1, rank);
        else
            diag_help(d, "this value has no axes: it is one number");
        return false;
    }
    *axis = (int)(whole < 0 ? whole + rank : whole);
    return true;
}

bool builtin_flag(struct lower *l, struct frame *frame, struct value v, const char *name, bool *out)
{
    if (v.kind != V_BOOL)
        lower_error(l, frame, v.span, "'%s' is true or false, not %s", name, value_describe(l, v));
    *out = v.kind == V_BOOL && v.number != 0;
    return v.kind == V_BOOL;
}

bool builtin_indices(struct lower *l, struct frame *frame, const struct builtin *b, struct value v)
{
    if (v.kind == V_TENSOR && value_node(l, v)->dtype == I32)
        return true;
    if (v.kind != V_ERROR)
        lower_error(l, frame, v.span, "'%s' takes whole-number indices, not %s", b->name,
                    value_describe(l, v));
    return false;
}

bool builtin_axis_fits(struct lower *l, struct frame *frame, int rank, struct span span)
{
    if (rank < RANK_MAX - 1)
        return true;
    lower_error(l, frame, span, "the result would have more than %d axes", RANK_MAX - 1);
    return false;
}
