#include "language/ast.h"
#include <string.h>

const char *ast_kind_name(enum ast_kind kind)
{
    static const char *const name[] = {
#define X(kind, name) name,
        AST_KINDS(X)
#undef X
    };

    return name[kind];
}

struct ast *ast_new(struct arena *arena, enum ast_kind kind, const char *text, struct span span)
{
    struct ast *node = ARENA_NEW(arena, struct ast);

    node->kind = kind;
    node->text = text;
    node->span = node->name_span = span;
    node->height = 1;
    return node;
}

struct ast *ast_add(struct arena *arena, struct ast *parent, struct ast *kid)
{
    ARENA_PUSH(arena, parent->kid, parent->count, parent->room) = kid;
    if (kid && kid->height >= parent->height)
        parent->height = kid->height + 1;
    return parent;
}

static void dump_text(const char *text, struct text *out)
{
    text_puts(out, " \"");
    for (; *text; text++) {
        const char *escape = strchr("\nn\tt\"\"\\\\", *text);
        if (*text == '\n' || *text == '\t' || *text == '"' || *text == '\\')
            text_printf(out, "\\%c", escape[*text == '\n' || *text == '\t' ? 1 : 0]);
        else
            text_add(out, text, 1);
    }
    text_puts(out, "\"");
}

/* One node a line, its kids indented below; "-" stands for what was left out. */
static void dump(const struct ast *node, int depth, struct text *out)
{
    text_printf(out, "%*s%s", 2 * depth, "", node ? ast_kind_name(node->kind) : "-");
    if (node && node->text)
        dump_text(node->text, out);
    text_puts(out, "\n");
    for (int i = 0; node && i < node->count; i++)
        dump(node->kid[i], depth + 1, out);
}

void ast_dump(const struct ast *node, struct text *out)
{
    dump(node, 0, out);
}
