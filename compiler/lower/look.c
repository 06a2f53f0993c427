/* What an editor asks about a place of the model file. */
#include <string.h>
#include "lower/look.h"

static bool is_before(int line, int column, int other_line, int other_column)
{
    return line < other_line || (line == other_line && column < other_column);
}

static bool holds(const struct query *look, struct span s)
{
    return s.source == look->source && !is_before(look->line, look->column, s.line, s.column)
           && !is_before(s.last_line, s.last_column, look->line, look->column);
}

/* Whether a span that holds the place, too, is wider than the other. */
static bool is_wider(struct span s, struct span than)
{
    return is_before(s.line, s.column, than.line, than.column)
           || is_before(than.last_line, than.last_column, s.last_line, s.last_column);
}

static bool is_known(const struct query *look, const char *value)
{
    for (int i = 0; i < look->count; i++)
        if (!strcmp(look->value[i], value))
            return true;
    return false;
}

void lower_look(struct lower *l, struct span span, struct value v)
{
    struct query *look = l->program->query;
    if (!look || v.kind == V_ERROR || !holds(look, span)
        || (look->count && is_wider(span, look->span)))
        return;
    if (look->count && is_wider(look->span, span)) {
        look->count = 0;
        look->more = false;
    }
    look->span = span;
    const char *value = value_describe(l, v);
    if (is_known(look, value))
        return;
    if (look->count < LOOK_VALUES)
        look->value[look->count++] = value;
    else
        look->more = true;
}

void lower_look_at_call(struct lower *l, struct span span, const char *path)
{
    struct query *look = l->program->query;
    if (!look || !holds(look, span) || (look->path && is_wider(span, look->call)))
        return;
    bool narrower = !look->path || is_wider(look->call, span);
    look->call = span;
    if (narrower)
        look->path = path;
}
