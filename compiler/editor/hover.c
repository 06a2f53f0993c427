/* What stands at a place: its declaration, the values it takes, the parameters of a call. */
#include <string.h>
#include "base/text.h"
#include "editor/view.h"
#include "lower/builtin.h"

enum { PARAMETERS_MAX = 12 };

static void add_builtin(struct text *text, const char *name)
{
    int count;
    const char *const *formals = builtin_formals(name, &count);
    text_printf(text, "```invar\n%s(", name);
    for (int i = 0; i < count; i++)
        text_printf(text, "%s%s", i ? ", " : "", formals[i]);
    text_puts(text, ")\n```\nAn operator of the language.\n");
}

static void add_values(struct text *text, const struct query *look)
{
    for (int i = 0; i < look->count; i++)
        text_printf(text, "%s`%s`", i ? ", " : "\n", look->value[i]);
    if (look->count)
        text_puts(text, look->more ? " and others\n" : "\n");
}

static const char *shape_text(struct arena *arena, const struct shape *shape)
{
    struct text text;
    text_init(&text, arena);
    text_puts(&text, "f32");
    for (int i = 0; i < shape->rank; i++)
        text_printf(&text, "%s%lld", i ? ", " : "[", (long long)shape->dim[i]);
    text_puts(&text, shape->rank ? "]" : "");
    return text.data;
}

/* The parameters and buffers below the call's path. */
static void add_parameters(struct text *text, const struct view *v, const char *path)
{
    int found = 0;
    size_t size = strlen(path);
    for (int p = 0; p < v->programs; p++)
        for (int i = 0; i < v->program[p]->variable_count; i++) {
            const struct variable *x = program_variable(v->program[p], i);
            if ((x->kind != VAR_PARAM && x->kind != VAR_BUFFER) || strncmp(x->path, path, size) ||
                x->path[size] != '/')
                continue;
            if (found++ < PARAMETERS_MAX)
                text_printf(text, "\n- %s `%s`: `%s`",
                            x->kind == VAR_PARAM ? "parameter" : "buffer", x->path,
                            shape_text(v->arena, &x->shape));
        }
    if (found > PARAMETERS_MAX)
        text_printf(text, "\n- and %d more", found - PARAMETERS_MAX);
    text_puts(text, found ? "\n" : "");
}

void answer_hover(const struct question *question, struct arena *arena, struct inv_json_text *j)
{
    struct view v;
    struct query look = {0};
    struct text text;
    view_open(&v, arena, question);
    struct word word = view_word(&v);
    v.column = word.text ? word.column : v.column;
    view_lower(&v, &look);
    struct meaning meaning = view_meaning(&v);
    text_init(&text, arena);
    if (meaning.declared) {
        const char *comment = view_comment(&v, meaning.declared);
        text_printf(&text, "```invar\n%s\n```\n%s", view_head(&v, meaning.declared), comment);
    } else if (meaning.builtin) {
        add_builtin(&text, meaning.builtin);
    }
    if (word.text)
        add_values(&text, &look);
    bool called = meaning.declared && meaning.declared->kind == AST_BLOCK && look.path;
    if (word.text && called)
        add_parameters(&text, &v, look.path);
    if (!text.size) {
        inv_json_put_word(j, "result", "null");
        return;
    }
    inv_json_open(j, "result", '{');
    inv_json_open(j, "contents", '{');
    inv_json_put(j, "kind", "markdown");
    put_text(j, "value", text.data);
    inv_json_close(j, '}');
    inv_json_close(j, '}');
}

void answer_definition(const struct question *question, struct arena *arena,
                       struct inv_json_text *j)
{
    struct view v;
    view_open(&v, arena, question);
    struct meaning meaning = view_meaning(&v);
    struct span begin = {meaning.source, 1, 1, 1, 0};
    struct span span = meaning.source ? begin : meaning.span;
    const char *uri = span.source ? source_uri(&v, span.source) : NULL;
    if (uri)
        put_location(j, "result", &v, uri, span);
    else
        inv_json_put_word(j, "result", "null");
}
