#include "emit/code.h"
#include <stdarg.h>

void code_init(struct code *code, struct arena *arena)
{
    *code = (struct code){.arena = arena};
}

static void add(struct code *code, struct statement statement)
{
    ARENA_PUSH(code->arena, code->statement, code->count, code->room) = statement;
}

void code_line(struct code *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(code, (struct statement){.text = arena_vprintf(code->arena, format, arguments)});
    va_end(arguments);
}

static void add_block(struct code *code, const char *head, const struct code *body,
                      bool independent, bool rolled)
{
    struct code *kept = ARENA_NEW(code->arena, struct code);
    *kept = *body;
    add(code, (struct statement){head, kept, independent, rolled});
}

void code_block(struct code *code, const char *head, const struct code *body)
{
    add_block(code, head, body, false, false);
}

void code_loop(struct code *code, const char *head, const struct code *body, bool rolled)
{
    add_block(code, head, body, true, rolled);
}

void code_append(struct code *code, const struct code *more)
{
    for (int i = 0; i < more->count; i++)
        add(code, more->statement[i]);
}

static void print_line(const char *line, const char *end, int indent, struct text *text)
{
    text_printf(text, "%*s%s%s\n", indent * 4, "", line, end);
}

/* Braces stand around what takes more than a line. */
void code_print(const struct code *code, int indent, const char *mark, struct text *text)
{
    for (int i = 0; i < code->count; i++) {
        const struct statement *s = &code->statement[i];
        bool braces = s->body && (s->body->count != 1 || s->body->statement[0].body);
        if (s->independent && mark)
            print_line(mark, s->rolled ? " ROLLED" : "", indent, text);
        print_line(s->text, braces ? " {" : "", indent, text);
        if (s->body)
            code_print(s->body, indent + 1, mark, text);
        if (braces)
            print_line("}", "", indent, text);
    }
}
