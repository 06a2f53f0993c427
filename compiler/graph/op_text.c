#include "graph/op_text.h"
#include "graph/op.h"

/* A cell of a table: `|` would end it. */
static void add_cell(struct text *text, const char *cell)
{
    for (; cell && *cell; cell++)
        text_printf(text, *cell == '|' ? "\\%c" : "%c", *cell);
    text_puts(text, cell ? " | " : "- | ");
}

static void add_class(struct text *text, enum op_class class)
{
    text_printf(text, "\n## %s\n\n", class_def(class)->title);
    text_puts(text, "| operator | output | meaning | error | gradient |\n"
                    "| --- | --- | --- | --- | --- |\n");
    for (int op = 0; op < OP_COUNT; op++) {
        const struct op_def *def = op_def((enum op)op);
        if (def->class != class)
            continue;
        text_printf(text, "| %s | ", def->stem);
        add_cell(text, def->formula);
        add_cell(text, def->doc);
        add_cell(text, def->bound);
        add_cell(text, def->derivative);
        text->data[--text->size] = '\0';
        text_puts(text, "\n");
    }
}

void op_print_reference(struct text *text)
{
    text_puts(text, "# Operators of the graph\n\nWritten by `invar operators` from "
                    "`compiler/graph/ops`. a, b, c are operands, y the output, g\nits gradient; "
                    "`-` means that no gradient flows. The error is that of one f32\noutput "
                    "against the exact result of its f32 operands. The order of every sum\n"
                    "stands in `docs/numerics.md`.\n");
    for (int class = 0; class < CLASS_COUNT; class++)
        add_class(text, (enum op_class)class);
}
