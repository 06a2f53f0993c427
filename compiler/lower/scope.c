/* What names mean where, and errors that say where. */
#include <stdarg.h>
#include <string.h>
#include "lower/lower.h"

/* ---- errors: at the user's own line; what lies in a library body is added as a note ---- */
struct frame *lower_current(struct lower *l)
{
    return l->current;
}

bool lower_in_library(struct lower *l, struct span span)
{
    return span.source && diags_source(l->diags, span.source)->library;
}

struct span lower_user_span(struct lower *l, struct frame *frame, struct span span)
{
    return frame && frame->call.source && lower_in_library(l, span) ? frame->user_call : span;
}

struct diag *lower_error(struct lower *l, struct frame *frame, struct span span, const char *format,
                         ...)
{
    va_list list;
    va_start(list, format);
    const char *text = arena_vprintf(l->arena, format, list);
    va_end(list);
    struct span at = lower_user_span(l, frame, span);
    struct diag *d = diag_error(l->diags, at, "%s", text);
    if (lower_in_library(l, span) && !lower_in_library(l, at))
        diag_note(d, span, "in the library's '%s'",
                  frame->declaration ? frame->declaration->text : "?");
    return d;
}

const char *lower_span_text(struct lower *l, struct span span)
{
    const struct source *s = diags_source(l->diags, span.source);
    struct text text;
    int line = 1, column = 1;
    text_init(&text, l->arena);
    text_puts(&text, "");
    for (size_t i = 0; i < s->size && line <= span.last_line; i++) {
        bool inside = (line > span.line || (line == span.line && column >= span.column))
                      && (line < span.last_line || column <= span.last_column);
        bool blank = strchr(" \t\r\n", s->text[i]) != NULL;
        if (inside && !(blank && text.size && text.data[text.size - 1] == ' '))
            text_add(&text, blank ? " " : s->text + i, 1);
        column++;
        if (s->text[i] == '\n')
            line++, column = 1;
    }
    return text.data;
}

const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_BLOCK: return "a layer";
    case ROLE_MODEL: return "a model";
    case ROLE_INITIALISER: return "a start value";
    case ROLE_OPTIMIZER: return "an optimizer";
    case ROLE_METRIC: return "a metric";
    case ROLE_AUGMENT: return "an augmentation";
    case ROLE_DATA: return "a data field";
    case ROLE_TRAIN: return "a train setting";
    case ROLE_CONST: return "a const";
    }
    return "?";
}

const char *path_join(struct lower *l, const char *a, const char *b)
{
    size_t size = strlen(a), more = strlen(b);
    if (size == 0 || more == 0)
        return size == 0 ? b : a;
    char *path = arena_alloc(l->arena, size + more + 2);
    memcpy(path, a, size);
    path[size] = '/';
    memcpy(path + size + 1, b, more);
    return path;
}

/* ---- scopes ---- */
struct named_ast *scope_find(const struct scope *scope, const char *name)
{
    return names_find(scope->index, name);
}

void scope_add(struct lower *l, struct scope *scope, const struct ast *ast)
{
    struct named_ast *item = ARENA_NEW(l->arena, struct named_ast);
    *item = (struct named_ast){.name = ast->text, .ast = ast};
    ARENA_PUSH(l->arena, scope->item, scope->count, scope->room) = item;
    scope->index = names_add(l->arena, scope->index, ast->text, item);
}

const struct ast *lower_find_block(struct lower *l, bool library, const char *name)
{
    struct named_ast *found = library ? NULL : scope_find(&l->user_blocks, name);
    if (!found)
        found = scope_find(&l->library_blocks, name);
    return found ? found->ast : NULL;
}

struct binding *frame_find(struct frame *frame, const char *name)
{
    return frame->names ? names_find(frame->names->index, name) : NULL;
}

struct binding *frame_bind(struct lower *l, struct frame *frame, const char *name,
                           struct value value, struct span span)
{
    struct binding *b = ARENA_NEW(l->frames, struct binding);
    *b = (struct binding){.name = name, .value = value, .span = span, .variable = -1, .carry = -1,
                          .graph = l->graph, .next = frame->names};
    b->index = names_add(l->frames, b->next ? b->next->index : NULL, name, b);
    frame->names = b;
    return b;
}
