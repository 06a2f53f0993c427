/* Errors and warnings of a document, as an editor shows them. */
#include <string.h>
#include "base/text.h"
#include "editor/reply.h"
#include "editor/view.h"

enum { PUBLISHED_MAX = 500 };

/* ---- one message ---- */
static void begin(struct reply *r, const struct document *d)
{
    reply_begin_notice(r, "textDocument/publishDiagnostics");
    inv_json_open(&r->j, "params", '{');
    put_text(&r->j, "uri", d->uri);
    inv_json_put_whole(&r->j, "version", d->version);
    inv_json_open(&r->j, "diagnostics", '[');
}

static void end(struct reply *r, FILE *out)
{
    inv_json_close(&r->j, ']');
    inv_json_close(&r->j, '}');
    reply_end(r, out);
}

/* ---- diagnostics ---- */
/* Where the document includes that source, or what includes it. */
static struct span include_of(const struct view *v, int source)
{
    const struct ast *file = v->load.count ? v->load.file[0] : NULL;
    struct span found = {v->source, 1, 1, 1, 1};
    int before = -1;
    for (int i = 0; file && i < file->count; i++) {
        const struct ast *item = file->kid[i];
        if (item->kind == AST_INCLUDE && before < 0)
            found = item->span, before = 0;
        for (int k = 1; item->kind == AST_INCLUDE && k < v->load.count; k++) {
            int other = v->load.file[k]->span.source;
            const char *path = diags_source(v->load.diags, other)->path;
            size_t tail = strlen(item->text), all = strlen(path);
            if (other == source && all >= tail && !strcmp(path + all - tail, item->text))
                found = item->span;
        }
    }
    return found;
}

static void put_notes(struct inv_json_text *j, const struct view *v, const struct diag *d)
{
    inv_json_open(j, "relatedInformation", '[');
    for (int i = 0; i < d->count; i++) {
        struct span span = d->note[i].span;
        const char *uri = span.source ? source_uri(v, span.source) : NULL;
        if (!uri)
            continue;
        inv_json_open(j, NULL, '{');
        put_location(j, "location", v, uri, span);
        put_text(j, "message", d->note[i].text);
        inv_json_close(j, '}');
    }
    inv_json_close(j, ']');
}

/* The text, its cure, and notes where the editor shows none beside it. */
static const char *message(const struct view *v, const struct diag *d, bool away)
{
    struct text text;
    text_init(&text, v->arena);
    if (away)
        text_printf(&text, "%s:%d:%d: ", diags_source(v->load.diags, d->span.source)->path,
                    d->span.line, d->span.column);
    text_puts(&text, d->text);
    if (d->help)
        text_printf(&text, "\nhelp: %s", d->help);
    for (int i = 0; i < d->count; i++) {
        const struct span *s = &d->note[i].span;
        if (!v->question->related || s->source == 0)
            text_printf(&text, "\nnote: %s (%s:%d)", d->note[i].text,
                        diags_source(v->load.diags, s->source)->path, s->line);
    }
    return text.data;
}

static void put_diagnostic(struct inv_json_text *j, const struct view *v, const struct diag *d)
{
    bool away = d->span.source > 0 && d->span.source != v->source;
    struct span first = {v->source, 1, 1, 1, 1};
    struct span span = away ? include_of(v, d->span.source) : d->span.source ? d->span : first;
    inv_json_open(j, NULL, '{');
    put_range(j, "range", &v->lines, span);
    inv_json_put_whole(j, "severity", d->severity == DIAG_ERROR ? 1 : 2);
    inv_json_put(j, "source", "invar");
    put_text(j, "message", message(v, d, away));
    if (v->question->related && d->count)
        put_notes(j, v, d);
    inv_json_close(j, '}');
}

static void publish(const struct view *v, FILE *out)
{
    struct reply r;
    struct diag **sorted;
    int count = diags_sorted(v->load.diags, &sorted);
    begin(&r, v->question->document);
    for (int i = 0; i < count && i < PUBLISHED_MAX; i++)
        put_diagnostic(&r.j, v, sorted[i]);
    end(&r, out);
}

static int count_all(const struct view *v)
{
    struct diag **sorted;
    return diags_sorted(v->load.diags, &sorted);
}

void diagnose(const struct question *question, struct arena *arena, FILE *out)
{
    struct view v;
    view_open(&v, arena, question);
    view_lower(&v, NULL);
    publish(&v, out);
    int before = count_all(&v);
    for (int i = 0; i < v.programs && v.good; i++)
        v.good = v.program[i]->part || question->passes->rest(v.program[i]);
    if (count_all(&v) != before)
        publish(&v, out);
}

void diagnose_as(const struct document *document, const char *error, FILE *out)
{
    struct reply r;
    struct inv_json_text *j = &r.j;
    begin(&r, document);
    if (*error) {
        struct position first = {0, 0};
        inv_json_open(j, NULL, '{');
        inv_json_open(j, "range", '{');
        put_position(j, "start", first);
        put_position(j, "end", first);
        inv_json_close(j, '}');
        inv_json_put_whole(j, "severity", 1);
        inv_json_put(j, "source", "invar");
        put_text(j, "message", error);
        inv_json_close(j, '}');
    }
    end(&r, out);
}
