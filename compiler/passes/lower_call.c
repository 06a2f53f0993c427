/* Blocks: arguments against formals, shape variables, bodies, stored names. */
#include <assert.h>
#include <string.h>
#include "passes/lower.h"

enum { DEPTH_MAX = 64, REPEAT_MAX = 10000 };

/* ---- ordinals of call sites, counted in the source of one body ---- */
static bool is_call_site(const struct ast *ast, const struct ast *parent, int index)
{
    if (ast->kind != AST_NAME)
        return false;
    return (parent->kind == AST_CALL && index == 0) || (parent->kind == AST_CHAIN && index == 1)
           || (parent->kind == AST_AS && index == 0);
}

static bool span_before(struct span a, struct span b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static void collect_sites(struct lower *l, const struct ast *ast)
{
    for (int i = 0; i < ast->count; i++) {
        const struct ast *kid = ast->kid[i];
        if (!kid)
            continue;
        if (is_call_site(kid, ast, i))
            ARENA_PUSH(l->arena, l->site, l->site_count, l->site_room) = (struct site){.callee = kid};
        else
            collect_sites(l, kid);
    }
}

static void number_sites(struct lower *l, const struct ast *declaration)
{
    for (int i = 0; i < l->sited_count; i++)
        if (l->sited[i] == declaration)
            return;
    ARENA_PUSH(l->arena, l->sited, l->sited_count, l->sited_room) = declaration;
    int first = l->site_count;
    collect_sites(l, declaration);
    for (int i = first; i < l->site_count; i++) {
        l->site[i].ordinal = 1;
        for (int j = first; j < l->site_count; j++)
            if (!strcmp(l->site[i].callee->text, l->site[j].callee->text)
                && span_before(l->site[j].callee->span, l->site[i].callee->span))
                l->site[i].ordinal++;
    }
}

/* The component that a call site adds to paths: its `as` name, else name and ordinal. */
static const char *site_component(struct lower *l, struct frame *frame, const struct ast *callee,
                                  const char *as)
{
    if (as)
        return as;
    if (frame->declaration)
        number_sites(l, frame->declaration);
    int ordinal = 1;
    for (int i = 0; i < l->site_count; i++)
        if (l->site[i].callee == callee)
            ordinal = l->site[i].ordinal;
    return arena_printf(l->arena, "%s%d", callee->text, ordinal);
}

/* Ordinal of an unnamed `repeat` among those of its body, counted in the source. */
static int count_repeats(const struct ast *in, const struct ast *until, int *count)
{
    for (int i = 0; i < in->count; i++) {
        const struct ast *kid = in->kid[i];
        if (!kid)
            continue;
        if (kid->kind == AST_STATEMENT && !strcmp(kid->text, "repeat"))
            ++*count;
        if (kid == until || count_repeats(kid, until, count))
            return 1;
    }
    return 0;
}

static int repeat_ordinal(struct frame *frame, const struct ast *ast)
{
    int count = 0;
    if (frame->declaration)
        count_repeats(frame->declaration, ast, &count);
    return count ? count : 1;
}

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

bool lower_dims(struct lower *l, struct frame *frame, const struct ast *dims, int *rank, int64_t *dim)
{
    *rank = 0;
    for (int i = 0; dims && i < dims->count; i++) {
        if (*rank == RANK_MAX - 1) {
            lower_error(l, frame, dims->span, "a shape has at most %d axes", RANK_MAX - 1);
            return false;
        }
        if (dims->kid[i]->kind == AST_ELLIPSIS) {
            struct binding *b = frame_find(frame, "...");
            for (int k = 0; b && k < b->value.count; k++)
                dim[(*rank)++] = (int64_t)b->value.item[k].number;
            continue;
        }
        if (!lower_dim(l, frame, dims->kid[i], &dim[(*rank)++]))
            return false;
    }
    return true;
}

static struct diag *argument_error(struct lower *l, struct frame *f, const struct ast *formal,
                                   struct value v, const char *text)
{
    struct text type;
    text_init(&type, l->arena);
    const struct ast *t = formal->kid[0];
    text_puts(&type, t->kind == AST_TYPE ? t->text : "one of its words");
    if (t->kind == AST_TYPE && t->count && t->kid[0]) {
        text_puts(&type, "[");
        for (int i = 0; i < t->kid[0]->count; i++) {
            const struct ast *d = t->kid[0]->kid[i];
            text_printf(&type, "%s%s", i ? ", " : "",
                        d->kind == AST_ELLIPSIS ? "..." : d->text ? d->text : "?");
        }
        text_puts(&type, "]");
    }
    struct diag *d = lower_error(l, f->caller, v.span.line ? v.span : f->call,
                                 "argument '%s' of '%s' takes %s, not %s%s", formal->text,
                                 f->declaration->text, type.data, value_describe(l, v), text);
    diag_note(d, formal->span, "'%s' is declared here", formal->text);
    if (v.kind == V_TENSOR && value_node(l, v)->span.line)
        diag_note(d, value_node(l, v)->span, "%s comes from here", value_describe(l, v));
    return d;
}

static bool match_dim(struct lower *l, struct frame *f, const struct ast *formal, const struct ast *dim,
                      int64_t extent, struct value v)
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
        diag_help(d, "'%s' is %lld here, and that axis has %lld", dim->text, (long long)want, (long long)extent);
    else
        diag_help(d, "that axis must have %lld, and it has %lld", (long long)want, (long long)extent);
    return false;
}

static bool match_ellipsis(struct lower *l, struct frame *f, const struct ast *formal, struct value v,
                           const int64_t *dim, int count)
{
    struct binding *b = frame_find(f, "...");
    if (!b) {
        struct value list = {.kind = V_LIST, .count = count};
        list.item = ARENA_ARRAY(l->arena, struct value, count + 1);
        for (int i = 0; i < count; i++)
            list.item[i] = value_number((double)dim[i], formal->span);
        frame_bind(l, f, "...", list, formal->span);
        return true;
    }
    bool same = b->value.count == count;
    for (int i = 0; same && i < count; i++)
        same = b->value.item[i].number == (double)dim[i];
    if (!same)
        argument_error(l, f, formal, v, ": its leading axes differ from those of an earlier argument");
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

static bool match_shape(struct lower *l, struct frame *f, const struct ast *formal, const struct ast *dims,
                        struct value v)
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
static bool convert_tensor(struct lower *l, struct frame *f, const struct ast *formal, struct value *v)
{
    const struct ast *type = formal->kid[0], *dims = type->count ? type->kid[0] : NULL;
    bool any_shape = dims && dims->count == 1 && dims->kid[0]->kind == AST_ELLIPSIS;
    if (v->kind == V_NUMBER && !strcmp(type->text, "f32") && (!dims || any_shape)) {
        if (any_shape && !frame_find(f, "...") && f->role != ROLE_SCHEDULE)
            *v = value_to_tensor(l, *v);
        return true;                    /* a scalar fits any f32[...] */
    }
    bool class = !strcmp(type->text, "class");
    if (v->kind == V_LIST || v->kind == V_NUMBER || v->kind == V_BOOL)
        *v = value_to_tensor(l, *v);
    if (v->kind == V_ERROR)
        return false;
    if (v->kind != V_TENSOR || class != (v->classes != 0)) {
        bool one_hot = v->kind == V_TENSOR && v->classes && !strcmp(type->text, "f32");
        if (!one_hot) {
            struct diag *d = argument_error(l, f, formal, *v, "");
            if (class && v->kind == V_TENSOR)
                diag_help(d, "a class value comes from a label of type class[k], or from argmax");
            return false;
        }
    }
    if (!strcmp(type->text, "f32"))
        *v = value_to_f32(l, *v);
    if (!strcmp(type->text, "bool") && value_node(l, *v)->dtype != BOOL) {
        argument_error(l, f, formal, *v, "");
        return false;
    }
    if (!dims) {
        if (value_rank(l, *v) == 0)
            return true;
        argument_error(l, f, formal, *v, "");
        return false;
    }
    if (any_shape && value_rank(l, *v) == 0 && frame_find(f, "..."))
        return true;
    return match_shape(l, f, formal, dims, *v);
}

static bool convert_word(struct lower *l, struct frame *f, const struct ast *formal, const struct ast *given,
                         struct value *v)
{
    const struct ast *words = formal->kid[0];
    const char *choice[64], *text = v->kind == V_WORD ? v->text : NULL;
    if (given && given->kind == AST_NAME && !text)
        text = given->text;
    int count = 0;
    for (int i = 0; i < words->count && count < 64; i++) {
        choice[count++] = words->kid[i]->text;
        if (text && !strcmp(text, words->kid[i]->text)) {
            *v = value_word(words->kid[i]->text, given ? given->span : v->span);
            return true;
        }
    }
    struct text list;
    text_init(&list, l->arena);
    for (int i = 0; i < count; i++)
        text_printf(&list, "%s%s", i ? ", " : "", choice[i]);
    struct diag *d = lower_error(l, f->caller, given ? given->span : f->call, "argument '%s' of '%s' is one of %s",
                                 formal->text, f->declaration->text, list.data);
    const char *near = text ? diag_nearest(text, choice, count) : NULL;
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    return false;
}

static bool type_is(const struct ast *formal, const char *name)
{
    return formal->kid[0]->kind == AST_TYPE && !strcmp(formal->kid[0]->text, name);
}

static bool default_none(const struct ast *formal)
{
    return formal->count > 1 && formal->kid[1] && formal->kid[1]->kind == AST_NAME
           && !strcmp(formal->kid[1]->text, "none");
}

static bool convert(struct lower *l, struct frame *f, const struct ast *formal, const struct ast *given,
                    struct value *v)
{
    const struct ast *type = formal->kid[0];
    int64_t whole;
    if (type->kind == AST_ONE_OF)
        return convert_word(l, f, formal, given, v);
    if (v->kind == V_ERROR)
        return false;
    if (v->kind == V_NONE && default_none(formal))
        return true;
    bool has_dims = type->count && type->kid[0];
    if (type_is(formal, "layer")) {
        if (v->kind == V_LAYER || v->kind == V_NUMBER || v->kind == V_TENSOR)
            return true;
    } else if (type_is(formal, "int")) {
        if (value_whole(*v, &whole) || (has_dims && v->kind == V_TENSOR))
            return true;
    } else if (type_is(formal, "bool") && !has_dims) {
        if (v->kind == V_BOOL)
            return true;
    } else if (v->kind == V_NONE || v->kind == V_LAYER || v->kind == V_STRING || v->kind == V_WORD) {
        /* falls through to the error */
    } else {
        return convert_tensor(l, f, formal, v);
    }
    argument_error(l, f, formal, *v, "");
    return false;
}

/* ---- all arguments of one call ---- */
struct given { const struct ast *ast; struct value value; bool evaluated, set; };

static int formal_index(const struct ast *formals, const char *name)
{
    for (int i = 0; i < formals->count; i++)
        if (!strcmp(formals->kid[i]->text, name))
            return i;
    return -1;
}

static bool place_named(struct lower *l, struct frame *f, const struct ast *formals, struct given *given,
                        const struct ast *named)
{
    int at = formal_index(formals, named->text);
    if (at >= 0 && !given[at].set) {
        given[at].set = true;
        given[at].ast = named->kid[0];
        return true;
    }
    if (at >= 0) {
        lower_error(l, f->caller, named->name_span, "argument '%s' is given twice", named->text);
        return false;
    }
    const char *choice[64];
    int count = 0;
    for (int i = 0; i < formals->count && i < 64; i++)
        choice[count++] = formals->kid[i]->text;
    struct diag *d = lower_error(l, f->caller, named->name_span, "'%s' has no argument '%s'",
                                 f->declaration->text, named->text);
    const char *near = diag_nearest(named->text, choice, count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    diag_note(d, f->declaration->name_span, "'%s' is declared here", f->declaration->text);
    return false;
}

static bool place_arguments(struct lower *l, struct frame *f, const struct ast *formals, struct given *given,
                            const struct ast *arguments)
{
    int next = 0;
    bool named = false, good = true;
    for (int i = 0; arguments && i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        if (a->kind == AST_NAMED) {
            named = true;
            good &= place_named(l, f, formals, given, a);
            continue;
        }
        if (named) {
            lower_error(l, f->caller, a->span, "arguments by position come before named ones");
            return false;
        }
        while (next < formals->count && given[next].set)
            next++;
        if (next == formals->count) {
            struct diag *d = lower_error(l, f->caller, a->span, "'%s' takes %d arguments, and this is one more",
                                         f->declaration->text, formals->count);
            diag_note(d, f->declaration->name_span, "'%s' is declared here", f->declaration->text);
            return false;
        }
        given[next].set = true;
        given[next].ast = a;
    }
    return good;
}

static struct value evaluate_argument(struct lower *l, struct frame *frame, const struct ast *formal,
                                      const struct ast *ast)
{
    struct value v;
    if (formal->kid[0]->kind == AST_ONE_OF && ast->kind == AST_NAME) {
        struct binding *b = frame_find(frame, ast->text);
        return b && b->value.kind == V_WORD ? b->value : value_error();
    }
    if (type_is(formal, "layer") && lower_is_layer(l, frame, ast)) {
        v = (struct value){.kind = V_LAYER, .span = ast->span, .layer = lower_layer(l, frame, ast)};
        return v;
    }
    v = lower_expr(l, frame, ast);
    v.span = ast->span;
    return v;
}

/* Evaluates what was given in `scope` and defaults in f; binds every formal in f. */
static bool bind_formals(struct lower *l, struct frame *f, struct frame *scope, const struct ast *formals,
                         struct given *given)
{
    bool good = true;
    for (int i = 0; i < formals->count; i++)
        if (given[i].set && !given[i].evaluated)
            given[i].value = evaluate_argument(l, scope, formals->kid[i], given[i].ast);
    for (int i = 0; i < formals->count; i++) {
        const struct ast *formal = formals->kid[i];
        bool has_default = formal->count > 1 && formal->kid[1];
        if (!given[i].set && !has_default) {
            struct diag *d = lower_error(l, f->caller, f->call, "'%s' needs argument '%s'", f->declaration->text,
                                         formal->text);
            diag_note(d, formal->span, "declared here");
            return false;
        }
        const struct ast *ast = given[i].set ? given[i].ast : formal->kid[1];
        struct value v = given[i].set ? given[i].value : evaluate_argument(l, f, formal, ast);
        if (!convert(l, f, formal, ast, &v)) {
            v = value_error();
            good = false;
        }
        frame_bind(l, f, formal->text, v, formal->span);
    }
    return good;
}

/* Binds values that are there already: the model's arguments to the data's fields. */
bool lower_bind_values(struct lower *l, struct frame *f, const struct ast *formals, const struct value *values)
{
    bool good = true;
    for (int i = 0; i < formals->count; i++) {
        struct value v = values[i];
        good &= convert(l, f, formals->kid[i], NULL, &v);
        frame_bind(l, f, formals->kid[i]->text, v, formals->kid[i]->span);
    }
    return good;
}

/* ---- stored names ---- */
int lower_read(struct lower *l, int variable)
{
    while (l->read_room <= variable) {
        int room = l->read_room ? l->read_room * 2 : 64;
        int *grown = ARENA_ARRAY(l->arena, int, room);
        for (int i = 0; i < room; i++)
            grown[i] = i < l->read_room ? l->read_of[i] : -1;
        l->read_of = grown;
        l->read_room = room;
    }
    if (l->read_of[variable] < 0)
        l->read_of[variable] = graph_read(l->graph, variable);
    return l->read_of[variable];
}

static unsigned *seen_bits(struct lower *l, int variable)
{
    if (variable >= l->seen_room) {
        int room = variable * 2 + 64;
        unsigned *grown = ARENA_ARRAY(l->arena, unsigned, room);
        if (l->seen_room)
            memcpy(grown, l->seen, sizeof *grown * (size_t)l->seen_room);
        l->seen = grown;
        l->seen_room = room;
    }
    return &l->seen[variable];
}

/* The variable of that path: new, or the one that an earlier phase (or use of a `let`) declared. */
int lower_declare(struct lower *l, struct frame *frame, enum variable_kind kind, const char *path,
                  enum dtype dtype, const struct shape *shape, struct span span)
{
    unsigned bit = 1u << l->phase;
    for (int i = 0; i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        bool kept = v->kind <= VAR_BUFFER && kind <= VAR_BUFFER;
        if (strcmp(v->path, path) || (v->kind != kind && !kept))
            continue;
        if (v->kind != kind || !shape_equal(&v->shape, shape)) {
            struct diag *d = lower_error(l, frame, span, "'%s' is declared twice in different forms", path);
            diag_note(d, v->span, "first here, as %s", shape_print(l->arena, v->dtype, &v->shape));
        } else if ((*seen_bits(l, i) & bit) && !frame->shared) {
            struct diag *d = lower_error(l, frame, span, "the path '%s' is taken", path);
            diag_note(d, v->span, "by this");
            diag_help(d, "give one of the two another name with 'as'");
        }
        *seen_bits(l, i) |= bit;
        return i;
    }
    struct variable *v = program_add_variable(l->program, kind, path, dtype, shape, span);
    v->frozen = kind <= VAR_BUFFER && lower_is_frozen(l, path);
    *seen_bits(l, v->id) |= bit;
    return v->id;
}

bool lower_seen(struct lower *l, int variable, enum phase phase)
{
    return *seen_bits(l, variable) >> phase & 1;
}

/* ---- start values, in PHASE_INIT ---- */
static void store_initial(struct lower *l, struct frame *frame, struct variable *v, struct value value,
                          const struct ast *ast)
{
    if (value.kind == V_ERROR)
        return;
    value = value_to_f32(l, value);
    if (value.kind == V_ERROR)
        return;
    struct shape shape;
    if (!shape_broadcast(&value_node(l, value)->shape, &v->shape, &shape) || !shape_equal(&shape, &v->shape)) {
        struct diag *d = lower_error(l, frame, ast->span, "the start value of '%s' is %s", v->path,
                                     value_describe(l, value));
        diag_help(d, "it must fit %s", shape_print(l->arena, v->dtype, &v->shape));
        return;
    }
    int node = value.node;
    if (!shape_equal(&value_node(l, value)->shape, &v->shape))
        node = graph_broadcast(l->graph, node, &v->shape);
    graph_store(l->graph, v->id, node);
    l->initial[v->id] = node + 1;
}

static struct binding *without_tensors(struct lower *l, struct binding *names)
{
    struct binding *kept = NULL, **end = &kept;
    for (; names; names = names->next) {
        if (names->value.kind == V_TENSOR)
            continue;
        *end = ARENA_NEW(l->arena, struct binding);
        **end = *names;
        end = &(*end)->next;
        *end = NULL;
    }
    return kept;
}

void lower_initial(struct lower *l, struct frame *frame, int variable, const struct ast *ast)
{
    struct variable *v = program_variable(l->program, variable);
    struct graph *graph = l->graph;
    enum phase phase = l->phase;
    struct frame scope = *frame, *current = l->current;
    struct value value;
    if (lower_has_initial(l, variable))
        return;
    scope.names = without_tensors(l, frame->names);
    scope.role = ROLE_INITIALISER;
    scope.parameter = &v->shape;
    l->graph = l->program->phase[PHASE_INIT];
    l->phase = PHASE_INIT;
    l->current = &scope;
    if (lower_is_layer(l, &scope, ast))
        value = lower_apply(l, &scope, lower_layer(l, &scope, ast), NULL, 0, v->path, v->path, ast->span);
    else
        value = lower_expr(l, &scope, ast);
    store_initial(l, frame, v, value, ast);
    l->graph = graph;
    l->phase = phase;
    l->current = current;
}

/* ---- expanding a block ---- */
static bool is_recursive(struct lower *l, struct frame *caller, const struct ast *block, struct span span)
{
    for (struct frame *f = caller; f; f = f->caller)
        if (f->declaration == block) {
            lower_error(l, caller, span, "block '%s' calls itself", block->text);
            return true;
        }
    return false;
}

/* Buffers and states take their last value at the end of the block that declared them. */
void lower_store_changed(struct lower *l, struct frame *frame)
{
    for (struct binding *b = frame->names; b; b = b->next) {
        bool latest = b->variable >= 0 && b->changed && l->phase == PHASE_TRAIN;
        for (struct binding *c = frame->names; latest && c != b; c = c->next)
            latest = c->variable != b->variable;
        if (!latest || program_variable(l->program, b->variable)->frozen)
            continue;
        struct variable *v = program_variable(l->program, b->variable);
        struct value value = value_to_f32(l, b->value);
        if (value.kind == V_ERROR)
            continue;
        int node = value.node;
        struct shape shape;
        if (value.per_row || !shape_broadcast(&graph_node(l->graph, node)->shape, &v->shape, &shape)
            || !shape_equal(&shape, &v->shape)) {
            struct diag *d = lower_error(l, frame, b->span, "'%s' cannot hold %s%s", b->name,
                                         value_describe(l, value), value.per_row ? " per row" : "");
            diag_note(d, v->span, "it is declared as %s", shape_print(l->arena, v->dtype, &v->shape));
            continue;
        }
        if (!shape_equal(&graph_node(l->graph, node)->shape, &v->shape))
            node = graph_broadcast(l->graph, node, &v->shape);
        graph_store(l->graph, b->variable, node);
    }
}

static struct value frame_result(struct lower *l, struct frame *f)
{
    if (!f->returned) {
        struct diag *d = lower_error(l, f->caller, f->call, "block '%s' returns nothing here", f->declaration->text);
        diag_note(d, f->declaration->name_span, "it needs a 'return' on every path");
        return value_error();
    }
    return f->result;
}

struct expansion {
    const struct ast *block, *arguments;
    struct frame *scope;                /* where the arguments are evaluated */
    const struct value *given;          /* come first, by position */
    int given_count;
    const char *path, *random_path;
    struct span span;
    bool shared;
};

static struct value expand(struct lower *l, struct frame *caller, const struct expansion *e)
{
    const struct ast *formals = e->block->kid[0];
    struct given given[64] = {0};
    struct frame *f = ARENA_NEW(l->arena, struct frame), *current = l->current;
    if (is_recursive(l, caller, e->block, e->span) || l->depth >= DEPTH_MAX)
        return value_error();
    *f = (struct frame){.role = caller->role == ROLE_MODEL || caller->role == ROLE_CONST ? ROLE_BLOCK : caller->role,
                        .declaration = e->block, .path = e->path, .random_path = e->random_path, .caller = caller,
                        .call = e->span, .parameter = caller->parameter, .shared = e->shared || caller->shared,
                        .library = diags_source(l->diags, e->block->span.source)->library};
    if (e->given_count > formals->count || formals->count > 64) {
        lower_error(l, caller, e->span, "'%s' takes no argument before '->'", e->block->text);
        return value_error();
    }
    for (int i = 0; i < e->given_count; i++) {
        given[i] = (struct given){.value = e->given[i], .evaluated = true, .set = true};
        if (given[i].value.kind == V_TENSOR && caller->role != ROLE_OPTIMIZER)
            given[i].value.span = e->span;
    }
    if (!place_arguments(l, f, formals, given, e->arguments))
        return value_error();
    l->depth++;
    bool good = bind_formals(l, f, e->scope, formals, given);
    if (good) {
        l->current = f;
        lower_body(l, f, e->block->kid[1]);
        lower_store_changed(l, f);
        l->current = current;
    }
    l->depth--;
    return good ? frame_result(l, f) : value_error();
}

/* ---- layers as values ---- */
static struct value apply_chain(struct lower *l, struct frame *caller, struct layer *layer,
                                const struct value *given, int given_count, const char *path,
                                const char *random_path, struct span span, struct scope *used)
{
    if (layer->first) {
        struct value first = apply_chain(l, caller, layer->first, given, given_count, path, random_path, span, used);
        if (first.kind == V_ERROR)
            return first;
        return apply_chain(l, caller, layer->second, &first, 1, path, random_path, span, used);
    }
    if (!layer->block) {
        lower_error(l, caller, span, "this is no layer");
        return value_error();
    }
    int ordinal = 1;
    for (int i = 0; i < used->count; i++)
        ordinal += used->item[i].ast == layer->block;
    scope_add(l, used, layer->block);
    const char *part = arena_printf(l->arena, "%s%d", layer->block->text, ordinal);
    struct binding *names = layer->frame->names;
    layer->frame->names = layer->names;
    struct expansion e = {layer->block, layer->arguments, layer->frame, given, given_count,
                          path_join(l, path, part), path_join(l, random_path, part), span, layer->is_let};
    struct value v = expand(l, caller, &e);
    layer->frame->names = names;
    return v;
}

struct value lower_apply(struct lower *l, struct frame *caller, struct layer *layer,
                         const struct value *given, int given_count, const char *path,
                         const char *random_path, struct span span)
{
    bool shared = caller->shared;
    if (layer->path) {
        path = layer->path;
        random_path = arena_printf(l->arena, "%s%d", layer->random_path, ++layer->uses);
        caller->shared = true;
    }
    struct value v;
    if (layer->first) {
        struct scope used = {0};
        v = apply_chain(l, caller, layer, given, given_count, path, random_path, span, &used);
    } else if (!layer->block) {
        lower_error(l, caller, span, "this is no layer");
        v = value_error();
    } else {
        struct binding *names = layer->frame->names;
        layer->frame->names = layer->names;
        struct expansion e = {layer->block, layer->arguments, layer->frame, given, given_count, path,
                              random_path, span, false};
        v = expand(l, caller, &e);
        layer->frame->names = names;
    }
    caller->shared = shared;
    return v;
}

/* ---- calls ---- */
bool lower_has_initial(struct lower *l, int variable)
{
    return l->initial[variable] != 0;
}

static struct value call_builtin(struct lower *l, struct frame *frame, const struct ast *callee,
                                 const struct ast *arguments, const struct value *first, const char *as,
                                 struct span span)
{
    struct arguments list = {0};
    if (first)
        list.item[list.count++] = *first;
    for (int i = 0; arguments && i < arguments->count; i++) {
        const struct ast *a = arguments->kid[i];
        if (list.count == 16) {
            lower_error(l, frame, a->span, "too many arguments");
            return value_error();
        }
        list.name[list.count] = a->kind == AST_NAMED ? a->text : NULL;
        list.ast[list.count] = a;
        list.item[list.count] = lower_expr(l, frame, a->kind == AST_NAMED ? a->kid[0] : a);
        if (list.item[list.count].kind == V_ERROR)
            return value_error();
        if (list.item[list.count].kind == V_TENSOR)
            list.item[list.count].span = a->span;
        list.count++;
    }
    const char *path = path_join(l, frame->random_path, site_component(l, frame, callee, as));
    return builtin_call(l, frame, callee->text, &list, path, span);
}

static struct value unknown_block(struct lower *l, struct frame *frame, const struct ast *callee)
{
    const char *choice[1024];
    int count = 0;
    for (int i = 0; i < l->user_blocks.count && count < 400; i++)
        choice[count++] = l->user_blocks.item[i].name;
    for (int i = 0; i < l->library_blocks.count && count < 900; i++)
        choice[count++] = l->library_blocks.item[i].name;
    for (int i = 0; builtin_name(i) && count < 1000; i++)
        choice[count++] = builtin_name(i);
    struct diag *d = lower_error(l, frame, callee->span, "unknown block or operator '%s'", callee->text);
    const char *near = diag_nearest(callee->text, choice, count);
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    return value_error();
}

struct value lower_call(struct lower *l, struct frame *frame, const struct ast *callee,
                        const struct ast *arguments, const struct value *first, const char *as,
                        struct span span)
{
    if (callee->kind != AST_NAME) {
        lower_error(l, frame, callee->span, "only a block or an operator can be called");
        return value_error();
    }
    struct binding *b = frame_find(frame, callee->text);
    const char *part = site_component(l, frame, callee, as);
    const char *path = path_join(l, frame->path, part), *random_path = path_join(l, frame->random_path, part);
    if (b && b->value.kind == V_LAYER) {
        struct value given[17];
        int count = 0;
        if (first)
            given[count++] = *first;
        for (int i = 0; arguments && i < arguments->count && count < 17; i++)
            given[count++] = lower_expr(l, frame, arguments->kid[i]);
        return lower_apply(l, frame, b->value.layer, given, count, path, random_path, span);
    }
    bool user = !frame->library && scope_find(&l->user_blocks, callee->text);
    if (!user && builtin_exists(callee->text))
        return call_builtin(l, frame, callee, arguments, first, as, span);
    const struct ast *block = lower_find_block(l, frame->library, callee->text);
    if (!block)
        return unknown_block(l, frame, callee);
    struct expansion e = {block, arguments, frame, first, first != NULL, path, random_path, span, false};
    return expand(l, frame, &e);
}

/* ---- statements of a body ---- */
static void bind_one(struct lower *l, struct frame *frame, const struct ast *name, struct value value)
{
    struct binding *old = frame_find(frame, name->text);
    struct binding *b = frame_bind(l, frame, name->text, value, name->span);
    if (old && old->variable >= 0) {
        b->variable = old->variable;
        b->changed = true;
    }
}

static void lower_bind(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *names = ast->kid[0];
    struct value v;
    v = lower_expr(l, frame, ast->kid[1]);
    if (v.kind == V_LAYER) {
        struct diag *d = lower_error(l, frame, ast->kid[1]->span, "a layer alone is no value");
        diag_help(d, "call it, or name it by 'let'");
        v = value_error();
    }
    if (names->count == 1) {
        bind_one(l, frame, names->kid[0], v);
        return;
    }
    if (v.kind != V_ERROR && (v.kind != V_LIST || v.count != names->count)) {
        lower_error(l, frame, ast->span, "%d names for %s", names->count, value_describe(l, v));
        v = value_error();
    }
    for (int i = 0; i < names->count; i++)
        bind_one(l, frame, names->kid[i], v.kind == V_LIST ? v.item[i] : value_error());
}

static void lower_if(struct lower *l, struct frame *frame, const struct ast *ast)
{
    struct value v = lower_expr(l, frame, ast->kid[0]);
    if (v.kind == V_ERROR)
        return;
    if (v.kind != V_BOOL) {
        struct diag *d = lower_error(l, frame, ast->kid[0]->span, "'if' needs a bool known at compile time, not %s",
                                     value_describe(l, v));
        if (v.kind == V_TENSOR)
            diag_help(d, "select(condition, a, b) chooses element by element");
        return;
    }
    const struct ast *taken = v.number != 0 ? ast->kid[1] : ast->count > 2 ? ast->kid[2] : NULL;
    if (taken && taken->kind == AST_IF)
        lower_if(l, frame, taken);
    else if (taken)
        lower_body(l, frame, taken);
}

static void lower_repeat(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0], *count_ast = operands && operands->count == 1 ? operands->kid[0] : NULL;
    const char *name = NULL, *path = frame->path, *random_path = frame->random_path;
    int64_t count;
    if (count_ast && count_ast->kind == AST_AS) {
        name = count_ast->text;
        count_ast = count_ast->kid[0];
    }
    if (!count_ast || ast->count < 2 || !ast->kid[1]) {
        lower_error(l, frame, ast->span, "'repeat' takes a count and a body: repeat 3 as stage { ... }");
        return;
    }
    struct value v = lower_expr(l, frame, count_ast);
    if (v.kind == V_ERROR)
        return;
    if (!value_whole(v, &count) || count < 0 || count > REPEAT_MAX) {
        lower_error(l, frame, count_ast->span, "'repeat' takes a whole number from 0 to %d, not %s", REPEAT_MAX,
                    value_describe(l, v));
        return;
    }
    int ordinal = repeat_ordinal(frame, ast);
    for (int64_t i = 0; i < count && !frame->returned; i++) {
        const char *part = name ? arena_printf(l->arena, "%s/%lld", name, (long long)i)
                                : arena_printf(l->arena, "repeat%d/%lld", ordinal, (long long)i);
        frame->path = path_join(l, path, part);
        frame->random_path = path_join(l, random_path, part);
        if (name)
            frame_bind(l, frame, name, value_number((double)i, count_ast->span), count_ast->span);
        lower_body(l, frame, ast->kid[1]);
    }
    frame->path = path;
    frame->random_path = random_path;
}

static void lower_stored(struct lower *l, struct frame *frame, const struct ast *ast, enum variable_kind kind)
{
    const struct ast *name = ast->kid[0], *type = ast->kid[1], *start = ast->count > 2 ? ast->kid[2] : NULL;
    struct shape shape;
    int64_t dim[RANK_MAX];
    int rank = 0;
    if (kind == VAR_STATE ? frame->role != ROLE_OPTIMIZER : frame->role != ROLE_BLOCK && frame->role != ROLE_MODEL) {
        lower_error(l, frame, ast->span, "'%s' does not belong here", ast->text);
        return;
    }
    if (!start || (!type && kind != VAR_STATE)) {
        lower_error(l, frame, ast->span, "'%s' needs %s", ast->text,
                    start ? "a type: param w: f32[n] = 0" : "a start value: = 0");
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    if (type && (type->kind != AST_TYPE || strcmp(type->text, "f32"))) {
        lower_error(l, frame, type->span, "'%s' holds f32", ast->text);
        return;
    }
    if (type && type->count && !lower_dims(l, frame, type->kid[0], &rank, dim)) {
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    shape = type ? shape_of(rank, -1, dim) : *l->optimizer_shape;
    int id = lower_declare(l, frame, kind, path_join(l, frame->path, name->text), F32, &shape, ast->span);
    lower_initial(l, frame, id, start);
    struct binding *b = frame_bind(l, frame, name->text, value_tensor(l, lower_read(l, id), false, ast->span), name->span);
    b->variable = kind == VAR_PARAM ? -1 : id;
}

static void lower_let(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *name = ast->kid[0], *chain = ast->count > 2 ? ast->kid[2] : NULL;
    if (!chain || !lower_is_layer(l, frame, chain)) {
        lower_error(l, frame, ast->span, "'let' names a layer: let encoder = dense(64) -> relu");
        frame_bind(l, frame, name->text, value_error(), name->span);
        return;
    }
    struct layer *layer = lower_layer(l, frame, chain);
    layer->is_let = true;
    layer->path = path_join(l, frame->path, name->text);
    layer->random_path = path_join(l, frame->random_path, name->text);
    struct value v = {.kind = V_LAYER, .layer = layer, .span = ast->span};
    frame_bind(l, frame, name->text, v, name->span);
}

static void lower_return(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const struct ast *operands = ast->kid[0];
    if (frame->role == ROLE_MODEL) {
        lower_error(l, frame, ast->span, "a model has no 'return'; it has 'loss', 'output' and 'metric'");
        return;
    }
    frame->returned = true;
    if (operands->count == 1) {
        frame->result = lower_expr(l, frame, operands->kid[0]);
        return;
    }
    struct value list = {.kind = V_LIST, .count = operands->count, .span = ast->span};
    list.item = ARENA_ARRAY(l->arena, struct value, operands->count);
    for (int i = 0; i < operands->count; i++)
        list.item[i] = lower_expr(l, frame, operands->kid[i]);
    frame->result = list;
}

static const char *const block_heads[] = {"param", "buffer", "state", "accumulate", "better", "let", "repeat",
                                          "return"};
static const char *const model_heads[] = {"loss", "output", "metric", "param", "buffer", "let", "repeat"};

static void unknown_head(struct lower *l, struct frame *frame, const struct ast *ast)
{
    bool model = frame->role == ROLE_MODEL;
    struct diag *d = lower_error(l, frame, ast->name_span.line ? ast->name_span : ast->span,
                                 "unknown statement '%s' in a %s", ast->text, model ? "model" : "block");
    const char *near = model ? diag_nearest(ast->text, model_heads, (int)(sizeof model_heads / sizeof *model_heads))
                             : diag_nearest(ast->text, block_heads, (int)(sizeof block_heads / sizeof *block_heads));
    if (near)
        diag_help(d, "did you mean '%s'?", near);
    else
        diag_help(d, "a value gets a name by '='");
}

static void lower_headed(struct lower *l, struct frame *frame, const struct ast *ast)
{
    const char *head = ast->text;
    bool declares = ast->kind == AST_DECLARE, model = frame->role == ROLE_MODEL;
    if (declares && !strcmp(head, "param"))
        lower_stored(l, frame, ast, VAR_PARAM);
    else if (declares && !strcmp(head, "buffer"))
        lower_stored(l, frame, ast, VAR_BUFFER);
    else if (declares && !strcmp(head, "state"))
        lower_stored(l, frame, ast, VAR_STATE);
    else if (declares && !strcmp(head, "accumulate"))
        lower_accumulate(l, frame, ast);
    else if (declares && !strcmp(head, "let"))
        lower_let(l, frame, ast);
    else if (!declares && !strcmp(head, "repeat"))
        lower_repeat(l, frame, ast);
    else if (!declares && !strcmp(head, "return") && ast->kid[0])
        lower_return(l, frame, ast);
    else if (!declares && !model && !strcmp(head, "better"))
        lower_better(l, frame, ast);
    else if (model && (!strcmp(head, "loss") || !strcmp(head, "output") || !strcmp(head, "metric")))
        lower_model_statement(l, frame, ast);
    else
        unknown_head(l, frame, ast);
}

void lower_body(struct lower *l, struct frame *frame, const struct ast *body)
{
    for (int i = 0; i < body->count && !frame->returned; i++) {
        const struct ast *ast = body->kid[i];
        if (ast->kind == AST_BIND)
            lower_bind(l, frame, ast);
        else if (ast->kind == AST_IF)
            lower_if(l, frame, ast);
        else if (ast->kind == AST_DECLARE || ast->kind == AST_STATEMENT)
            lower_headed(l, frame, ast);
    }
}
