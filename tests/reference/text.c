/* Programs and graphs from the text that the compiler prints.  One line at a time: the word it
 * begins with, then whatever parts stand there, each known by how it begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

#define X(name, stem, class, operands) void compute_##stem(const struct call *);
#include "graph/ops.def"
#undef X

static const struct { const char *stem; void (*compute)(const struct call *); } operators[] = {
#define X(name, stem, class, operands) {#stem, compute_##stem},
#include "graph/ops.def"
#undef X
};

static const char *const phase_names[PHASES] = {"init",  "prepare",  "normalise", "augment",
                                                "train", "update",   "evaluate",  "finish",
                                                "predict"};
static const char *const kind_names[KINDS] = {"param", "buffer", "block",  "state",
                                              "average", "accumulator", "raw", "input",
                                              "sample", "loss", "report", "output",
                                              "collected", "shard"};

struct reader {
    const char *at;
    int line;
    struct program *program;
    struct graph *graph;                /* that nodes belong to now */
};

static void fail(const struct reader *r, const char *what)
{
    die("line %d of the dump: %s at '%.30s'", r->line, what, r->at);
}

/* Passes blanks and `word`, where it stands there. */
static bool accept(struct reader *r, const char *word)
{
    while (*r->at == ' ')
        r->at++;
    size_t size = strlen(word);
    bool found = strncmp(r->at, word, size) == 0;
    r->at += found ? size : 0;
    return found;
}

static void expect(struct reader *r, const char *word)
{
    if (!accept(r, word))
        fail(r, word);
}

static int64_t read_whole(struct reader *r)
{
    char *end;
    int64_t value = strtoll(r->at, &end, 0);
    if (end == r->at)
        fail(r, "a whole number expected");
    r->at = end;
    return value;
}

static uint64_t read_seed(struct reader *r)
{
    char *end;
    uint64_t value = strtoull(r->at, &end, 10);
    r->at = end;
    return value;
}

static double read_real(struct reader *r)
{
    char *end;
    double value = strtod(r->at, &end);
    if (end == r->at)
        fail(r, "a number expected");
    r->at = end;
    return value;
}

static char *read_word(struct reader *r)
{
    accept(r, "");
    size_t size = strcspn(r->at, " \n");
    char *word = copy_text(r->at, size);
    r->at += size;
    return word;
}

static char *read_string(struct reader *r)
{
    expect(r, "\"");
    char *text = allocate((int64_t)strcspn(r->at, "\n") + 1, 1);
    for (size_t n = 0; *r->at != '"'; r->at++) {
        if (*r->at == '\0' || *r->at == '\n')
            fail(r, "a string without end");
        bool escape = *r->at == '\\';
        r->at += escape;
        text[n++] = escape && *r->at == 'n' ? '\n' : *r->at;
    }
    r->at++;
    return text;
}

static int find(const struct reader *r, const char *word, const char *const *name, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, name[i]) == 0)
            return i;
    fail(r, word);
    return -1;
}

static void read_list(struct reader *r, int64_t *value)
{
    int count = 0;
    while (!accept(r, "]")) {
        if (count == AXES)
            fail(r, "too many axes");
        value[count++] = read_whole(r);
        accept(r, ",");
    }
}

static enum type read_type(struct reader *r, struct shape *shape)
{
    enum type type = TYPE_F32;
    *shape = (struct shape){.rows = -1};
    if (accept(r, "i32"))
        type = TYPE_I32;
    else if (accept(r, "bool"))
        type = TYPE_BOOL;
    else if (accept(r, "i64"))
        type = TYPE_I64;
    else
        expect(r, "f32");
    if (!accept(r, "["))
        return type;
    do {
        bool rows = accept(r, "b");
        if (rows)
            shape->rows = shape->rank;
        shape->dim[shape->rank++] = rows && !accept(r, "*") ? 1 : read_whole(r);
    } while (accept(r, ",") && shape->rank < AXES);
    expect(r, "]");
    return type;
}

/* ---- nodes ---- */

static float *read_reals(struct reader *r)
{
    float *list = NULL;
    int count = 0;
    expect(r, "[");
    while (!accept(r, "]")) {
        float value = (float)read_real(r);
        int at = append(&list, &count, sizeof *list);
        list[at] = value;
        accept(r, ",");
    }
    return list;
}

static int read_variable_id(struct reader *r)
{
    int id = (int)read_whole(r);
    read_word(r);
    return id;
}

/* What each form begins with, and what follows; a stream is computed from its path. */
#define BEGINS_VARIABLE(name) accept(r, "$")
#define BEGINS_WORD(name) accept(r, #name "=")
#define BEGINS_BARE(name) (strcmp(n->stem, #name) == 0)
#define BEGINS_WHOLE(name) accept(r, #name "=")
#define BEGINS_COUNT(name) accept(r, #name "=")
#define BEGINS_REAL(name) accept(r, #name "=")
#define BEGINS_LIST(name) accept(r, #name "=")
#define BEGINS_MARK(name) accept(r, #name)
#define BEGINS_TEXT(name) accept(r, #name "=")
#define BEGINS_DERIVED(name) accept(r, #name "=")
#define READ_VARIABLE(name) n->name = read_variable_id(r)
#define READ_WORD(name) n->name = read_word(r)
#define READ_BARE(name) n->name = read_word(r)
#define READ_WHOLE(name) n->name = read_whole(r)
#define READ_COUNT(name) n->name = read_whole(r)
#define READ_REAL(name) n->name = (float)read_real(r)
#define READ_LIST(name) n->name = read_reals(r)
#define READ_MARK(name) n->name = true
#define READ_TEXT(name) n->name = read_string(r)
#define READ_DERIVED(name) read_whole(r)

static void read_attributes(struct reader *r, struct node *n)
{
#define ATTRIBUTE(enumerator, name, form, type) \
    if (BEGINS_##form(name)) \
        READ_##form(name);
#define PER_AXIS(enumerator, name) \
    if (accept(r, #name "=[")) \
        read_list(r, n->name);
#include "graph/attributes.def"
    if (n->path)
        n->stream = stream_of(n->path);
}

static void find_operator(const struct reader *r, struct node *n, const char *stem)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].stem, stem) == 0) {
            n->stem = operators[i].stem;
            n->compute = operators[i].compute;
            return;
        }
    fail(r, "unknown operator");
}

/* %12 = add %3 %11 : f32[b, 64]   # a comment */
static void read_node(struct reader *r)
{
    if (!r->graph)
        fail(r, "a node without a graph");
    int id = append(&r->graph->node, &r->graph->count, sizeof *r->graph->node);
    struct node *n = &r->graph->node[id];
    if (read_whole(r) != id)
        fail(r, "nodes must be numbered from 0");
    expect(r, "=");
    find_operator(r, n, read_word(r));
    while (accept(r, "%")) {
        int at = append(&n->operand, &n->count, sizeof *n->operand);
        n->operand[at] = (int)read_whole(r);
        if (n->operand[at] >= id)
            fail(r, "an operand that comes later");
    }
    read_attributes(r, n);
    expect(r, ": ");
    n->type = read_type(r, &n->shape);
    r->at += strcspn(r->at, "\n");
}

static void read_graph(struct reader *r)
{
    char *name = read_word(r);
    int phase = PHASE_PREDICT;
    for (int i = 0; i < PHASES; i++)
        phase = strcmp(name, phase_names[i]) == 0 ? i : phase;
    r->graph = allocate(1, sizeof *r->graph);
    r->graph->name = name;
    r->program->phase[phase] = r->graph;
}

/* ---- what a program is besides its graphs; see compiler/graph/program_text.h ---- */

static void read_train(struct reader *r)
{
    struct program *p = r->program;
    expect(r, "seed=");
    p->seed = read_seed(r);
    expect(r, "epochs=");
    p->epochs = read_whole(r);
    expect(r, "steps=");
    p->steps = read_whole(r);
    expect(r, "batch=");
    p->batch = read_whole(r);
    expect(r, "shuffle=");
    p->shuffle = read_whole(r);
    expect(r, "drop_last=");
    p->drop_last = read_whole(r);
    expect(r, "patience=");
    p->patience = read_whole(r);
    expect(r, "by=");
    p->patience_by = (float)read_real(r);
    expect(r, "average=");
    p->average = (float)read_real(r);
    expect(r, "keep=");
    p->keep = read_string(r);
    p->shards = 0;
    if (accept(r, "shards="))
        p->shards = read_whole(r);
}

static int read_number(struct reader *r, const char *key)
{
    expect(r, key);
    return (int)read_whole(r);
}

static void read_data(struct reader *r)
{
    static const char *const share[] = {"train=", "val=", "test="};
    struct program *p = r->program;
    p->data_name = read_string(r);
    expect(r, "kind=");
    p->data_kind = read_word(r);
    expect(r, "header=");
    p->header = read_whole(r);
    expect(r, "rows=");
    p->data_rows = read_whole(r);
    for (int i = 0; i < 3; i++) {
        expect(r, share[i]);
        p->share[i] = read_real(r);
    }
    expect(r, "shuffle=");
    p->data_shuffle = read_whole(r);
    expect(r, "has_seed=");
    p->has_data_seed = read_whole(r);
    expect(r, "seed=");
    p->data_seed = read_seed(r);
    p->delimiter = ',';
    p->decimal = '.';
    for (int i = 0; i < 4; i++) {
        expect(r, i ? "," : "sources=");
        p->source[i].first = (int)read_whole(r);
        expect(r, "+");
        p->source[i].count = (int)read_whole(r);
    }
    p->fold = read_number(r, "fold=");
    p->folds = read_number(r, "folds=");
    p->stratify = read_number(r, "stratify=");
    for (int i = 0; i < 3; i++) {
        expect(r, i ? "" : "values=");
        p->part_value[i] = read_string(r);
    }
}

static void read_file_line(struct reader *r)
{
    int at = append(&r->program->file, &r->program->file_count, sizeof *r->program->file);
    struct file *f = &r->program->file[at];
    f->name = read_string(r);
    expect(r, "path=");
    f->path = read_string(r);
    expect(r, "kind=");
    f->kind = read_word(r);
    expect(r, "cells=");
    f->cells = read_word(r);
}

static void read_range(struct reader *r, struct field *f)
{
    int at = append(&f->range, &f->range_count, sizeof *f->range);
    f->range[at].first = read_number(r, "first=");
    f->range[at].last = read_number(r, "last=");
    expect(r, "first_name=");
    f->range[at].first_name = read_string(r);
    expect(r, "last_name=");
    f->range[at].last_name = read_string(r);
}

static void read_field(struct reader *r)
{
    int at = append(&r->program->field, &r->program->field_count, sizeof *r->program->field);
    struct field *f = &r->program->field[at];
    f->name = read_string(r);
    f->label = read_number(r, "label=");
    f->key = read_number(r, "key=");
    expect(r, "file=");
    f->file = read_string(r);
    read_range(r, f);
    f->text = read_number(r, "text=");
    expect(r, "fit=");
    f->fit = read_word(r);
    f->raw = read_number(r, "raw=");
    f->input = read_number(r, "input=");
    f->fit_a = read_number(r, "fit_a=");
    f->fit_b = read_number(r, "fit_b=");
    f->balance = read_number(r, "balance=");
}

static void read_columns(struct reader *r)
{
    read_range(r, &r->program->field[r->program->field_count - 1]);
}

static void read_csv(struct reader *r)
{
    struct program *p = r->program;
    p->delimiter = read_number(r, "delimiter=");
    p->decimal = read_number(r, "decimal=");
    p->comment = read_number(r, "comment=");
    p->skip = read_number(r, "skip=");
}

static void read_cells(struct reader *r)
{
    struct field *f = &r->program->field[r->program->field_count - 1];
    f->form = (enum form)read_number(r, "form=");
    f->missing = (enum missing)read_number(r, "missing=");
    expect(r, "value=");
    f->missing_value = (float)read_real(r);
    f->fill = read_number(r, "fill=");
}

static void read_na(struct reader *r)
{
    int at = append(&r->program->na, &r->program->na_count, sizeof *r->program->na);
    r->program->na[at] = read_string(r);
}

static void read_loop(struct reader *r)
{
    if (!r->graph)
        fail(r, "a loop without a graph");
    int at = append(&r->graph->loop, &r->graph->loop_count, sizeof *r->graph->loop);
    struct loop *loop = &r->graph->loop[at];
    if (read_number(r, "") != at)
        fail(r, "loops must be numbered from 0");
    loop->turns = read_number(r, "turns=");
    loop->reverse = accept(r, "reverse");
    loop->outer = accept(r, "outer=") ? read_number(r, "") : -1;
    if (accept(r, "#"))
        r->at += strcspn(r->at, "\n");
}

static void read_class(struct reader *r)
{
    struct field *f = &r->program->field[r->program->field_count - 1];
    int at = append(&f->class_name, &f->class_count, sizeof *f->class_name);
    f->class_name[at] = read_string(r);
}

static void read_watched(struct reader *r)
{
    int at = append(&r->program->watched, &r->program->watched_count, sizeof(struct watched));
    struct watched *w = &r->program->watched[at];
    w->val = strcmp(read_word(r), "val") == 0;
    w->report = read_number(r, "report=");
    w->variable = read_number(r, "variable=");
}

static void read_rate(struct reader *r)
{
    int at = append(&r->program->rate, &r->program->rate_count, sizeof *r->program->rate);
    struct rate *rate = &r->program->rate[at];
    rate->name = read_string(r);
    expect(r, "value=");
    rate->value = read_real(r);
    rate->variable = read_number(r, "variable=");
}

static void read_ranking(struct reader *r)
{
    int at = append(&r->program->ranking, &r->program->ranking_count, sizeof(struct ranking));
    struct ranking *ranking = &r->program->ranking[at];
    ranking->roc = strcmp(read_word(r), "roc_area") == 0;
    ranking->score = read_number(r, "score=");
    ranking->mark = read_number(r, "mark=");
    ranking->total = read_number(r, "total=");
}

static void read_report(struct reader *r)
{
    int at = append(&r->program->report, &r->program->report_count, sizeof *r->program->report);
    struct report *report = &r->program->report[at];
    report->name = read_string(r);
    report->loss = read_number(r, "loss=");
    report->lower = read_number(r, "lower=");
    report->variable = read_number(r, "variable=");
}

static void read_variable(struct reader *r)
{
    int at = append(&r->program->variable, &r->program->variable_count,
                    sizeof *r->program->variable);
    struct variable *v = &r->program->variable[at];
    if (read_number(r, "") != at)
        fail(r, "variables must be numbered from 0");
    v->kind = (enum kind)find(r, read_word(r), kind_names, KINDS);
    v->path = read_string(r);
    v->classes = read_number(r, "classes=");
    v->block = read_number(r, "block=");
    v->start = read_number(r, "start=");
    expect(r, ":");
    v->type = read_type(r, &v->shape);
}

static void read_line(struct reader *r)
{
    if (accept(r, "#"))
        r->at += strcspn(r->at, "\n");
    else if (accept(r, "%"))
        read_node(r);
    else if (accept(r, "graph "))
        read_graph(r);
    else if (accept(r, "loop "))
        read_loop(r);
    else if (accept(r, "program "))
        r->program->name = read_string(r);
    else if (accept(r, "train "))
        read_train(r);
    else if (accept(r, "data "))
        read_data(r);
    else if (accept(r, "file "))
        read_file_line(r);
    else if (accept(r, "field "))
        read_field(r);
    else if (accept(r, "columns "))
        read_columns(r);
    else if (accept(r, "csv "))
        read_csv(r);
    else if (accept(r, "cells "))
        read_cells(r);
    else if (accept(r, "na "))
        read_na(r);
    else if (accept(r, "class "))
        read_class(r);
    else if (accept(r, "report "))
        read_report(r);
    else if (accept(r, "ranking "))
        read_ranking(r);
    else if (accept(r, "watched "))
        read_watched(r);
    else if (accept(r, "rate "))
        read_rate(r);
    else if (accept(r, "variable "))
        read_variable(r);
}

/* ---- after reading ---- */

/* A wanted carry wants its keep, which stands behind it: was one found that was not marked? */
static bool spread_wanted(struct graph *graph)
{
    bool again = false;
    for (int id = graph->count - 1; id >= 0; id--) {
        struct node *n = &graph->node[id];
        n->wanted = n->wanted || strcmp(n->stem, "store") == 0;
        for (int i = 0; n->wanted && i < n->count; i++)
            graph->node[n->operand[i]].wanted = true;
    }
    for (int id = 0; id < graph->count; id++) {
        struct node *n = &graph->node[id];
        if (strcmp(n->stem, "keep") == 0 && graph->node[n->operand[1]].wanted && !n->wanted)
            again = n->wanted = true;
    }
    return again;
}

static bool is_in(const struct graph *graph, int inner, int outer)
{
    while (inner != outer && inner >= 0)
        inner = graph->loop[inner].outer;
    return inner == outer;
}

/* What reads something of a turn is of that turn, stack and last excepted. */
static void find_loops(struct graph *graph)
{
    for (int id = 0; id < graph->count; id++) {
        struct node *n = &graph->node[id];
        bool out = strcmp(n->stem, "stack") == 0 || strcmp(n->stem, "last") == 0;
        bool in = strcmp(n->stem, "turn") == 0 || strcmp(n->stem, "carry") == 0 ||
                  strcmp(n->stem, "keep") == 0;
        if ((in || out) && (n->loop < 0 || n->loop >= graph->loop_count))
            die("graph %s: node %d is of no loop", graph->name, id);
        n->at = in ? (int)n->loop : out ? graph->loop[n->loop].outer : -1;
        for (int i = 0; !in && !out && i < n->count; i++)
            if (is_in(graph, graph->node[n->operand[i]].at, n->at))
                n->at = graph->node[n->operand[i]].at;
    }
}

struct program *program_read(const char *text)
{
    struct reader r = {.at = text, .line = 1};
    r.program = allocate(1, sizeof *r.program);
    while (*r.at) {
        read_line(&r);
        while (*r.at == ' ')
            r.at++;
        if (*r.at != '\n' && *r.at != '\0')
            fail(&r, "unexpected text");
        r.line += *r.at == '\n';
        r.at += *r.at == '\n';
    }
    for (int i = 0; i < PHASES; i++)
        if (r.program->phase[i]) {
            while (spread_wanted(r.program->phase[i]))
                continue;
            find_loops(r.program->phase[i]);
        }
    return r.program;
}
