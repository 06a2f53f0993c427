/* The outline of a document, and its canonical layout. */
#include <string.h>
#include "base/text.h"
#include "editor/view.h"

/* Kinds of symbols as the protocol numbers them. */
enum { MODULE = 2, CLASS = 5, FUNCTION = 12, VARIABLE = 13, CONSTANT = 14, OBJECT = 19,
       STRUCT = 23, EVENT = 24 };

static int kind_of(const struct ast *item)
{
    switch (item->kind) {
    case AST_INCLUDE: return MODULE;
    case AST_CONST: return CONSTANT;
    case AST_DATA: return STRUCT;
    case AST_MODEL: return CLASS;
    case AST_BLOCK:
    case AST_OPERATOR: return FUNCTION;
    case AST_TRAIN: return EVENT;
    case AST_TARGET: return OBJECT;
    case AST_DECLARE: return VARIABLE;
    default: return 0;
    }
}

static const struct ast *body_of(const struct ast *item)
{
    for (int i = 0; i < item->count; i++)
        if (item->kid[i] && item->kid[i]->kind == AST_BODY)
            return item->kid[i];
    return NULL;
}

/* `name` as an editor lists it: "train net", "input x". */
static void put_symbol(struct inv_json_text *j, const struct lines *lines, struct arena *arena,
                       const struct ast *ast)
{
    bool declares = ast->kind == AST_DECLARE;
    const struct ast *name = declares ? ast->kid[0] : ast, *body = declares ? NULL : body_of(ast);
    const char *text = *name->text ? name->text : "?";
    inv_json_open(j, NULL, '{');
    put_text(j, "name", ast->kind == AST_TRAIN ? arena_printf(arena, "train %s", text) : text);
    put_text(j, "detail", declares ? ast->text : ast_kind_name(ast->kind));
    inv_json_put_whole(j, "kind", kind_of(ast));
    put_range(j, "range", lines, ast->span);
    put_range(j, "selectionRange", lines, name->name_span);
    inv_json_open(j, "children", '[');
    for (int i = 0; body && i < body->count; i++)
        if (body->kid[i] && body->kid[i]->kind == AST_DECLARE)
            put_symbol(j, lines, arena, body->kid[i]);
    inv_json_close(j, ']');
    inv_json_close(j, '}');
}

static const struct ast *parse(const struct question *q, struct arena *arena, struct diags *diags,
                               struct lines *lines, int *source)
{
    const char *text = q->document->text;
    lines_read(lines, arena, text, strlen(text), q->utf8);
    *source = diags_add_source(diags, q->document->path, text, strlen(text), false);
    return ast_parse(arena, diags, *source);
}

void answer_symbols(const struct question *q, struct arena *arena, struct inv_json_text *j)
{
    struct lines lines;
    int source;
    const struct ast *file = parse(q, arena, diags_new(arena), &lines, &source);
    inv_json_open(j, "result", '[');
    for (int i = 0; i < file->count; i++)
        if (kind_of(file->kid[i]))
            put_symbol(j, &lines, arena, file->kid[i]);
    inv_json_close(j, ']');
}

/* The layout of invar fmt in the place of all; nothing of what cannot be parsed. */
void answer_formatting(const struct question *q, struct arena *arena, struct inv_json_text *j)
{
    struct diags *diags = diags_new(arena);
    struct lines lines;
    int source;
    struct text text;
    const struct ast *file = parse(q, arena, diags, &lines, &source);
    if (diags_error_count(diags)) {
        inv_json_put_word(j, "result", "null");
        return;
    }
    text_init(&text, arena);
    ast_format(arena, diags, source, file, &text);
    inv_json_open(j, "result", '[');
    if (strcmp(text.data ? text.data : "", q->document->text)) {
        struct position first = {0, 0};
        inv_json_open(j, NULL, '{');
        inv_json_open(j, "range", '{');
        put_position(j, "start", first);
        put_position(j, "end", lines_end(&lines));
        inv_json_close(j, '}');
        put_text(j, "newText", text.data ? text.data : "");
        inv_json_close(j, '}');
    }
    inv_json_close(j, ']');
}
