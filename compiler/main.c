/* invar: options, then the pipeline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build/build.h"
#include "build/diverge.h"
#include "build/infer.h"
#include "convert/export.h"
#include "convert/import.h"
#include "convert/import_weights.h"
#include "editor/server.h"
#include "editor/words.h"
#include "host/claims.h"
#include "host/decimal.h"
#include "host/ending.h"
#include "host/output.h"
#include "host/paths.h"
#include "host/safetensors.h"
#include "host/statement.h"
#include "invar.h"
#include "language/load.h"
#include "lint/lint.h"
#include "graph/op_text.h"
#include "passes/pass.h"
#include "emit/plan_ranks.h"
#include "emit/plan_text.h"
#include "emit/summary.h"
#include "graph/program_text.h"
#include "report/report.h"
#include "report/sweep.h"


struct options {
    const char *model, *train, *dump, *out, *target, *weights, *kernels;
    const char *from;                   /* verify, report: the model file */
    const char *predictions, *label;    /* report */
    const char *seeds, *jobs;           /* sweep */
    const char *as, *rows;              /* import */
    const char *to, *inputs;            /* export */
    const char *layout, **map;          /* import-weights; layout: emit, too */
    int map_count;
    const char *bandwidth, *latency;    /* plan --ranks */
    const char **define;
    int define_count;
    uint64_t given;                     /* bit i: option letter 'A' + i */
    bool write, check, json, strict, report, words;
    bool infer, library, python;        /* build: what only predicts; what trains on arrays; and
                                         * for Python */
    const char *database;               /* lint: folder of compile_commands.json */
    bool rules, unlinted;
    char **flags;                       /* lint: what stands behind --, or NULL */
    int flag_count;
    const char *gradients;              /* the option for which a trainer keeps them, or NULL */
    struct build_options build;
    char **rest;                        /* run: the trainer's own options; report: more logs */
    int rest_count;
};

struct command {
    const char *name, *summary, *usage, *help;
    int (*run)(const struct options *);
    const char *accepts;                /* letters of options that it takes, see option_table; *:
                                         * what else there is, for the trainer; +: more files; -: no
                                         * file; =: flags behind -- */
};

/* ---- the pipeline ---- */
static void dump(const struct program *program, const char *pass, const char *wanted)
{
    struct text text;
    if (!wanted || strcmp(pass, wanted))
        return;
    text_init(&text, program->arena);
    if (!strcmp(pass, "program"))
        program_print(program, &text);
    for (int i = 0; i < PHASE_COUNT; i++)
        if (program->phase[i]) {
            text_printf(&text, "# phase %s\n", phase_name((enum phase)i));
            graph_print(program->phase[i], &text);
            if (program->phase[i]->schedule)
                schedule_print(program->phase[i], &text);
        }
    if (text.size)
        fwrite(text.data, 1, text.size, stdout);
}

static void each_phase(struct program *program, void (*run)(struct graph *))
{
    for (int i = 0; i < PHASE_COUNT; i++)
        if (program->phase[i])
            run(program->phase[i]);
}

/* The phase of the fewest nodes that is not in `done`, a bit for each; -1: all are. */
static int smallest_phase(const struct program *program, unsigned done)
{
    int found = -1;
    for (int i = 0; i < PHASE_COUNT; i++)
        if (program->phase[i] && !(done >> i & 1) &&
            (found < 0 || program->phase[i]->count < program->phase[found]->count))
            found = i;
    return found;
}

/* A graph lies there twice while it is simplified: the largest comes when the others are small. */
static void simplify(struct program *program)
{
    unsigned done = 0;
    for (int i; (i = smallest_phase(program, done)) >= 0; done |= 1u << i)
        pass_simplify(program->phase[i]);
}

static void verify(struct program *program, const char *pass)
{
    for (int i = 0; i < PHASE_COUNT; i++)
        if (program->phase[i])
            graph_verify(program->phase[i], pass);
}

/* Since simplify only graphs with loops, or with values made again, got other nodes. */
static void verify_copies(struct graph *graph)
{
    if (graph->loop_count > 0 || graph->region_count > 0)
        graph_verify(graph, "loops");
}

/* Firmware reads no files. */
static bool loads_nothing(const struct program *program)
{
    for (int i = 0; i < program->variable_count; i++) {
        const struct loaded *loaded = program->variable[i]->loaded;
        if (!loaded)
            continue;
        struct diag *d = diag_error(program->diags, loaded->span, "firmware reads no files, so "
                                    "'load' has nothing to load from");
        diag_help(d, "let the host write what training begins with (--save-init), leave 'load' "
                  "out, and give the firmware those: --weights");
        return false;
    }
    return true;
}

/* What firmware trains has neither shards nor scans that go on, and begins with its own weights. */
static bool target_trains(const struct program *program, const char *target)
{
    if (!target || strcmp(target, "firmware"))
        return true;
    if (program->train.streams) {
        struct diag *d = diag_error(program->diags, program->train.streams_span,
                                    "a scan on target firmware begins anew with every batch: "
                                    "there is no 'stateful' yet");
        diag_help(d, "leave 'stateful' out, or train with --target c");
        return false;
    }
    if (!program_has_shards(program))
        return loads_nothing(program);
    struct diag *d = diag_error(program->diags, program->train.shards_span,
                                "there are no shards on target firmware yet");
    diag_help(d, "leave 'shards' out, or use --target c");
    return false;
}

static bool lower(struct program *program, const struct load *load, const struct options *o)
{
    if (!pass_lower(program, load->file, load->count, o->train) ||
        !target_trains(program, o->target))
        return false;
    verify(program, "lower");
    dump(program, "lower", o->dump);
    dump(program, "program", o->dump);
    return true;
}

/* What is lowered to what can be emitted. */
static bool transform(struct program *program, const struct options *o)
{
    if (!o->infer)
        pass_generate(program);
    if (o->target && !strcmp(o->target, "firmware"))
        pass_windows(program);
    simplify(program);
    verify(program, "simplify");
    dump(program, "simplify", o->dump);
    each_phase(program, pass_recompute);
    dump(program, "recompute", o->dump);
    pass_random(program);
    if (diags_error_count(program->diags))
        return false;
    dump(program, "random", o->dump);
    if (o->infer)
        pass_inference(program);
    program->has_scratch = !o->target || !strcmp(o->target, "c");
    program->spares_memory = o->target && !strcmp(o->target, "firmware");
    each_phase(program, pass_loops);
    each_phase(program, verify_copies);
    dump(program, "loops", o->dump);
    each_phase(program, pass_fuse);
    if (!program->spares_memory)
        each_phase(program, pass_remake);
    dump(program, "fuse", o->dump);
    each_phase(program, pass_order);
    dump(program, "order", o->dump);
    if (!o->target || strcmp(o->target, "firmware"))
        each_phase(program, pass_bands);
    dump(program, "bands", o->dump);
    if (program->has_scratch)
        each_phase(program, pass_chunks);
    pass_frozen(program);
    pass_owners(program);
    pass_settle(program);
    pass_plan(program);
    verify(program, "plan");            /* and those since, which make no nodes */
    dump(program, "plan", o->dump);
    pass_budget(program);
    return diags_error_count(program->diags) == 0;
}

static bool compile(struct program *program, const struct load *load, const struct options *o)
{
    return lower(program, load, o) && (o->unlinted || lint_operators(program)) &&
           transform(program, o);
}

static void add_included(struct program *program, const struct load *load, int source, int *room)
{
    ARENA_PUSH(program->arena, program->included, program->included_count, *room) =
        diags_source(load->diags, source)->path;
}

/* Files of the model beside its first one: those that it includes, and C of its operators. */
static void list_included(struct program *program, const struct load *load)
{
    int room = 0;
    for (int i = 0; i < load->count; i++) {
        const struct ast *file = load->file[i];
        if (i > 0 && !diags_source(load->diags, file->span.source)->library)
            add_included(program, load, file->span.source, &room);
        for (int k = 0; k < file->count; k++)
            if (file->kid[k]->kind == AST_OPERATOR && file->kid[k]->count > 3)
                add_included(program, load, file->kid[k]->kid[3]->span.source, &room);
    }
}

/* The program in the arena of `load` as `make` leaves it, or NULL where there were errors; these
 * and warnings are printed.  notes_calls: for export. */
static struct program *make_loaded(struct load *load, const struct options *o, bool notes_calls,
                                   bool (*make)(struct program *, const struct load *,
                                                const struct options *))
{
    struct program *program = ARENA_NEW(load->arena, struct program);
    if (o->strict)
        diags_be_strict(load->diags);
    program->arena = load->arena;
    program->diags = load->diags;
    program->model_path = o->model;
    program->library_kernels = o->kernels && !strcmp(o->kernels, "library");
    program->keeps_gradients = o->gradients != NULL;
    program->notes_calls = notes_calls;
    bool good = load_model(load, o->model, o->define, o->define_count);
    if (o->dump && !strcmp(o->dump, "ast") && load->count) {
        struct text text;
        text_init(&text, load->arena);
        ast_dump(load->file[0], &text);
        fwrite(text.data, 1, text.size, stdout);
    }
    list_included(program, load);
    program->define = o->define;
    program->define_count = o->define_count;
    memcpy(program->model_sha256, load->sha256, sizeof load->sha256);
    good = good && make(program, load, o);
    fflush(stdout);                     /* what was dumped stands before */
    diags_print(load->diags, stderr);
    return good ? program : NULL;
}

static struct program *make_model(const struct options *o, bool notes_calls,
                                  bool (*make)(struct program *, const struct load *,
                                               const struct options *))
{
    struct arena *arena = arena_new();
    struct load load = {.arena = arena, .diags = diags_new(arena)};
    struct program *program = make_loaded(&load, o, notes_calls, make);
    arena_trim();                       /* passes take more than what comes next */
    if (!program)
        arena_free(arena);
    return program;
}

static struct program *compile_model(const struct options *o)
{
    return make_model(o, false, compile);
}

static int finish(struct program *program, int status)
{
    arena_free(program->arena);
    return status;
}

/* ---- commands ---- */
static int command_check(const struct options *o)
{
    struct program *program = compile_model(o);
    return program ? finish(program, 0) : 1;
}

static bool known_kernels(const char *command, const struct options *o, bool cuda)
{
    bool known = !o->kernels || !strcmp(o->kernels, "exact") || !strcmp(o->kernels, "library");
    if (o->kernels && !cuda)
        fprintf(stderr, "invar %s: --kernels is for --target cuda\n", command);
    else if (!known)
        fprintf(stderr, "invar %s: unknown kernels '%s'; there are: exact, library\n", command,
                o->kernels);
    return !o->kernels || (cuda && known);
}

static bool can_keep_gradients(const char *command, const struct options *o)
{
    bool can = !o->gradients || !o->target || !strcmp(o->target, "c");
    if (!can)
        fprintf(stderr, "invar %s: %s is for --target c: only trainers for processors keep "
                "gradients\n", command, o->gradients);
    return can;
}

static bool known_ranks(const char *command, const char *ranks)
{
    const char *end = ranks;
    uint64_t count;
    bool known = !ranks || (inv_decimal_whole(&end, 99999, &count) && !*end && count > 0);
    if (!known)
        fprintf(stderr, "invar %s: --ranks %s: a whole number from 1 to 99999 expected\n", command,
                ranks);
    return known;
}

/* What a trainer runs on: --target of run and build. */
static bool known_trainer(const char *command, const struct options *o)
{
    bool cuda = o->target && !strcmp(o->target, "cuda");
    if (o->target && strcmp(o->target, "c") && !cuda) {
        fprintf(stderr, "invar %s: unknown target '%s'; a trainer is built for: c, cuda\n", command,
                o->target);
        return false;
    }
    if (o->build.archs && !cuda) {
        fprintf(stderr, "invar %s: --arch is for --target cuda\n", command);
        return false;
    }
    if (o->build.nccl && !cuda) {
        fprintf(stderr, "invar %s: --nccl is for --target cuda: it carries sums from GPU to GPU\n",
                command);
        return false;
    }
    return known_ranks(command, o->build.ranks) && known_kernels(command, o, cuda) &&
           can_keep_gradients(command, o);
}

static int run_trainer(const char *command, const struct options *o)
{
    if (!known_trainer(command, o))
        return 2;
    struct program *program = compile_model(o);
    if (!program)
        return 1;
    return finish(program, (o->report ? report_training : build_run)(program, o->rest_count,
                                                                     o->rest, &o->build));
}

static int command_run(const struct options *o)
{
    return run_trainer("run", o);
}

/* ---- sweep ---- */

static struct program *compile_for(const struct sweep *sweep, int number, const struct options *o)
{
    struct options with = *o;
    with.define = (const char **)(uintptr_t)sweep_define(sweep, number);
    return compile_model(&with);
}

/* The runs that are this sweep's, then those that others train. */
static int sweep_all(struct sweep *sweep, const struct options *o)
{
    struct program *program;
    bool going = true;
    int failed = 0;
    for (int i = 0; i < sweep_count(sweep) && going; i++)
        if (sweep_begins(sweep, i)) {
            failed = !(program = compile_for(sweep, i, o));
            if (failed)
                sweep_refuse(sweep, i);
            going = !failed && sweep_begin(sweep, i, program, &o->build);
        }
    sweep_wait(sweep);
    for (int i = 0; i < sweep_count(sweep) && going; i++)
        if (sweep_gets(sweep, i)) {
            failed = !(program = compile_for(sweep, i, o));
            going = !failed && sweep_get(sweep, i, program);
        }
    int status = sweep_wait(sweep);
    return failed && !status ? 1 : status;
}

static int command_sweep(const struct options *o)
{
    if (!known_trainer("sweep", o))
        return 2;
    struct arena *arena = arena_new();
    struct sweep_request request = {.define = o->define, .define_count = o->define_count,
                                    .seeds = o->seeds, .folder = o->out ? o->out : "sweep",
                                    .jobs = o->jobs,
                                    .rest = o->rest, .rest_count = o->rest_count};
    struct sweep *sweep = sweep_new(arena, &request);
    int status = sweep ? sweep_all(sweep, o) : 2;
    if (status == 0 || status == INV_NOT_FINITE)
        status = sweep_end(sweep, status);
    arena_free(arena);
    return status;
}

/* The trainer gets `option` first, and with it the file that follows. */
static int use_trained(const char *command, char *option, const struct options *o)
{
    struct options with = *o;
    with.rest = malloc(sizeof *with.rest * (size_t)(o->rest_count + 2));
    if (!with.rest)
        return 1;
    with.rest[0] = o->rest[0];
    with.rest[1] = option;
    memcpy(with.rest + 2, o->rest + 1, sizeof *with.rest * (size_t)o->rest_count);
    with.rest_count++;
    int status = run_trainer(command, &with);
    free(with.rest);
    return status;
}

static int command_predict(const struct options *o)
{
    static char option[] = "--predict";
    return use_trained("predict", option, o);
}

static int command_evaluate(const struct options *o)
{
    static char option[] = "--evaluate";
    return use_trained("evaluate", option, o);
}

/* ---- verify ---- */

/* The trainer gets --verify and the receipt first. */
static int verify_by(const struct inv_statement *said, const struct options *o)
{
    static char option[] = "--verify";
    struct options with = *o;
    with.rest = calloc((size_t)o->rest_count + 3, sizeof *with.rest);
    char *receipt = strdup(o->model);
    if (!with.rest || !receipt)
        return 1;
    with.rest[0] = o->rest[0];
    with.rest[1] = option;
    with.rest[2] = receipt;
    memcpy(with.rest + 3, o->rest + 1, sizeof *with.rest * (size_t)(o->rest_count - 1));
    with.rest_count += 2;
    with.model = o->from ? o->from : said->model;
    with.train = said->train;
    with.define = said->define;
    with.define_count = said->defines;
    int status = run_trainer("verify", &with);
    free(receipt);
    free(with.rest);
    return status;
}

static int command_verify(const struct options *o)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_statement said;
    int status = inv_statement_read(&said, o->model, &errors) ? verify_by(&said, o) : 1;
    inv_statement_free(&said);
    return status;
}

/* ---- diverge ---- */

/* A trace begins as JSON does, a program does not. */
static bool is_trace(const char *path)
{
    FILE *f = fopen(path, "rb");
    bool found = f && fgetc(f) == '{';
    if (f)
        fclose(f);
    return found;
}

static int command_diverge(const struct options *o)
{
    if (o->rest_count < 2 || o->rest[1][0] == '-') {
        fprintf(stderr, "invar diverge: which second trace or trainer?\n"
                "usage: invar diverge A B\n");
        return 2;
    }
    if (!is_trace(o->model) && !is_trace(o->rest[1]))
        return diverge_trainers(o->model, o->rest[1], o->rest_count - 2, o->rest + 2);
    if (o->rest_count > 2) {
        fprintf(stderr, "invar diverge: %s: two traces have no options, which are those of "
                "trainers; leave it out\n", o->rest[2]);
        return 2;
    }
    return diverge_traces(o->model, o->rest[1]);
}

/* ---- outputs ---- */

/* A data file is looked for beside the model file and here. */
static void claim_data(struct inv_claims *claims, const struct program *program)
{
    const char *slash = strrchr(program->model_path, '/');
    int folder = slash ? (int)(slash - program->model_path + 1) : 0;
    struct inv_errors silent = {.count = INV_ERROR_LIMIT};
    struct inv_paths paths = {.count = 0};
    for (int i = 0; i < program->data.file_count; i++) {
        const char *path = program->data.file[i].path;
        inv_paths_add(&paths, path, i, &silent);
        if (path[0] != '/')
            inv_paths_add(&paths, arena_printf(program->arena, "%.*s%s", folder,
                                               program->model_path, path), i, &silent);
    }
    for (int i = 0; i < paths.count; i++)
        inv_claims_input(claims, arena_printf(program->arena, "the data file %s", paths.path[i]),
                         paths.path[i]);
    inv_paths_free(&paths);
}

/* What a program is made from must not be overwritten by it. */
static struct inv_claims claim_inputs(struct inv_errors *errors, const struct program *program,
                                      const struct options *o)
{
    struct inv_claims claims = {.errors = errors};
    inv_claims_input(&claims, "the compiler itself", "/proc/self/exe");
    inv_claims_input(&claims, "the model file", program->model_path);
    for (int i = 0; i < program->included_count; i++)
        inv_claims_input(&claims, "a file that the model includes", program->included[i]);
    claim_data(&claims, program);
    inv_claims_input(&claims, "the weights that are read", o->weights);
    return claims;
}

/* Options of build that go with trainers alone, or not with them. */
static bool fits_product(const struct options *o)
{
    const char *alone = o->build.cuda  ? "--target cuda"
                        : o->build.mpi ? "--mpi"
                                       : o->gradients;
    bool product = o->infer || o->library;
    if (o->infer && o->library)
        fprintf(stderr, "invar build: --library predicts, too; --infer is for weights that are "
                "trained: give one\n");
    else if (product && alone)
        fprintf(stderr, "invar build: %s is for trainers; leave it out with --%s\n", alone,
                o->infer ? "infer" : "library");
    else if (!product && o->python)
        fprintf(stderr, "invar build: --python is for --infer and --library; give one of them\n");
    else if (!o->infer && o->weights)
        fprintf(stderr, "invar build: --weights is for --infer; a trainer has --weights and --init "
                "itself\n");
    else
        return true;
    return false;
}

static int command_build(const struct options *o)
{
    if (!known_trainer("build", o) || !fits_product(o))
        return 2;
    struct program *program = compile_model(o);
    if (!program)
        return 1;
    struct options with = *o;
    if (o->infer && !o->weights)
        with.weights = arena_printf(program->arena, "%s.safetensors", program->name);
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_claims claims = claim_inputs(&errors, program, &with);
    const char *out = o->out ? o->out : program->name;
    const struct infer_options infer = {o->infer ? with.weights : NULL, o->python};
    int status = o->infer || o->library ? build_infer(program, out, &infer, &o->build, &claims)
                          : build_trainer(program, out, &o->build, &claims);
    inv_claims_free(&claims);
    return finish(program, status);
}

static int command_emit(const struct options *o)
{
    if (!o->out) {
        fprintf(stderr, "invar emit: name the folder to write to: -o DIR\n");
        return 2;
    }
    if (!strcmp(o->out, "-")) {
        fprintf(stderr, "invar emit: its files do not fit into standard output; name a folder: "
                "-o DIR\n");
        return 2;
    }
    bool firmware = o->target && !strcmp(o->target, "firmware");
    bool cuda = o->target && !strcmp(o->target, "cuda");
    if (o->target && strcmp(o->target, "c") && !firmware && !cuda) {
        fprintf(stderr, "invar emit: unknown target '%s'; this version has: c, cuda, firmware\n",
                o->target);
        return 2;
    }
    if (!known_kernels("emit", o, cuda) || !can_keep_gradients("emit", o))
        return 2;
    if (o->weights && !firmware) {
        fprintf(stderr, "invar emit: --weights is for --target firmware; a trainer has --init\n");
        return 2;
    }
    if (o->layout && !firmware) {
        fprintf(stderr, "invar emit: --layout is for --target firmware\n");
        return 2;
    }
    struct program *program = compile_model(o);
    if (!program)
        return 1;
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_claims claims = claim_inputs(&errors, program, o);
    int status = firmware ? build_firmware(program, o->out, o->weights, o->layout, &claims)
                 : cuda   ? build_cuda_emit(program, o->out, &claims)
                          : build_emit(program, o->out, &claims);
    inv_claims_free(&claims);
    return finish(program, status);
}

/* ---- import, export ---- */

/* The place of a word among `count`, or -1 with a message; 0 where none is given. */
static int find_word(const char *command, const char *option, const char *word,
                     const char *const *known, int count)
{
    struct arena *arena = arena_new();
    int at = word ? -1 : 0;
    for (int i = 0; word && i < count; i++)
        at = !strcmp(word, known[i]) ? i : at;
    if (at < 0) {
        const char *all = "";
        for (int i = 0; i < count; i++)
            all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", known[i]);
        fprintf(stderr, "invar %s: %s %s: there are: %s\n", command, option, word, all);
    }
    arena_free(arena);
    return at;
}

/* Whether a text that is to be written at the path compiles; errors are printed, *line: of the
 * first in it, or 0. */
static bool text_compiles(const char *path, const char *text, int *line)
{
    struct arena *arena = arena_new();
    const struct open_text open = {.path = path, .text = text};
    struct load load = {.arena = arena, .diags = diags_new(arena), .open = &open,
                        .open_count = 1};
    struct options o = {.model = path};
    bool good = make_loaded(&load, &o, false, compile) != NULL;
    *line = good || load.count == 0 ? 0 : diags_error_line(load.diags, load.file[0]->span.source);
    arena_free(arena);
    return good;
}

static int command_import(const struct options *o)
{
    static const char *const forms[] = {"train", "infer"}, *const rows[] = {"auto", "first",
                                                                            "none"};
    int form = find_word("import", "--as", o->as, forms, 2);
    int batch = find_word("import", "--rows", o->rows, rows, 3);
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_claims claims = {.errors = &errors};
    struct import_request request = {.folder = o->out, .infer = form == 1,
                                     .rows = (enum import_rows)batch, .claims = &claims,
                                     .compiles = text_compiles};
    if (form < 0 || batch < 0)
        return 2;
    inv_claims_input(&claims, "the model that is read", o->model);
    int status = import_file(o->model, &request);
    inv_claims_free(&claims);
    return status;
}

static const struct export_form *find_form(const char *name)
{
    const char *known[16];
    int count = 0;
    for (; export_forms[count].name; count++)
        known[count] = export_forms[count].name;
    int at = find_word("export", "--to", name, known, count);
    return at < 0 ? NULL : &export_forms[at];
}

static int command_export(const struct options *o)
{
    static const char *const inputs[] = {"cells", "fields"};
    const struct export_form *form = find_form(o->to);
    int kind = find_word("export", "--inputs", o->inputs, inputs, 2);
    if (!form || kind < 0)
        return 2;
    if (o->inputs && !form->lowered) {
        fprintf(stderr, "invar export: --inputs is for --to onnx\n");
        return 2;
    }
    struct program *program = form->lowered ? make_model(o, true, lower) : compile_model(o);
    if (!program)
        return 1;
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct export_request request = {
        .weights = o->weights ? o->weights
                              : arena_printf(program->arena, "%s.safetensors", program->name),
        .out = o->out ? o->out : arena_printf(program->arena, "%s%s", program->name, form->suffix),
        .fields = kind == 1};
    struct options with = *o;
    with.weights = request.weights;
    struct inv_claims claims = claim_inputs(&errors, program, &with);
    request.claims = &claims;
    int status = inv_claims_output(&claims, "-o", request.out) ? form->write(program, &request) : 2;
    inv_claims_free(&claims);
    return finish(program, status);
}

static int command_import_weights(const struct options *o)
{
    static const char *const layouts[] = {"own", "torch"};  /* as enum weights_layout, from 1 on */
    if (o->rest_count != 2) {
        fprintf(stderr, "invar import-weights: %s\nusage: invar import-weights MODEL.inv FILE\n",
                o->rest_count < 2 ? "which file of weights?" : "one file of weights at a time");
        return 2;
    }
    int layout = find_word("import-weights", "--layout", o->layout, layouts, 2);
    if (layout < 0)
        return 2;
    struct program *program = compile_model(o);
    if (!program)
        return 1;
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_claims claims = claim_inputs(&errors, program, o);
    inv_claims_input(&claims, "the weights that are imported", o->rest[1]);
    struct import_weights request = {
        .file = o->rest[1], .rest = o->weights, .map = o->map, .map_count = o->map_count,
        .layout = o->layout ? (enum weights_layout)(LAYOUT_OWN + layout) : LAYOUT_ASK,
        .claims = &claims, .named = o->out != NULL,
        .out = o->out ? o->out : arena_printf(program->arena, "%s.safetensors", program->name)};
    bool good = inv_claims_output(&claims, "-o", request.out) &&
                (!o->out ||
                 inv_output_replaces("-o", request.out, &inv_safetensors_sign, &errors));
    int status = good ? import_weights(program, &request) : 1;
    inv_claims_free(&claims);
    return finish(program, status);
}

static int print_program(const struct options *o,
                         void (*print)(const struct program *, struct text *))
{
    struct program *program = compile_model(o);
    struct text text;
    if (!program)
        return 1;
    text_init(&text, program->arena);
    print(program, &text);
    fwrite(text.data, 1, text.size, stdout);
    return finish(program, 0);
}

/* plan --ranks. */
static int plan_for_ranks(const struct options *o)
{
    struct program *program = compile_model(o);
    struct network network;
    struct text text;
    if (!program)
        return 1;
    text_init(&text, program->arena);
    const char *wrong = network_read(&network, o->build.ranks, o->bandwidth, o->latency,
                                     program->arena);
    if (!wrong && !program_has_shards(program))
        wrong = arena_printf(program->arena, "--ranks: ranks share out shards, of which %s has "
                             "none; write 'shards 8' into its train section", program->name);
    if (wrong)
        fprintf(stderr, "invar plan: %s\n", wrong);
    else
        plan_print_ranks(program, &network, &text);
    fwrite(text.data, 1, text.size, stdout);
    return finish(program, wrong != NULL);
}

static int command_plan(const struct options *o)
{
    if ((o->bandwidth || o->latency) && !o->build.ranks) {
        fprintf(stderr, "invar plan: --bandwidth and --latency are for --ranks N\n");
        return 2;
    }
    return o->build.ranks ? plan_for_ranks(o) : print_program(o, plan_print);
}

static int command_summary(const struct options *o)
{
    return print_program(o, o->json ? summary_print_json : summary_print);
}

static int command_report(const struct options *o)
{
    struct options of_model = *o;
    of_model.model = o->from;
    if (!o->from && (o->define_count || o->train)) {
        fprintf(stderr, "invar report: -D and --train are of the model: name it, --model FILE\n");
        return 2;
    }
    if (o->to && strcmp(o->to, "tensorboard") != 0) {
        fprintf(stderr, "invar report: --to %s: a log becomes a page, or what 'tensorboard' "
                "shows\n", o->to);
        return 2;
    }
    struct program *program = o->from ? compile_model(&of_model) : NULL;
    const char **log = calloc((size_t)o->rest_count, sizeof *log);
    struct report_request report = {.log = log, .count = o->rest_count, .program = program,
                            .weights = o->weights, .predictions = o->predictions,
                            .label = o->label, .events = o->to != NULL,
                            .out = o->out ? o->out : o->to ? "runs" : "report.html"};
    if (!log || (o->from && !program))
        return 1;
    log[0] = o->model;
    for (int i = 1; i < o->rest_count; i++)
        log[i] = o->rest[i];
    int status = report_write(&report);
    free(log);
    return program ? finish(program, status) : status;
}

/* In the place of a regular file only: what is read from a pipe cannot be written back. */
static int write_file(const char *path, const struct text *text)
{
    struct inv_errors errors = {.to = stderr, .program = "invar fmt: "};
    struct inv_output out;
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        inv_error(&errors, "%s is no regular file: leave out --write", path);
        return 1;
    }
    if (!inv_output_open(&out, path, &errors))
        return 1;
    inv_output_write(&out, text->data, text->size);
    return !inv_output_close(&out, NULL);
}

static int command_fmt(const struct options *o)
{
    struct arena *arena = arena_new();
    struct diags *diags = diags_new(arena);
    struct text text;
    size_t size;
    const char *error;
    int status = 0;
    char *source = load_text(arena, o->model, &size, &error);
    if (!source) {
        fprintf(stderr, "invar fmt: cannot read '%s': %s\n", o->model, error);
        arena_free(arena);
        return 1;
    }
    int id = diags_add_source(diags, o->model, source, size, false);
    struct ast *tree = ast_parse(arena, diags, id);
    text_init(&text, arena);
    if (diags_error_count(diags)) {
        diags_print(diags, stderr);
        arena_free(arena);
        return 1;
    }
    ast_format(arena, diags, id, tree, &text);
    bool same = text.size == size && !memcmp(text.data, source, size);
    if (o->check && !same) {
        fprintf(stderr, "%s: not in canonical layout; invar fmt --write %s mends it\n", o->model,
                o->model);
        status = 1;
    } else if (o->write && !same) {
        status = write_file(o->model, &text);
    } else if (!o->write && !o->check) {
        fwrite(text.data, 1, text.size, stdout);
    }
    arena_free(arena);
    return status;
}

/* ---- lsp ---- */
static bool lower_for_editor(struct program *program, const struct load *load, const char *train)
{
    const struct options o = {.train = train};
    return lower(program, load, &o);
}

static bool transform_for_editor(struct program *program)
{
    const struct options o = {0};
    return transform(program, &o);
}

static int command_lsp(const struct options *o)
{
    static const struct editor_passes passes = {lower_for_editor, transform_for_editor};
    if (!o->words)
        return server_run(&passes, STDIN_FILENO, stdout);
    words_print();
    return 0;
}

/* ---- lint ---- */
static int command_lint(const struct options *o)
{
    if (o->rules)
        return lint_print_rules();
    const char **file = calloc((size_t)o->rest_count + 1, sizeof *file);
    int count = 0;
    if (!file)
        return 2;
    if (o->model)
        file[count++] = o->model;
    for (int i = 1; i < o->rest_count; i++)
        file[count++] = o->rest[i];
    struct lint_request request = {.file = file, .files = count,
                                   .flag = (const char *const *)o->flags, .flags = o->flag_count,
                                   .database = o->database, .json = o->json, .to = stdout,
                                   .unread = "give the folder of compile_commands.json with "
                                             "-p, or the flags behind --"};
    int status = lint_run(&request);
    free(file);
    return status;
}

/* ---- options ---- */
/* What --help says of options that several commands take. */
static const struct { char letter; const char *text; } shared_help[] = {
    {'D',
    "  -D NAME=VALUE       replace a const of the model file, once for each const\n"},
    {'t',
    "  --train MODEL       take 'train MODEL on ...' where the file has several (default: the\n"
    "                      only one there is)\n"},
    {'d',
    "  --dump=PASS         print the graphs after a pass, then go on: ast (the file itself),\n"
    "                      lower, simplify, recompute, random, loops, fuse, order, bands\n"
    "                      or plan; program: as lower, with variables, data, settings\n"
    "                      (default: none)\n"},
    {'e',
    "  -Werror             warnings are errors\n"},
    {'n',
    "  --no-lint           compile operators in C without looking at them first\n"},
    {'g',
    "  --target c          what the trainer runs on: c: processors; cuda: NVIDIA GPUs, by nvcc\n"},
    {'a',
    "  --arch LIST         cuda: compute capabilities to compile for (default: 75,80,86,89,90, of\n"
    "                      these what nvcc offers), or native: those of this machine's GPUs\n"},
    {'K',
    "  --kernels exact     cuda: exact: bits of the processor; library: contractions by cuBLASLt,\n"
    "                      with bits that hold for one kind of GPU and version of cuBLAS only\n"},
    {'N',
    "  --log-norms         a trainer that can log the norms of gradients and updates: it keeps\n"
    "                      gradients in memory; the bits are the same\n"},
    {'G',
    "  --check-gradients   the same, to compare them with differences of the loss\n"},
    {'c',
    "  --cc COMPILER       C compiler (default: $CC, else cc)\n"},
    {'p',
    "  --mpi               the trainer may be one of several ranks, which mpirun or srun starts;\n"
    "                      compiled by $MPICC, else mpicc (default: one program, without MPI)\n"},
    {'C',
    "  --nccl              cuda, as --mpi: ranks exchange sums by NCCL, from GPU to GPU (default:\n"
    "                      by MPI, by way of the processors' memory)\n"},
    {'f',
    "  --cflags FLAGS      further flags, for the runtime too; bits do not depend on them\n"},
    {'v',
    "  --verbose           print the commands\n"},
};

static const struct command commands[] = {
    {"run", "compile, train and report", "run MODEL.inv [options] [trainer options]",
     "Compiles to a trainer in the cache, unless it is there already, and runs it here: it\n"
     "trains, reports each epoch, and writes NAME.safetensors and NAME.fields.json into this\n"
     "folder.\n"
     "Trainer options (--data, --epochs, --threads ...) are passed on;\n"
     "'invar run MODEL.inv --help' prints them.\n"
     "  --report            write NAME.html in the end: the page of invar report, from the file\n"
     "                      of --log, else NAME.jsonl\n"
     "  --ranks N           train by N processes here, started by mpirun, which share out the\n"
     "                      model's shards: the same bits (default: one, without MPI)\n",
     command_run, "DtdengaKNGcfvRrC*"},
    {"sweep", "train every combination of values and seeds, and write a table",
     "sweep MODEL.inv -D NAME=VALUE,VALUE,... [--seed A..B] [--jobs N] [-o FOLDER] [options]",
     "  -D NAME=V,V,...     values of a const of the model file, once for each const\n"
     "  --seed A..B         seeds, or 1,4,9 (default: the model's own)\n"
     "  -o FOLDER           for a log and the weights of each run, and sweep.csv, the best run\n"
     "                      first: by what 'keep best' names, else val.loss, else loss (default:\n"
     "                      sweep); a run that FOLDER has already is not trained again\n"
     "  --jobs N            train N runs at a time, which share out the processors: the same\n"
     "                      table (default: 1)\n"
     "Trainer options (--data, --epochs, --threads ...) are passed on to every run.\n",
     command_sweep, "DtoengaNcfvsJ*"},
    {"predict", "outputs of trained weights for the rows of a file",
     "predict MODEL.inv [options] [--weights W] [FILE] [-o OUT] [trainer options]",
     "  FILE                of the kind of the model's data (csv, npy ...), - is standard\n"
     "                      input; without it the model's own data\n"
     "  --weights W         the trained weights (default: NAME.safetensors of 'model NAME')\n"
     "  -o OUT              where to (default: standard output), as CSV, NPY or JSON lines\n"
     "                      by the end of its name, or by --format csv|npy|jsonl\n"
     "  --keep NAME,...     columns of FILE, or without it fields of the model's own data, such\n"
     "                      as labels, before the predictions\n"
     "'invar run MODEL.inv --help' prints all trainer options.\n",
     command_predict, "DtdengaKcfv*"},
    {"evaluate", "losses and metrics of trained weights on the rows of a file",
     "evaluate MODEL.inv [options] [--weights W] [FILE] [trainer options]",
     "  FILE                with labels; without it each part of the model's data\n"
     "  --weights W         the trained weights (default: NAME.safetensors of 'model NAME')\n"
     "'invar run MODEL.inv --help' prints all trainer options.\n",
     command_evaluate, "DtdengaKcfv*"},
    {"verify", "train as a receipt says, and say what differs first",
     "verify RECEIPT [options] [trainer options]",
     "RECEIPT is what --receipt of a training run wrote: model file, -D values, seed and number\n"
     "of epochs are taken from it. No weights are written. Exit status: 0 all agrees, 6 something\n"
     "differs, which is named, others: it cannot be run.\n"
     "  --model FILE        the model file (default: as the receipt names it, from here)\n"
     "  --data PATH         the data, as for a trainer (default: as the run was given them)\n"
     "  --weights W         the weights that must be those of the receipt (default: the file of\n"
     "                      that name beside the receipt, where there is one)\n"
     "  --resume FILE       with --steps A..B or --sample N: a part, from checkpoints of the run;\n"
     "                      add --log-norms where the run had it: its state lies otherwise\n"
     "  --threads N         as for a trainer, and so are --init, --quiet, --log and --device\n",
     command_verify, "mngaKNcfv*"},
    {"diverge", "the first step, operator and element in which two runs differ",
     "diverge A B [trainer options]",
     "A and B are traces, which --trace of a trainer writes, or two trainers, which are run with\n"
     "these options. Exit status: 0 nothing differs, 6 something does, others: it cannot be\n"
     "told.\n",
     command_diverge, "M*"},
    {"build", "make one self-contained executable", "build MODEL.inv [-o TRAINER] [options]",
     "  -o TRAINER          the executable (default: the model's name)\n"
     "  --infer             instead of a trainer, of trained weights: the library\n"
     "                      libTRAINER.so of six functions, with TRAINER.h and TRAINER.pc,\n"
     "                      and the command TRAINER, which predicts\n"
     "  --weights W         with --infer: these (default: NAME.safetensors of 'model NAME')\n"
     "  --library           instead of a trainer: libTRAINER.so, TRAINER.h and TRAINER.pc of\n"
     "                      nine functions, which train on arrays and predict\n"
     "  --python            with --infer or --library: also a wheel, which pip installs\n",
     command_build, "DtdengaKNGcfvopCIbWY"},
    {"emit", "write readable sources", "emit MODEL.inv -o DIR [options]",
     "  -o DIR              where to; made if missing\n"
     "  --target c          kind of sources: c, cuda, firmware\n"
     "  --kernels exact     cuda: exact, or library: see invar build --help\n"
     "  --weights FILE      firmware: trained weights as a constant of NAME_weights.c\n"
     "  --layout plain      firmware: plain, or a library with an example for platformio,\n"
     "                      arduino, esp-idf or zephyr\n",
     command_emit, "DtdenogWlKNG"},
    {"import", "make a model file and weights of a foreign model", "import FILE [-o DIR]",
     "FILE is an ONNX graph, or a model of Keras: .keras, .h5, or its configuration as JSON.\n"
     "Writes NAME.inv, to read, to change and to train, and NAME.safetensors, which --init and\n"
     "--weights of trainers take. What it cannot express is an error that names its place, and so\n"
     "is a file of these names that holds something else, which is not written over.\n"
     "  -o DIR              where to; made if missing (default: this folder)\n"
     "  --as train          train: dropout drops and batch norm learns when trained; infer: both\n"
     "                      are fixed as they are when predicting\n"
     "  --rows auto         whether the first axis of inputs is the batch: first; none: a row is\n"
     "                      all of an input; auto: where it is symbolic or 1 in all\n",
     command_import, "oAB"},
    {"export", "write a trained model for others", "export MODEL.inv [options]",
     "  --to onnx           the form: onnx, the graph that predicts in operators of ONNX; weights\n"
     "                      alone: npz, for NumPy; torch, a safetensors file with PyTorch's names\n"
     "                      and layouts; keras, an HDF5 file by names of layers;\n"
     "                      c-header, constants of C\n"
     "  --weights W         the trained weights (default: NAME.safetensors of 'model NAME')\n"
     "  -o OUT              where to (default: NAME.onnx and so on)\n"
     "  --inputs cells      onnx: what the graph takes: cells of the data as they stand in files,\n"
     "                      or fields, as the data declaration has prepared them\n",
     command_export, "DtdenoWTQ"},
    {"import-weights", "make weights from elsewhere those of a model",
     "import-weights MODEL.inv FILE [options]",
     "FILE is a state dict of PyTorch (.pt, .pth, of which nothing is executed), safetensors of\n"
     "any type of number, NPZ, or weights of Keras by names of layers (.h5). Arrays are found by\n"
     "the names that parameters have here, in PyTorch or in Keras, and turned round where shapes\n"
     "say so. Prints what was loaded and what was not.\n"
     "  --map 'A.*=b/*'     what names of FILE are here; the first of several that fits counts\n"
     "  --layout own        own or torch: where an array fits as it is and turned round\n"
     "  --weights W         weights for what FILE lacks; without it that is an error\n"
     "  -o OUT              where to (default: NAME.safetensors of 'model NAME', where that is\n"
     "                      not there or the same)\n",
     command_import_weights, "DtdenoWXl+"},
    {"check", "print errors and warnings only", "check MODEL.inv [options]", "", command_check,
     "Dtden"},
    {"plan", "print op order, random streams, memory map and FLOPs", "plan MODEL.inv [options]",
     "  --ranks N           instead, what each of N ranks would have to do: bytes that it sends\n"
     "                      and receives in a step, memory and time, beside a ring and a tree\n"
     "  --bandwidth B       of a rank's link, bytes a second each way (default: 1.25G, 10 Gbit/s)\n"
     "  --latency T         of a message (default: 20us)\n",
     command_plan, "DtdenrUy"},
    {"summary", "print layers, their outputs, parameters, FLOPs and activations",
     "summary MODEL.inv [--json] [options]",
     "A line for each call of a block in the model's own files, in the order of training,\n"
     "indented as they call each other; a block's figures are with those of what it calls.\n"
     "FLOPs are of a batch, a multiplication and its addition counted as two: forward, and of\n"
     "the whole step. Activations are what of the forward pass lies in memory until gradients\n"
     "have used it.\n"
     "  --json              for programs: the same figures, an object a layer\n",
     command_summary, "Dtdenj"},
    {"report", "write a page with the curves of runs",
     "report RUN.jsonl [MORE.jsonl ...] [-o PAGE | --to tensorboard [-o FOLDER]]",
     "RUN.jsonl is what a trainer writes with --log; of several runs the curves are laid over\n"
     "each other, and the page says what differs between them. It is one file that asks for no\n"
     "other: a browser shows it without a network.\n"
     "  -o PAGE             where to (default: report.html)\n"
     "  --model MODEL.inv   the model that was run: shows its blocks and its memory, too, and\n"
     "                      the names of classes; -D and --train as it was run with\n"
     "  --weights FILE      the weights that it wrote, as histograms; needs --model\n"
     "  --predictions FILE  probabilities beside labels, from invar predict --keep COLUMN: as ROC\n"
     "                      and calibration curves\n"
     "  --label COLUMN      the column of the labels in it\n"
     "  --to tensorboard    no page: files that TensorBoard shows, FOLDER/RUN/train and .../val\n"
     "                      (default: runs)\n",
     command_report, "omWPLDtT+"},
    {"lsp", "serve editors by the Language Server Protocol", "lsp",
     "Reads and writes messages of the protocol on standard input and output: an editor starts it\n"
     "and asks for errors, shapes, declarations, completion and layout. docs/editors.md says how.\n"
     "  --stdio             as some editors say it; there is no other way\n"
     "  --words             print the words of the language instead, each after its class\n",
     command_lsp, "xi-"},
    {"lint", "find what makes C that is linked into a trainer lose its bits",
     "lint FILE.c ... [-p FOLDER] [-- FLAGS]",
     "Reads C - callbacks that give data, for instance - and the headers it includes, but those\n"
     "of the system, and finds what bits would depend on beside model, data and seed:\n"
     "docs/lint.md. Exit status: 0 nothing was found, 1 something was, 2 a file was no C.\n"
     "  -p FOLDER           of compile_commands.json, which says how files are compiled: their\n"
     "                      flags are looked at, too; without a FILE.c all that it names\n"
     "  -- FLAGS            how they are compiled, where -p does not say it\n"
     "  --json              a line of JSON for each finding\n"
     "  --rules             print the rules instead\n",
     command_lint, "juz+="},
    {"fmt", "print a model file in canonical layout", "fmt MODEL.inv [--write | --check]",
     "  --write             rewrite the file\n"
     "  --check             exit with 1 where the layout differs\n",
     command_fmt, "wk"},
};

enum { COMMAND_COUNT = (int)(sizeof commands / sizeof *commands) };

static const struct {
    const char *name;
    char letter;
    bool value;
} option_table[] = {
    {"-D", 'D', true},         {"--train", 't', true},  {"--dump", 'd', true},
    {"--cc", 'c', true},       {"--cflags", 'f', true}, {"--verbose", 'v', false},
    {"--arch", 'a', true},     {"--kernels", 'K', true},
    {"-o", 'o', true},         {"--output", 'o', true}, {"--target", 'g', true},
    {"--weights", 'W', true},  {"--model", 'm', true}, {"-Werror", 'e', false},
    {"--mpi", 'p', false},     {"--ranks", 'r', true},   {"--nccl", 'C', false},
    {"--bandwidth", 'U', true}, {"--latency", 'y', true},
    {"--json", 'j', false},    {"--report", 'R', false},
    {"--predictions", 'P', true}, {"--label", 'L', true}, {"--seed", 's', true},
    {"--jobs", 'J', true},
    {"--log-norms", 'N', false},
    {"--check-gradients", 'G', false}, {"--infer", 'I', false}, {"--python", 'Y', false},
    {"--library", 'b', false},
    {"--to", 'T', true}, {"--map", 'X', true}, {"--layout", 'l', true},
    {"--as", 'A', true},       {"--rows", 'B', true},   {"--inputs", 'Q', true},
    {"--write", 'w', false},   {"-w", 'w', false},      {"--check", 'k', false},
    {"--stdio", 'i', false},   {"--words", 'x', false},
    {"--rules", 'u', false},   {"-p", 'z', true},       {"--no-lint", 'n', false},
};

static void usage(FILE *f)
{
    fprintf(f, "invar " INVAR_VERSION
               ": compiles a model file to a program that trains the model; the same model file,\n"
               "data and seed give the same bits everywhere\n\n"
               "usage: invar COMMAND MODEL.inv [options]\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(f, "  %-14s %s\n", commands[i].name, commands[i].summary);
    fprintf(f, "  %-14s %s\n", "operators", "print the reference of the graph's operators");
    fprintf(f, "\n'invar COMMAND --help' says more; 'invar --version' prints versions.\n");
}

/* Whether the command's own help has the option that the line begins with. */
static bool says_itself(const struct command *c, const char *line)
{
    char option[32];
    snprintf(option, sizeof option, "%.*s", (int)strcspn(line + 2, " =") + 3, line);
    return strstr(c->help, option) != NULL;
}

static void command_help(const struct command *c)
{
    printf("usage: invar %s\n\n%s: %s\n\n%s", c->usage, c->name, c->summary, c->help);
    for (size_t i = 0; i < sizeof shared_help / sizeof *shared_help; i++)
        if (strchr(c->accepts, shared_help[i].letter) && !says_itself(c, shared_help[i].text))
            fputs(shared_help[i].text, stdout);
}

static void version(void)
{
    printf("invar " INVAR_VERSION "\nnumerics %d\nlanguage 1\n", INV_NUMERICS);
}

static int print_operators(void)
{
    struct text text;
    struct arena *arena = arena_new();
    text_init(&text, arena);
    op_print_reference(&text);
    fwrite(text.data, 1, text.size, stdout);
    arena_free(arena);
    return 0;
}

static int find_option(const char *argument, const char **value)
{
    *value = NULL;
    for (int i = 0; i < (int)(sizeof option_table / sizeof *option_table); i++) {
        size_t n = strlen(option_table[i].name);
        if (strncmp(argument, option_table[i].name, n))
            continue;
        if (argument[n] == '\0')
            return i;
        bool joined = option_table[i].value && (argument[n] == '=' || n == 2);
        if (joined) {
            *value = argument + n + (argument[n] == '=' && n != 2);
            return i;
        }
    }
    return -1;
}

static void set_option(struct options *o, char letter, const char *value)
{
    switch (letter) {
    case 'D': o->define[o->define_count++] = value; break;
    case 't': o->train = value; break;
    case 'd': o->dump = value; break;
    case 'c': o->build.cc = value; break;
    case 'f': o->build.cflags = value; break;
    case 'v': o->build.verbose = true; break;
    case 'o': o->out = value; break;
    case 'g':
        o->target = value;
        o->build.cuda = !strcmp(value, "cuda");
        break;
    case 'a': o->build.archs = value; break;
    case 'K': o->kernels = value; break;
    case 'p': o->build.mpi = true; break;
    case 'C': o->build.nccl = o->build.mpi = true; break;
    case 'r':
        o->build.ranks = value;
        o->build.mpi = true;
        break;
    case 'U': o->bandwidth = value; break;
    case 'y': o->latency = value; break;
    case 'W': o->weights = value; break;
    case 'm': o->from = value; break;
    case 'w': o->write = true; break;
    case 'j': o->json = true; break;
    case 'R': o->report = true; break;
    case 'P': o->predictions = value; break;
    case 'L': o->label = value; break;
    case 'T': o->to = value; break;
    case 'X': o->map[o->map_count++] = value; break;
    case 'l': o->layout = value; break;
    case 's': o->seeds = value; break;
    case 'J': o->jobs = value; break;
    case 'A': o->as = value; break;
    case 'B': o->rows = value; break;
    case 'Q': o->inputs = value; break;
    case 'N': o->gradients = "--log-norms"; break;
    case 'G': o->gradients = "--check-gradients"; break;
    case 'e': o->strict = true; break;
    case 'I': o->infer = true; break;
    case 'b': o->library = true; break;
    case 'Y': o->python = true; break;
    case 'x': o->words = true; break;
    case 'u': o->rules = true; break;
    case 'n': o->unlinted = true; break;
    case 'z': o->database = value; break;
    case 'i': break;                    /* it is so */
    default: o->check = true; break;
    }
}

static int bad_option(const struct command *c, const char *argument)
{
    const char *choice[sizeof option_table / sizeof *option_table];
    int count = 0;
    for (int i = 0; i < (int)(sizeof option_table / sizeof *option_table); i++)
        if (strchr(c->accepts, option_table[i].letter))
            choice[count++] = option_table[i].name;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    const char *near = diag_nearest(name, choice, count);
    fprintf(stderr, "invar %s: unknown option '%s'", c->name, argument);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    else if (strchr(c->accepts, '*'))
        fprintf(stderr, "; those of the trainer come last: invar %s", c->usage);
    fprintf(stderr, "\n'invar %s --help' lists what there is\n", c->name);
    return 2;
}

static bool known_pass(const struct command *c, const char *pass)
{
    static const char *const passes[] = {"ast", "lower", "program", "simplify", "recompute",
                                         "random", "loops", "fuse", "order", "bands", "plan"};
    enum { COUNT = sizeof passes / sizeof *passes };
    for (int i = 0; i < COUNT; i++)
        if (!strcmp(pass, passes[i]))
            return true;
    const char *near = diag_nearest(pass, passes, COUNT);
    fprintf(stderr, "invar %s: there is no pass '%s'", c->name, pass);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fprintf(stderr, "\n'invar %s --help' lists what there is\n", c->name);
    return false;
}

/* Of -D: a value for the same const. */
static bool given_before(const struct options *o, int at, const char *value)
{
    size_t name = value ? strcspn(value, "=") + 1 : 0;
    bool same = false;
    if (option_table[at].letter == 'X')
        return false;
    if (option_table[at].letter != 'D')
        return option_table[at].value && o->given >> (option_table[at].letter - 'A') & 1;
    for (int i = 0; i < o->define_count; i++)
        same |= !strncmp(o->define[i], value, name);
    return same;
}

/* Takes option `at` of the table, argv[*i], and its value, which may be the word after; 0, or the
 * exit status with a message printed. */
static int take_option(const struct command *c, struct options *o, int at, const char *value,
                       char **argv, int *i)
{
    const char *name = option_table[at].name;
    if (option_table[at].value && !value)
        value = argv[++*i];
    if (option_table[at].value && (!value || (!*value && strcmp(name, "--cflags")))) {
        fprintf(stderr, "invar %s: '%s' needs a value\n", c->name, name);
        return 2;
    }
    if (given_before(o, at, value)) {
        fprintf(stderr, "invar %s: '%s' is given twice%s%s; give it once\n", c->name, name,
                strcmp(name, "-D") ? "" : " for one name: ", strcmp(name, "-D") ? "" : value);
        return 2;
    }
    o->given |= (uint64_t)1 << (option_table[at].letter - 'A');
    set_option(o, option_table[at].letter, value);
    if (strchr("NG", option_table[at].letter) && strchr(c->accepts, '*'))
        o->rest[o->rest_count++] = argv[*i]; /* the trainer's own option, too */
    return 0;
}

/* Fills o from argv[2..]; 0, or the exit status with a message printed; -1: help was printed. */
static int read_options(const struct command *c, int argc, char **argv, struct options *o)
{
    bool passes_on = strchr(c->accepts, '*') != NULL, takes_more = strchr(c->accepts, '+') != NULL;
    for (int i = 2; i < argc; i++) {
        const char *value;
        if (!strcmp(argv[i], "--") && strchr(c->accepts, '=')) {
            o->flags = argv + i + 1;
            o->flag_count = argc - i - 1;
            break;
        }
        bool help = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
        if (help && !(passes_on && o->model)) {
            command_help(c);
            return -1;
        }
        int at = argv[i][0] == '-' && !help ? find_option(argv[i], &value) : -1;
        if (at >= 0 && strchr(c->accepts, option_table[at].letter)) {
            int status = take_option(c, o, at, value, argv, &i);
            if (status)
                return status;
        } else if (strchr(c->accepts, '-') && argv[i][0] != '-') {
            fprintf(stderr, "invar %s: it takes no file; an editor says what is open\n", c->name);
            return 2;
        } else if (!o->model && argv[i][0] != '-') {
            o->model = argv[i];
        } else if (o->model && (passes_on || (takes_more && argv[i][0] != '-'))) {
            o->rest[o->rest_count++] = argv[i];
        } else if (argv[i][0] == '-') {
            return bad_option(c, argv[i]);
        } else {
            fprintf(stderr, "invar %s: one model file at a time; '%s' is one more\n", c->name,
                    argv[i]);
            return 2;
        }
    }
    if (o->dump && !known_pass(c, o->dump))
        return 2;
    if (o->model || strchr(c->accepts, '-') || o->rules || o->database)
        return 0;
    fprintf(stderr, "invar %s: which %s?\nusage: invar %s\n", c->name,
            strchr(c->accepts, '=')   ? "C file"
            : takes_more              ? "log"
            : strchr(c->accepts, 'm') ? "receipt"
            : strchr(c->accepts, 'M') ? "trace or trainer"
                                      : "model file", c->usage);
    return 2;
}

static int unknown_command(const char *name)
{
    const char *choice[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++)
        choice[i] = commands[i].name;
    const char *near = diag_nearest(name, choice, COMMAND_COUNT);
    fprintf(stderr, "invar: unknown command '%s'", name);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fprintf(stderr, "\n'invar --help' lists what there is\n");
    return 2;
}

static int obey(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        version();
        return 0;
    }
    if (!strcmp(argv[1], "operators"))
        return print_operators();
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name))
            continue;
        struct options o = {.rest = calloc((size_t)argc + 1, sizeof(char *)),
                            .define = calloc((size_t)argc + 1, sizeof(char *)),
                            .map = calloc((size_t)argc + 1, sizeof(char *))};
        if (!o.rest || !o.define || !o.map)
            return 1;
        o.rest[o.rest_count++] = argv[0];
        int status = read_options(&commands[i], argc, argv, &o);
        if (status == 0)
            status = commands[i].run(&o);
        free(o.rest);
        free(o.define);
        free(o.map);
        return status < 0 ? 0 : status;
    }
    return unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
    inv_ending_watch();
    int status = obey(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "invar: error: cannot write to standard output: %s\n", strerror(errno));
    return status ? status : 1;
}
