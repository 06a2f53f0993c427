/* Programs as text. */
#include "graph/program_text.h"

#include <inttypes.h>
#include "core/sha256.h"
#include "graph/custom.h"

static const char *const kinds[] = {
    [VAR_PARAM] = "param", [VAR_BUFFER] = "buffer", [VAR_BLOCK] = "block", [VAR_STATE] = "state",
    [VAR_AVERAGE] = "average", [VAR_ACCUMULATOR] = "accumulator", [VAR_RAW] = "raw",
    [VAR_INPUT] = "input", [VAR_SAMPLE] = "sample", [VAR_LOSS] = "loss",
    [VAR_REPORT] = "report", [VAR_OUTPUT] = "output",
    [VAR_COLLECTED] = "collected", [VAR_SHARD] = "shard",
    [VAR_TOKEN] = "token", [VAR_KEPT] = "kept", [VAR_LOGITS] = "logits"};
static const char *const sources[] = {
    [SOURCE_CSV] = "csv", [SOURCE_IDX] = "idx", [SOURCE_NPY] = "npy", [SOURCE_NPZ] = "npz",
    [SOURCE_SAFETENSORS] = "safetensors", [SOURCE_RAW] = "raw",
    [SOURCE_CIFAR10] = "cifar10", [SOURCE_CIFAR100] = "cifar100",
    [SOURCE_LINES] = "lines", [SOURCE_TEXT] = "text", [SOURCE_TOKENS_U8] = "tokens_u8",
    [SOURCE_TOKENS_U16] = "tokens_u16", [SOURCE_TOKENS_U32] = "tokens_u32",
    [SOURCE_RANDOM] = "random"};
static const char *const fits[] = {
    [FIT_NONE] = "none", [FIT_ZSCORE] = "zscore", [FIT_MINMAX] = "minmax"};

static const char *const rankings[] = {
    [RANKING_ROC_AREA] = "roc_area", [RANKING_AVERAGE_PRECISION] = "average_precision"};

static void print_string(struct text *text, const char *before, const char *string)
{
    text_printf(text, " %s\"", before);
    for (const char *c = string ? string : ""; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_puts(text, "\\");
        if (*c == '\n')
            text_puts(text, "\\n");
        else
            text_add(text, c, 1);
    }
    text_puts(text, "\"");
}

static void print_train(struct text *text, const struct train_desc *t)
{
    text_printf(text, "train seed=%" PRIu64 " epochs=%" PRId64 " steps=%" PRId64, t->seed,
                t->epochs, t->steps);
    text_printf(text, " batch=%" PRId64 " shuffle=%d drop_last=%d patience=%" PRId64 " by=%a",
                t->batch, t->shuffle, t->drop_last, t->patience, (double)t->patience_by);
    text_printf(text, " average=%a", (double)t->average);
    print_string(text, "keep=", t->keep_best);
    if (t->shards > 1)
        text_printf(text, " shards=%" PRId64, t->shards);
    text_puts(text, t->streams ? " streams=1" : "");
    text_puts(text, "\n");
}

static void print_range(struct text *text, const struct column_range *r)
{
    text_printf(text, " first=%d last=%d", r->first, r->last);
    print_string(text, "first_name=", r->first_name);
    print_string(text, "last_name=", r->last_name);
}

static void print_csv(struct text *text, const struct csv_desc *csv)
{
    if (csv->delimiter != ',' || csv->decimal != '.' || csv->comment || csv->skip)
        text_printf(text, "csv delimiter=%d decimal=%d comment=%d skip=%" PRId64 "\n",
                    csv->delimiter, csv->decimal, csv->comment, csv->skip);
    for (int i = 0; i < csv->na_count; i++) {
        text_puts(text, "na");
        print_string(text, "", csv->na[i]);
        text_puts(text, "\n");
    }
}

static void print_field(struct text *text, const struct data_field *f)
{
    static const struct column_range none = {.first = -1, .last = -1};
    text_puts(text, "field");
    print_string(text, "", f->name);
    text_printf(text, " label=%d key=%d", f->label, f->key);
    print_string(text, "file=", f->array);
    print_range(text, f->range_count ? &f->range[0] : &none);
    text_printf(text, " text=%d fit=%s raw=%d input=%d fit_a=%d fit_b=%d balance=%d\n", f->text,
                fits[f->fit], f->raw, f->input, f->fit_a, f->fit_b, f->balance);
    for (int i = 1; i < f->range_count; i++) {
        text_puts(text, "columns");
        print_range(text, &f->range[i]);
        text_puts(text, "\n");
    }
    if (f->rows || f->from)
        text_printf(text, "window from=%" PRId64 " rows=%" PRId64 " single=%d\n", f->from, f->rows,
                    f->single);
    if (f->form || f->missing)
        text_printf(text, "cells form=%d missing=%d value=%a fill=%d\n", f->form, f->missing,
                    (double)f->missing_value, f->fill);
    if (f->form == FORM_SOUND)
        text_printf(text, "sound samples=%" PRId64 " channels=%" PRId64 " rate=%" PRId64
                    " fill=%d cut=%d%s\n", f->sound.samples, f->sound.channels, f->sound.rate,
                    f->sound.fill, f->sound.cut, f->sound.pieces ? " pieces=1" : "");
    for (int i = 0; f->class_name && i < f->class_count; i++) {
        text_puts(text, "class");
        print_string(text, "", f->class_name[i]);
        text_puts(text, "\n");
    }
}

/* Which files are of which source. */
static void print_sources(struct text *text, const struct data_desc *d)
{
    text_puts(text, " sources=");
    for (int i = 0; i < SOURCE_COUNT; i++)
        text_printf(text, "%s%d+%d", i ? "," : "", d->source[i].first_file,
                    d->source[i].file_count);
}

static void print_data(struct text *text, const struct data_desc *d)
{
    text_puts(text, "data");
    print_string(text, "", d->name);
    text_printf(text, " kind=%s header=%d rows=%" PRId64 " train=%a val=%a test=%a",
                sources[d->kind], d->csv.header, d->rows, d->train_share, d->val_share,
                d->test_share);
    text_printf(text, " shuffle=%d has_seed=%d seed=%" PRIu64, d->shuffle, d->has_seed, d->seed);
    print_sources(text, d);
    text_printf(text, " fold=%d folds=%d stratify=%d", d->fold, d->folds, d->stratify);
    for (int i = 0; i < 3; i++)
        print_string(text, i ? "" : "values=", d->part_value[i]);
    text_puts(text, "\n");
    if (d->window)
        text_printf(text, "windows rows=%" PRId64 " stride=%" PRId64 "\n", d->window, d->stride);
    if (d->kind == SOURCE_CSV)
        print_csv(text, &d->csv);
    for (int i = 0; i < d->file_count; i++) {
        text_puts(text, "file");
        print_string(text, "", d->file[i].name);
        print_string(text, "path=", d->file[i].path);
        if (d->file[i].member)
            print_string(text, "member=", d->file[i].member);
        text_printf(text, " kind=%s cells=%s\n", sources[d->file[i].kind],
                    dtype_name(d->file[i].raw_dtype));
    }
    for (int i = 0; i < d->field_count; i++)
        print_field(text, &d->field[i]);
}

static void print_variable(struct text *text, const struct variable *v)
{
    text_printf(text, "variable %d %s", v->id, kinds[v->kind]);
    print_string(text, "", v->path);
    text_printf(text, " classes=%" PRId64 " block=%d start=%" PRId64 " : %s\n", v->classes,
                v->block, v->block_start, shape_print(text->arena, v->dtype, &v->shape));
}

void program_print(const struct program *program, struct text *text)
{
    text_puts(text, "program");
    print_string(text, "", program->name);
    text_puts(text, "\n");
    print_train(text, &program->train);
    print_data(text, &program->data);
    for (int i = 0; i < program->report_count; i++) {
        const struct report *r = &program->report[i];
        text_puts(text, "report");
        print_string(text, "", r->name);
        text_printf(text, " loss=%d lower=%d variable=%d\n", r->loss, r->better_lower,
                    r->variable);
    }
    for (int i = 0; i < program->ranking_count; i++) {
        const struct ranking *r = &program->ranking[i];
        text_printf(text, "ranking %s score=%d mark=%d total=%d\n", rankings[r->form], r->score,
                    r->mark, r->total);
    }
    for (int i = 0; i < program->watched_count; i++) {
        const struct watched *w = &program->watched[i];
        text_printf(text, "watched %s report=%d variable=%d\n", w->part, w->report, w->variable);
    }
    for (int i = 0; i < program->rate_count; i++) {
        const struct rate *r = &program->rate[i];
        text_puts(text, "rate");
        print_string(text, "", r->name);
        text_printf(text, " value=%a variable=%d\n", (double)r->value, r->variable);
    }
    for (int i = 0; i < program->variable_count; i++)
        print_variable(text, program->variable[i]);
}

/* ---- rows ---- */

/* How the files are read, whatever their paths are. */
static void print_reading(struct text *text, const struct data_desc *d)
{
    text_printf(text, "rows kind=%s header=%d window=%" PRId64, sources[d->kind], d->csv.header,
                d->window);
    print_sources(text, d);
    text_puts(text, "\n");
    text_printf(text, "cells delimiter=%d decimal=%d comment=%d skip=%" PRId64 " na=%d\n",
                d->csv.delimiter, d->csv.decimal, d->csv.comment, d->csv.skip, d->csv.has_na);
    print_csv(text, &d->csv);
    for (int i = 0; i < d->file_count; i++) {
        print_string(text, "file ", d->file[i].name);
        print_string(text, "member=", d->file[i].member);
        text_printf(text, " kind=%s cells=%s\n", sources[d->file[i].kind],
                    dtype_name(d->file[i].raw_dtype));
    }
}

bool program_draws_rows(const struct program *program)
{
    const struct graph *graph = program->phase[PHASE_PREPARE];
    for (int i = 0; graph && i < graph->count; i++)
        if (graph->node[i]->attr.path)
            return true;
    return false;
}

/* The C of operators that the graph calls. */
static void print_custom(struct text *text, const struct graph *graph)
{
    const struct program *program = graph->program;
    for (int id = 0; id < graph->count; id++) {
        const struct node *n = graph->node[id];
        int argument;
        if (n->op == OP_CUSTOM)
            text_puts(text, diags_source(program->diags,
                                         custom_find(program, n->attr.function,
                                                     &argument)->source)->text);
    }
}

void program_rows_key(const struct program *program, char key[65])
{
    const struct graph *prepare = program->phase[PHASE_PREPARE];
    struct inv_sha256 sha;
    unsigned char digest[32];
    struct text text;
    text_init(&text, program->arena);
    print_reading(&text, &program->data);
    for (int i = 0; i < program->data.field_count; i++) {
        print_field(&text, &program->data.field[i]);
        text_printf(&text, "weight=%d\n", program->data.field[i].weight);
    }
    for (int i = 0; i < program->variable_count; i++)
        if (program->variable[i]->kind == VAR_RAW || program->variable[i]->kind == VAR_INPUT)
            print_variable(&text, program->variable[i]);
    if (prepare) {
        graph_print_bare(prepare, &text);
        print_custom(&text, prepare);
    }
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, text.data, text.size);
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, key);
}
