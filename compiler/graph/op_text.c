#include "graph/op_text.h"
#include "graph/op.h"

/* Titles in the order of enum op_class. */
static const char *const class_title[] = {
    [CLASS_SOURCE] = "Sources: no work of their own",
    [CLASS_MAP] = "Maps: one output element from one element of each operand, which broadcast",
    [CLASS_VIEW] = "Views: the same elements under other indices",
    [CLASS_ROW] = "Row reductions: `[..., n]` to `[..., 1]`",
    [CLASS_COLUMN] = "Column reductions: `[a, r, c]` to `[a, 1, c]`",
    [CLASS_CONTRACT] = "Contractions",
    [CLASS_TAKE] = "Indexed reads",
    [CLASS_SCATTER] = "Indexed sums",
    [CLASS_MOVE] = "Pieces placed in a whole",
    [CLASS_RANDOM] = "Random numbers: counters of a named stream",
    [CLASS_SERIAL] = "Sequences",
    [CLASS_STORE] = "Stores",
};

/* A cell of a table: `|` would end it. */
static void add_cell(struct text *text, const char *cell)
{
    for (; cell && *cell; cell++)
        text_printf(text, *cell == '|' ? "\\%c" : "%c", *cell);
    text_puts(text, cell ? " | " : "- | ");
}

static void add_class(struct text *text, enum op_class class)
{
    text_printf(text, "\n## %s\n\n", class_title[class]);
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
    for (int class = CLASS_SOURCE; class <= CLASS_STORE; class++)
        add_class(text, (enum op_class)class);
}
