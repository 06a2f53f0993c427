/* Arguments of blocks: types and shapes in signatures, positions and names. */
#include <string.h>
#include "lower/arguments.h"
#include "lower/call.h"
#include "lower/expr.h"
#include "lower/label.h"
#include "lower/look.h"

enum { ARGUMENTS_MAX = 64 };

/* ---- shapes in signatures and declarations ---- */
static bool shape_variable(struct lower *l, struct frame *f, const struct ast *dim)
{
    return dim->kind == AST_NAME && !frame_find(f, dim->text)
           && (f->library || !scope_find(&l->consts, dim->text));
}

/* A dimension that must be known here. */
static bool lower_dim(struct lower *l, struct frame *frame, const struct ast *ast, int64_t *out)
{
    struct value v = lower_expr(l, frame, ast);
    if (v.kind == V_ERROR)
        return false;
    if (!value_whole(v, out) || *out < 1) {
        lower_error(l, frame, ast->span, "a dimension must be a whole number above 0, not %s",
                    value_describe(l, v));
        return false;
    }
    return true;
}

static bool add_dim(struct lower *l, struct frame *frame, const struct ast *dims, int *rank,
                    int64_t *dim, int64_t extent)
{
    if (*rank == RANK_MAX - 1) {
        lower_error(l, frame, dims->span, "a shape has at most %d axes", RANK_MAX - 1);
        return false;
    }
    dim[(*rank)++] = extent;
    return true;
}

/* `...` in a body: the leading axes of the arguments. */
static bool add_leading(struct lower *l, struct frame *frame, const struct ast *dims,
                        const struct ast *ellipsis, int *rank, int64_t *dim)
{
    struct binding *b = frame_find(frame, "...");
    bool good = true;
    if (!b) {
        lower_error(l, frame, ellipsis->span, "no argument has leading axes '...' here");
        return false;
    }
    for (int i = 0; good && i < b->value.count; i++)
        good = add_dim(l, frame, dims, rank, dim, (int64_t)b->value.item[i].number);
    return good;
}

bool lower_dims(struct lower *l, struct frame *frame, const struct ast *dims, int *rank,
                int64_t *dim)
{
    bool good = true;
    *rank = 0;
    for (int i = 0; good && dims && i < dims->count; i++) {
        const struct ast *kid = dims->kid[i];
        int64_t extent;
        if (kid->kind == AST_ELLIPSIS)
            good = add_leading(l, frame, dims, kid, rank, dim);
        else
            good = lower_dim(l, frame, kid, &extent) && add_dim(l, frame, dims, rank, dim, extent);
    }
    if (good && !dims_fit(*rank, dim)) {
        lower_error(l, frame, dims->span, "more than 2147483647 elements");
        return false;
    }
    return good;
}

static struct diag *argument_error(struct lower *l, struct frame *f, const struct ast *formal,
                                   struct value v, const char *text)
{
    struct diag *d = lower_error(l, f->caller, v.span.line ? v.span : f->call,
                                 "argument '%s' of '%s' takes %s, not %s%s", formal->text,
                                 f->declaration->text, lower_span_text(l, formal->kid[0]->span),
                                 value_describe(l, v), text);
    if (v.kind == V_TENSOR && !strcmp(formal->text, "pos_weight"))
        diag_help(d, "one number weighs what is true: pos_weight = 3");
    diag_note(d, formal->span, "'%s' is declared here", formal->text);
    struct span origin = v.kind == V_TENSOR && value_node(l, v)->op != OP_CONST
                             ? value_origin(l, v)
                             : (struct span){0};
    if (origin.line && origin.line != v.span.line)
        diag_note(d, origin, "%s comes from here", value_describe(l, v));
    return d;
}

static bool match_dim(struct lower *l, struct frame *f, const struct ast *formal,
                      const struct ast *dim, int64_t extent, struct value v)
{
    int64_t want;
    if (shape_variable(l, f, dim)) {
        frame_bind(l, f, dim->text, value_number((double)extent, dim->span), dim->span);
        return true;
    }
    if (!lower_dim(l, f, dim, &want))
        return false;
    if (want == extent)
        return true;
    struct diag *d = argument_error(l, f, formal, v, "");
    if (dim->kind == AST_NAME)
        diag_help(d, "'%s' is %lld here, and that axis has %lld", dim->text, (long long)want,
                  (long long)extent);
    else
        diag_help(d, "that axis must have %lld, and it has %lld", (long long)want,
                  (long long)extent);
    return false;
}

static bool match_ellipsis(struct lower *l, struct frame *f, const struct ast *formal,
                           struct value v, const int64_t *dim, int count)
{
    struct binding *b = frame_find(f, "...");
    if (!b) {
        struct value list = {.kind = V_LIST, .count = count};
        list.item = ARENA_ARRAY(l->frames, struct value, count + 1);
        for (int i = 0; i < count; i++)
            list.item[i] = value_number((double)dim[i], formal->span);
        frame_bind(l, f, "...", list, formal->span);
        return true;
    }
    bool same = b->value.count == count;
    for (int i = 0; same && i < count; i++)
        same = b->value.item[i].number == (double)dim[i];
    if (!same)
        argument_error(l, f, formal, v,
                       ": its leading axes differ from those of an earlier argument");
    return same;
}

/* extents of v, the class count last where it is a class value */
static int extents(struct lower *l, struct value v, int64_t *dim)
{
    int rank = value_rank(l, v);
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, v, i);
    if (v.classes)
        dim[rank++] = v.classes;
    return rank;
}

static bool match_shape(struct lower *l, struct frame *f, const struct ast *formal,
                        const struct ast *dims, struct value v)
{
    int64_t dim[RANK_MAX + 1];
    int rank = extents(l, v, dim), ellipsis = -1;
    for (int i = 0; i < dims->count; i++)
        if (dims->kid[i]->kind == AST_ELLIPSIS)
            ellipsis = i;
    int fixed = dims->count - (ellipsis >= 0);
    if (ellipsis < 0 ? rank != fixed : rank < fixed) {
        argument_error(l, f, formal, v, "");
        return false;
    }
    int axis = 0;
    for (int i = 0; i < dims->count; i++) {
        if (i == ellipsis) {
            if (!match_ellipsis(l, f, formal, v, dim + axis, rank - fixed))
                return false;
            axis += rank - fixed;
        } else if (!match_dim(l, f, formal, dims->kid[i], dim[axis++], v)) {
            return false;
        }
    }
    return true;
}

/* ---- one argument ---- */
static bool type_is(const struct ast *formal, const char *name)
{
    return formal->kid[0]->kind == AST_TYPE && !strcmp(formal->kid[0]->text, name);
}

static const struct ast *type_dims(const struct ast *formal)
{
    const struct ast *type = formal->kid[0];
    return type->kind == AST_TYPE && type->count ? type->kid[0] : NULL;
}

/* Whether the value has the elements that the type asks for; f32 takes a class as its one-hot. */
static bool right_elements(struct lower *l, const struct ast *formal, struct value *v)
{
    if (v->kind != V_TENSOR)
        return false;
    if (type_is(formal, "f32")) {
        *v = value_to_f32(l, *v);
        return true;
    }
    enum dtype dtype = value_node(l, *v)->dtype;
    if (type_is(formal, "class"))
        return v->classes != 0;
    return type_is(formal, "int") ? dtype == I32 && !v->classes : dtype == BOOL;
}

/* Losses and metrics of classes have twins for truths of 0 and 1. */
static void help_with_class(struct lower *l, struct diag *d, const char *block)
{
    const char *twin = arena_printf(l->arena, "binary_%s", block);
    bool there = lower_find_block(l, true, twin) != NULL;
    diag_help(d, "a class value comes from a label of type class[k], or from argmax%s%s",
              there ? "; for truths of 0 and 1 there is " : "", there ? twin : "");
}

static bool convert_tensor(struct lower *l, struct frame *f, const struct ast *formal,
                           struct value *v)
{
    const struct ast *dims = type_dims(formal);
    bool any_shape = dims && dims->count == 1 && dims->kid[0]->kind == AST_ELLIPSIS;
    if (v->kind == V_NUMBER && type_is(formal, "f32") && (!dims || any_shape)) {
        if (any_shape && !frame_find(f, "..."))
            *v = value_to_tensor(l, *v);
        return true;                    /* a scalar fits any f32[...] */
    }
    if (v->kind == V_NUMBER && dims) {
        argument_error(l, f, formal, *v, "");
        return false;
    }
    if (v->kind == V_LIST || v->kind == V_NUMBER || v->kind == V_BOOL)
        *v = value_to_tensor(l, *v);
    if (v->kind == V_ERROR)
        return false;
    if (!right_elements(l, formal, v)) {
        struct diag *d = argument_error(l, f, formal, *v, "");
        if (type_is(formal, "class") && v->kind == V_TENSOR)
            help_with_class(l, d, f->declaration->text);
        return false;
    }
    if (!dims && value_rank(l, *v) == 0)
        return true;
    if (!dims) {
        argument_error(l, f, formal, *v, "");
        return false;
    }
    if (any_shape && value_rank(l, *v) == 0 && frame_find(f, "..."))
        return true;
    return match_shape(l, f, formal, dims, *v);
}

static bool convert_word(struct lower *l, struct frame *f, const struct ast *formal,
                         const struct ast *given, struct value *v)
{
    const struct ast *words = formal->kid[0];
    const char **choice = ARENA_ARRAY(l->arena, const char *, words->count + 1);
    const char *text = v->kind == V_WORD ? v->text : NULL;
    if (given && given->kind == AST_NAME && !text)
        text = given->text;
    int count = 0;
    for (int i = 0; i < words->count; i++) {
        choice[count++] = words->kid[i]->text;
        if (text && !strcmp(text, words->kid[i]->text)) {
            *v = value_word(words->kid[i]->text, given ? given->span : v->span);
            v->words = words;
            return true;
        }
    }
    struct diag *d = lower_error(l, f->caller, given ? given->span : f->call,
                                 "argument '%s' of '%s' is one of %s", formal->text,
                                 f->declaration->text, lower_span_text(l, words->span));
    const char *near = text ? diag_nearest(text, choice, count) : NULL;
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    return false;
}

static bool default_none(const struct ast *formal)
{
    return formal->count > 1 && formal->kid[1] && formal->kid[1]->kind == AST_NAME
           && !strcmp(formal->kid[1]->text, "none");
}

/* Whether the type is one of the compile time, and the value of it. */
static bool is_compile_time(const struct ast *formal, struct value v)
{
    int64_t whole;
    if (v.kind == V_NONE && default_none(formal))
        return true;
    if (type_is(formal, "layer"))
        return v.kind == V_LAYER || v.kind == V_NUMBER || v.kind == V_TENSOR;
    if (type_is(formal, "int") && !type_dims(formal))
        return value_whole(v, &whole);
    if (type_is(formal, "bool") && !type_dims(formal))
        return v.kind == V_BOOL;
    return false;
}

/* `ints[n]`: n whole numbers known at compile time; one number stands for as many equal ones. */
enum { WHOLES_MAX = 1024 };

static bool convert_wholes(struct lower *l, struct frame *f, const struct ast *formal,
                           struct value *v)
{
    int64_t count, whole;
    if (!lower_dim(l, f, type_dims(formal)->kid[0], &count))
        return false;
    if (count > WHOLES_MAX) {
        lower_error(l, f, type_dims(formal)->kid[0]->span,
                    "'ints' has at most %d numbers, not %lld: a longer list is a tensor",
                    WHOLES_MAX, (long long)count);
        return false;
    }
    struct value list = {.kind = V_LIST, .count = (int)count, .span = v->span};
    bool one = value_whole(*v, &whole), good = one || (v->kind == V_LIST && v->count == count);
    list.item = ARENA_ARRAY(l->arena, struct value, count);
    for (int i = 0; good && i < count; i++) {
        list.item[i] = one ? *v : v->item[i];
        good = value_whole(list.item[i], &whole);
    }
    if (good)
        *v = list;
    else
        diag_help(argument_error(l, f, formal, *v, ""),
                  "it is a list of %lld whole numbers known at compile time, or one for all",
                  (long long)count);
    return good;
}

static bool is_tensor_type(const struct ast *formal)
{
    return type_is(formal, "f32") || type_is(formal, "class")
           || ((type_is(formal, "int") || type_is(formal, "bool")) && type_dims(formal));
}

static bool is_tensor_like(const struct ast *formal, struct value v)
{
    return v.kind == V_NUMBER || v.kind == V_LIST || v.kind == V_TENSOR
           || (v.kind == V_BOOL && type_is(formal, "bool"));
}

static bool convert(struct lower *l, struct frame *f, const struct ast *formal,
                    const struct ast *given, struct value *v)
{
    if (formal->kid[0]->kind == AST_ONE_OF)
        return convert_word(l, f, formal, given, v);
    if (v->kind == V_ERROR)
        return false;
    if (is_compile_time(formal, *v))
        return true;
    if (type_is(formal, "ints"))
        return convert_wholes(l, f, formal, v);
    if (is_tensor_type(formal) && is_tensor_like(formal, *v))
        return convert_tensor(l, f, formal, v);
    struct diag *d = argument_error(l, f, formal, *v, "");
    if (v->kind == V_TENSOR && !is_tensor_type(formal))
        diag_help(d, "it must be known at compile time: numbers, consts and shapes are");
    return false;
}

/* ---- all arguments of one call ---- */
struct given {
    const struct ast *ast;
    struct frame *scope;                /* where `ast` is evaluated */
    struct value value;
    bool evaluated, set;
};

static int formal_index(const struct ast *formals, const char *name)
{
    for (int i = 0; i < formals->count; i++)
        if (!strcmp(formals->kid[i]->text, name))
            return i;
    return -1;
}

static void unknown_argument(struct lower *l, struct frame *f, struct frame *scope,
                             const struct ast *named)
{
    const struct ast *formals = f->declaration->kid[0];
    const char *choice[ARGUMENTS_MAX];
    for (int i = 0; i < formals->count; i++)
        choice[i] = formals->kid[i]->text;
    struct diag *d = lower_error(l, scope, named->name_span, "'%s' has no argument '%s'",
                                 f->declaration->text, named->text);
    const char *near = diag_nearest(named->text, choice, formals->count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    diag_note(d, f->declaration->name_span, "'%s' is declared here", f->declaration->text);
}

static bool place_named(struct lower *l, struct frame *f, struct given *given, struct frame *scope,
                        const struct ast *named)
{
    int at = formal_index(f->declaration->kid[0], named->text);
    if (at >= 0 && !given[at].set) {
        given[at] = (struct given){.set = true, .ast = named->kid[0], .scope = scope};
        return true;
    }
    if (at < 0) {
        unknown_argument(l, f, scope, named);
        return false;
    }
    struct diag *d = lower_error(l, scope, named->name_span, "argument '%s' of '%s' is given twice",
                                 named->text, f->declaration->text);
    if (given[at].ast)
        diag_note(d, given[at].ast->span, "it has this value already");
    else
        diag_help(d, "it is what stands before '->', or what the caller gives");
    return false;
}

static bool place_one_more(struct lower *l, struct frame *f, struct frame *scope,
                           const struct ast *a, int before)
{
    int count = f->declaration->kid[0]->count;
    struct diag *d =
        lower_error(l, scope, a->span, "'%s' takes %d argument%s, and this is one more",
                    f->declaration->text, count, count == 1 ? "" : "s");
    if (before)
        diag_help(d, "what stands before '->' is the first");
    diag_note(d, f->declaration->name_span, "'%s' is declared here", f->declaration->text);
    return false;
}

static bool place_arguments(struct lower *l, struct frame *f, struct given *given, int before,
                            struct frame *scope, const struct ast *arguments)
{
    const struct ast *formals = f->declaration->kid[0];
    int next = 0;
    bool named = false, good = true;
    for (int i = 0; arguments && i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        if (a->kind == AST_NAMED) {
            named = true;
            good &= place_named(l, f, given, scope, a);
            continue;
        }
        if (named) {
            lower_error(l, scope, a->span, "arguments by position come before named ones");
            return false;
        }
        while (next < formals->count && given[next].set)
            next++;
        if (next == formals->count)
            return place_one_more(l, f, scope, a, before);
        given[next] = (struct given){.set = true, .ast = a, .scope = scope};
    }
    return good;
}

bool lower_check_arguments(struct lower *l, struct frame *caller, const struct ast *block,
                           int given_count, const struct ast *arguments, struct span span)
{
    struct given given[ARGUMENTS_MAX] = {0};
    struct frame f = {.declaration = block, .caller = caller, .call = span,
                      .user_call = lower_user_span(l, caller, span)};
    for (int i = 0; i < given_count; i++)
        given[i].set = true;
    return place_arguments(l, &f, given, 0, caller, arguments);
}

static struct value evaluate_argument(struct lower *l, struct frame *scope,
                                      const struct ast *formal, const struct ast *ast)
{
    struct frame *current = l->current;
    struct value v;
    l->current = scope;
    if (formal->kid[0]->kind == AST_ONE_OF && ast->kind == AST_NAME) {
        struct binding *b = frame_find(scope, ast->text);
        v = b && b->value.kind == V_WORD ? b->value : value_error();
    } else if (type_is(formal, "layer") && lower_is_layer(l, scope, ast)) {
        v = (struct value){.kind = V_LAYER, .span = ast->span, .layer = lower_layer(l, scope, ast)};
    } else {
        v = lower_expr(l, scope, ast);
    }
    l->current = current;
    return v;
}

static bool is_complete(struct lower *l, struct frame *f, const struct given *given)
{
    const struct ast *formals = f->declaration->kid[0];
    for (int i = 0; i < formals->count; i++) {
        const struct ast *formal = formals->kid[i];
        if (given[i].set || (formal->count > 1 && formal->kid[1]))
            continue;
        struct diag *d = lower_error(l, f->caller, f->call, "'%s' needs argument '%s'",
                                     f->declaration->text, formal->text);
        diag_note(d, formal->span, "declared here");
        return false;
    }
    return true;
}

/* Evaluates what was given, then defaults, which see the arguments before them: none of them is
 * looked at when one of these is wrong. */
static bool bind_formals(struct lower *l, struct frame *f, struct given *given)
{
    const struct ast *formals = f->declaration->kid[0];
    bool good = is_complete(l, f, given);
    if (!good)
        return false;
    for (int i = 0; i < formals->count; i++)
        if (given[i].set && !given[i].evaluated)
            given[i].value = evaluate_argument(l, given[i].scope, formals->kid[i], given[i].ast);
    for (int i = 0; i < formals->count; i++) {
        const struct ast *formal = formals->kid[i];
        const struct ast *ast = given[i].set ? given[i].ast : formal->kid[1];
        struct value v = given[i].set ? given[i].value
                         : good       ? evaluate_argument(l, f, formal, ast)
                                      : value_error();
        if (!convert(l, f, formal, ast, &v)) {
            v = value_error();
            good = false;
        }
        frame_bind(l, f, formal->text, v, formal->span);
        lower_look(l, formal->span, v);
    }
    return good;
}

bool lower_bind_arguments(struct lower *l, struct frame *f, const struct expansion *e)
{
    struct given given[ARGUMENTS_MAX] = {0};
    if (e->given_count > e->block->kid[0]->count) {
        struct diag *d = lower_error(l, f->caller, e->span,
                                     "'%s' takes no value: it has no arguments", e->block->text);
        diag_note(d, e->block->name_span, "'%s' is declared here", e->block->text);
        return false;
    }
    for (int i = 0; i < e->given_count; i++) {
        given[i] = (struct given){.value = e->given[i], .evaluated = true, .set = true};
        if (given[i].value.kind == V_TENSOR && f->role != ROLE_OPTIMIZER)
            given[i].value.span = e->span;
    }
    bool good = true;
    for (int i = 0; good && i < 2; i++)
        good = place_arguments(l, f, given, e->given_count, e->scope[i], e->arguments[i]);
    good = good && bind_formals(l, f, given);
    if (good)
        lower_note_classes(l, f, f->declaration->kid[0]);
    return good;
}

bool lower_bind_values(struct lower *l, struct frame *f, const struct ast *formals,
                       const struct value *values)
{
    bool good = true;
    for (int i = 0; i < formals->count; i++) {
        struct value v = values[i];
        good &= convert(l, f, formals->kid[i], NULL, &v);
        frame_bind(l, f, formals->kid[i]->text, v, formals->kid[i]->span);
        lower_look(l, formals->kid[i]->span, v);
    }
    return good;
}

/* ---- declarations ---- */
static const char *const types[] = {"f32", "bool", "class", "int", "ints", "layer"};

enum { TYPES = (int)(sizeof types / sizeof *types) };

const char *argument_type(int i)
{
    return i < TYPES ? types[i] : NULL;
}

static void check_type(struct lower *l, const struct ast *formal)
{
    const struct ast *type = formal->kid[0], *dims = type_dims(formal);
    int known = 0, ellipses = 0;
    if (type->kind != AST_TYPE)
        return;
    while (known < TYPES && strcmp(types[known], type->text))
        known++;
    if (known == TYPES) {
        struct diag *d = diag_error(l->diags, type->span, "unknown type '%s'", type->text);
        const char *near = diag_nearest(type->text, types, TYPES);
        if (near)
            diag_help(d, "did you mean '%s'?", near);
        else
            diag_help(d, "there are f32, f32[...], class[...], int, ints[n], bool, layer and "
                         "words: a | b");
    } else if (!strcmp(type->text, "class") && (!dims || dims->count == 0)) {
        diag_error(l->diags, type->span,
                   "'class' needs its number of classes: class[10], class[..., k]");
    } else if (!strcmp(type->text, "ints") && !(dims && dims->count == 1)) {
        diag_error(l->diags, type->span, "'ints' needs how many numbers it is: ints[2]");
    } else if (!strcmp(type->text, "layer") && dims) {
        diag_error(l->diags, type->span, "'layer' has no shape");
    }
    for (int i = 0; dims && i < dims->count; i++)
        if (dims->kid[i]->kind == AST_ELLIPSIS && ellipses++)
            diag_error(l->diags, dims->kid[i]->span, "one '...' is enough for a type");
}

/* A dimension that names an argument needs it bound before. */
static void check_order(struct lower *l, const struct ast *formals, int at)
{
    const struct ast *dims = type_dims(formals->kid[at]);
    for (int i = 0; dims && i < dims->count; i++) {
        const struct ast *dim = dims->kid[i];
        int of = dim->kind == AST_NAME ? formal_index(formals, dim->text) : -1;
        if (of < at)
            continue;
        struct diag *d = diag_error(l->diags, dim->span,
                                    "argument '%s' is declared after its use here", dim->text);
        diag_note(d, formals->kid[of]->span, "declared here; put it before '%s'",
                  formals->kid[at]->text);
    }
}

void lower_check_formals(struct lower *l, const struct ast *declaration)
{
    const struct ast *formals = declaration->kid[0];
    if (formals->count > ARGUMENTS_MAX)
        diag_error(l->diags, formals->kid[ARGUMENTS_MAX]->span, "'%s' has more than %d arguments",
                   declaration->text, ARGUMENTS_MAX);
    for (int i = 0; i < formals->count; i++) {
        int first = formal_index(formals, formals->kid[i]->text);
        check_type(l, formals->kid[i]);
        check_order(l, formals, i);
        if (first == i)
            continue;
        struct diag *d = diag_error(l->diags, formals->kid[i]->name_span,
                                    "argument '%s' is declared twice", formals->kid[i]->text);
        diag_note(d, formals->kid[first]->name_span, "first here");
    }
}
