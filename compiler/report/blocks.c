#include <inttypes.h>
#include "emit/figures.h"
#include "report/flow.h"
#include "report/html.h"
#include "report/model.h"

static bool has_calls(const struct program *program, int number)
{
    for (int i = number + 1; i < program->layer_count; i++)
        if (program->layer[i].outer == number)
            return true;
    return false;
}

/* Where it is not what the call before it gives: "from conv2d1 and what comes in". */
static void print_flow(struct text *text, const struct summary *s, const struct flow *flow,
                       int number, int before)
{
    const struct ids *from = &flow[number].from;
    int count = from->count + flow[number].input, last = from->count - 1;
    if (count == 0 || (before ? count == 1 && last == 0 && from->id[0] == before : last < 0))
        return;
    text_puts(text, " <span>from");
    for (int i = 0; i < count; i++)
        text_printf(text, "%s %s", i == 0 ? "" : i + 1 < count ? "," : " and",
                    i <= last ? html_escape(text->arena, figures_title(s, from->id[i]))
                              : "what comes in");
    text_puts(text, "</span>");
}

/* Name, output and figures of a call, or of the optimizer; before: the call before it, or 0. */
static void print_block(struct text *text, const struct summary *s, const struct flow *flow,
                        int number, int before)
{
    struct arena *arena = text->arena;
    const struct figures *f = &s->of[number];
    const char *name = number ? figures_title(s, number) : "optimizer";
    int64_t parameters = f->trained + f->frozen;
    text_printf(text, "<span class=\"block\"><b>%s</b>", html_escape(arena, name));
    if (number && *s->program->layer[number].output)
        text_printf(text, " <code>%s</code>", html_escape(arena, s->program->layer[number].output));
    text_puts(text, "<span class=\"figures\">");
    print_flow(text, s, flow, number, before);
    if (s->shared[number])
        text_puts(text, "<span>shared parameters</span> ");
    else if (parameters)
        text_printf(text, "<span>%s parameter%s</span> ", text_grouped(arena, parameters),
                    parameters == 1 ? "" : "s");
    text_printf(text, "<span>%s FLOPs</span>", text_grouped(arena, f->step));
    if (f->kept)
        text_printf(text, " <span>%s bytes kept</span>", text_grouped(arena, f->kept));
    text_puts(text, "</span></span>");
}

static void print_calls(struct text *text, const struct summary *s, const struct flow *flow,
                        int outer)
{
    int before = 0;
    text_puts(text, "<ol>\n");
    for (int i = 2; i < s->program->layer_count; i++) {
        if (s->program->layer[i].outer != outer)
            continue;
        bool folds = has_calls(s->program, i);
        text_puts(text, folds ? "<li><details><summary>" : "<li>");
        print_block(text, s, flow, i, before);
        before = i;
        if (folds) {
            text_puts(text, "</summary>\n");
            print_calls(text, s, flow, i);
            text_puts(text, "</details>");
        }
        text_puts(text, "</li>\n");
    }
    text_puts(text, "</ol>\n");
}

void blocks_print(struct text *text, const struct program *program)
{
    struct summary s = figures_of(program, text->arena);
    const struct flow *flow = flow_of(program, text->arena);
    struct arena *arena = text->arena;
    int64_t all = s.all.trained + s.all.frozen;
    text_printf(text, "<p>%s parameters, %s of them trained; %s FLOPs in a step of %" PRId64
                " rows, a multiplication and its addition counted as two; bytes kept are forward "
                "values that wait for the gradients.</p>\n", text_grouped(arena, all),
                text_grouped(arena, s.all.trained), text_grouped(arena, s.all.step),
                program->train.batch);
    text_puts(text, "<div class=\"blocks\">\n");
    print_block(text, &s, flow, 1, 0);
    print_calls(text, &s, flow, 1);
    print_block(text, &s, flow, 0, 0);
    text_puts(text, "</div>\n");
}
