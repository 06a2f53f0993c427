/* Compilations, one after the other: the tree, the files and the flags are shown to every rule. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/json.h"
#include "lint/allow.h"
#include "lint/commands.h"
#include "lint/files.h"
#include "lint/includes.h"
#include "lint/lint.h"
#include "lint/rules.h"

/* In the place of omp.h, which comes with compilers and not with libclang. */
static const char OMP[] =
    "typedef struct { void *_; } omp_lock_t, omp_nest_lock_t;\n"
    "typedef enum { omp_sched_static = 1, omp_sched_dynamic, omp_sched_guided, omp_sched_auto }\n"
    "    omp_sched_t;\n"
    "void omp_set_num_threads(int), omp_set_dynamic(int), omp_set_nested(int),\n"
    "    omp_set_max_active_levels(int), omp_set_schedule(omp_sched_t, int);\n"
    "int omp_get_num_threads(void), omp_get_max_threads(void), omp_get_thread_num(void),\n"
    "    omp_get_num_procs(void), omp_in_parallel(void), omp_get_dynamic(void),\n"
    "    omp_get_nested(void), omp_get_level(void), omp_get_active_level(void),\n"
    "    omp_get_ancestor_thread_num(int), omp_get_team_size(int), omp_get_thread_limit(void),\n"
    "    omp_get_num_teams(void), omp_get_team_num(void), omp_in_final(void),\n"
    "    omp_get_max_active_levels(void), omp_get_cancellation(void),\n"
    "    omp_get_num_devices(void), omp_get_default_device(void), omp_is_initial_device(void);\n"
    "void omp_init_lock(omp_lock_t *), omp_destroy_lock(omp_lock_t *),\n"
    "    omp_set_lock(omp_lock_t *), omp_unset_lock(omp_lock_t *),\n"
    "    omp_init_nest_lock(omp_nest_lock_t *),\n"
    "    omp_destroy_nest_lock(omp_nest_lock_t *), omp_set_nest_lock(omp_nest_lock_t *),\n"
    "    omp_unset_nest_lock(omp_nest_lock_t *);\n"
    "int omp_test_lock(omp_lock_t *), omp_test_nest_lock(omp_nest_lock_t *);\n"
    "double omp_get_wtime(void), omp_get_wtick(void);\n";

/* ---- one compilation ---- */
static void note_file(CXFile of, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    struct look *look = data;
    CXSourceLocation start = clang.getLocationForOffset(look->unit, of, 0);

    (void)stack;
    if (clang.Location_isInSystemHeader(start))
        return;
    const char *path = look_string(look, clang.getFileName(of));
    const struct text_file *file = files_look_at(look, path, of);
    if (!file)
        return;
    if (depth == 0)
        look->main = file;
    ARENA_PUSH(look->arena, look->here, look->here_count, look->here_room).of = of;
    look->here[look->here_count - 1].file = file;
    allow_activate(look, file, of);
}

/* Finds what a rule finds by the name, of which `name` is one of a library, or NULL. */
static void find_named(struct look *look, const struct named *n, const struct at *at,
                       const char *name)
{
    bool listed = name && n->names && name_is_one(name, n->names);
    const char *word = at->kind == CXCursor_GCCAsmStmt && n->words
                           ? look_word(look, at->cursor, n->words) : NULL;

    if (listed && !(n->but && name_is_one(name, n->but)))
        look_find(look, look_at(look, at->cursor), n->cure, "%s%s", name, n->why);
    if (word)
        look_find(look, look_begin(look, at->cursor), n->cure, "%s%s", word, n->why);
}

static void show_names(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    for (int i = 0; i < lint_rule_count && (name || at->kind == CXCursor_GCCAsmStmt); i++) {
        look->rule = lint_rules[i];
        for (const struct named *n = look->rule->named; n && n->why; n++)
            find_named(look, n, at, name);
    }
}

static void show_node(struct look *look, const struct at *at, void *data)
{
    (void)data;
    show_names(look, at);
    for (int i = 0; i < lint_rule_count; i++)
        if (lint_rules[i]->node) {
            look->rule = lint_rules[i];
            look->rule->node(look, at);
        }
}

static enum CXChildVisitResult show_declaration(CXCursor cursor, CXCursor parent,
                                                CXClientData data)
{
    struct look *look = data;
    struct at at = {cursor, clang.getCursorKind(cursor), NULL};

    (void)parent;
    if (!look_at(look, cursor).file)
        return CXChildVisit_Continue;
    show_node(look, &at, NULL);
    look_below(look, &at, show_node, NULL);
    return CXChildVisit_Continue;
}

static bool is_wanted(const struct rule *rule, const char *option)
{
    for (int i = 0; rule->wanted && rule->wanted[i]; i++)
        if (!strcmp(rule->wanted[i], option))
            return true;
    return false;
}

static void show_diagnostic(struct look *look, CXDiagnostic d)
{
    struct place place = look_place(look, clang.getDiagnosticLocation(d));
    const char *text = look_string(look, clang.getDiagnosticSpelling(d));
    const char *option = look_string(look, clang.getDiagnosticOption(d, NULL));

    if (clang.getDiagnosticSeverity(d) >= CXDiagnostic_Error) {
        fprintf(stderr, "%s:%u: error: %s\n", place.file ? place.file->path : look->main->path,
                place.file ? look_line(place.file, place.offset) : 1, look_own_names(look, text));
        return;
    }
    for (int i = 0; i < lint_rule_count; i++)
        if (is_wanted(lint_rules[i], option)) {
            look->rule = lint_rules[i];
            look->rule->diagnostic(look, place, text);
        }
}

static void show_diagnostics(struct look *look)
{
    for (unsigned i = 0; i < clang.getNumDiagnostics(look->unit); i++) {
        CXDiagnostic d = clang.getDiagnostic(look->unit, i);
        show_diagnostic(look, d);
        clang.disposeDiagnostic(d);
    }
}

static bool has_errors(const struct look *look)
{
    bool found = false;

    for (unsigned i = 0; i < clang.getNumDiagnostics(look->unit); i++) {
        CXDiagnostic d = clang.getDiagnostic(look->unit, i);
        found |= clang.getDiagnosticSeverity(d) >= CXDiagnostic_Error;
        clang.disposeDiagnostic(d);
    }
    return found;
}

/* False where the file could not be read as C, which is said. */
static bool compiles(struct look *look, const struct compilation *c)
{
    bool good = !has_errors(look), alone = !look->operators && !c->known;

    if (!good && alone && look_has_word(look, "INV_FN")) {
        fprintf(stderr, "invar lint: %s: is C of a model's operator (INV_FN), which is looked at "
                "whenever its model is compiled: invar check MODEL.inv\n", look->main->path);
        return false;
    }
    show_diagnostics(look);
    if (!good)
        fprintf(stderr, "invar lint: %s is looked at only where it compiles; %s\n",
                look->main->path, look->unread);
    return good;
}

static void show_rest(struct look *look, const struct compilation *c)
{
    for (int i = 0; i < lint_rule_count; i++) {
        look->rule = lint_rules[i];
        for (int k = 0; look->rule->file && k < look->here_count; k++)
            look->rule->file(look, look->here[k].file);
        if (look->rule->flags && c->known)
            look->rule->flags(look, c->argument, c->count);
    }
}

static bool look_at_unit(struct look *look, const struct compilation *c)
{
    look->here_count = 0;
    look->main = NULL;
    clang.getInclusions(look->unit, note_file, look);
    if (!look->main || !compiles(look, c))
        return false;
    clang.visitChildren(clang.getTranslationUnitCursor(look->unit), show_declaration, look);
    show_rest(look, c);
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);

    return size > n && !strcmp(text + size - n, end);
}

/* False after a message: libclang waits for a pipe, and does not know flags in a file. */
static bool can_be_read(struct look *look, const struct compilation *c)
{
    struct stat is;
    const char *file = files_shown(look, c->file), *flags = commands_flags_file(c), *pipe;

    if (stat(c->file, &is) || access(c->file, R_OK))
        fprintf(stderr, "invar lint: %s: cannot be read\n", file);
    else if (S_ISDIR(is.st_mode))
        fprintf(stderr, "invar lint: %s: is a folder; give the C files in it, or with -p the "
                "folder of compile_commands.json\n", file);
    else if (ends_with(c->file, ".inv"))
        fprintf(stderr, "invar lint: %s: is a model file; the C of its operators is looked at "
                "whenever it is compiled: invar check %s\n", file, file);
    else if (!S_ISREG(is.st_mode))
        fprintf(stderr, "invar lint: %s: is no regular file; give C files\n", file);
    else if (flags)
        fprintf(stderr, "invar lint: flags of %s are in a file, %s; write them out\n", file, flags);
    else if ((pipe = includes_endless(look->arena, c)) != NULL)
        fprintf(stderr, "invar lint: %s includes %s, which is no regular file; put a header "
                "there\n", file, files_shown(look, pipe));
    else
        return true;
    return false;
}

static bool compile(struct look *look, CXIndex index, const struct compilation *c)
{
    int count;
    const char *const *argument = commands_for_clang(look->arena, c, &count);
    bool good;

    struct CXUnsavedFile omp = {INVAR_CLANG_RESOURCES "/include/omp.h", OMP, sizeof OMP - 1};

    if (!can_be_read(look, c))
        return false;
    look->directory = c->directory;
    if (clang.parseTranslationUnit2(index, c->file, argument, count, &omp, 1,
                                    CXTranslationUnit_DetailedPreprocessingRecord,
                                    &look->unit) != CXError_Success) {
        fprintf(stderr, "invar lint: %s: libclang cannot read it with these flags\n",
                files_shown(look, c->file));
        return false;
    }
    good = look_at_unit(look, c);
    clang.disposeTranslationUnit(look->unit);
    return good;
}

/* ---- all of them ---- */
static int by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order = strcmp(x->place.file->path, y->place.file->path);

    if (!order)
        order = (x->line > y->line) - (x->line < y->line);
    if (!order)
        order = (x->column > y->column) - (x->column < y->column);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static bool is_same(const struct finding *a, const struct finding *b)
{
    return a->place.file == b->place.file && a->line == b->line && a->column == b->column &&
           !strcmp(a->rule, b->rule) && !strcmp(a->text, b->text);
}

/* In the order of their places, each once. */
static void sort(struct look *look)
{
    int kept = 0;

    if (look->findings)
        qsort(look->finding, (size_t)look->findings, sizeof *look->finding, by_place);
    for (int i = 0; i < look->findings; i++) {
        const struct finding *f = &look->finding[i];
        bool again = false;
        for (int k = kept - 1; k >= 0 && !again && look->finding[k].line == f->line; k--)
            again = is_same(&look->finding[k], f);
        if (!again)
            look->finding[kept++] = *f;
    }
    look->findings = kept;
}

static void print_json(const struct finding *f, FILE *to)
{
    fputs("{\"file\":", to);
    inv_json_write(to, f->place.file->path);
    fprintf(to, ",\"line\":%d,\"column\":%d,\"rule\":\"%s\",\"text\":", f->line, f->column,
            f->rule);
    inv_json_write(to, f->text);
    fputs(",\"cure\":", to);
    inv_json_write(to, f->cure);
    fputs("}\n", to);
}

static void print_findings(struct look *look, const struct lint_request *r)
{
    for (int i = 0; i < look->findings; i++) {
        const struct finding *f = &look->finding[i];
        struct span span = {f->place.file->source, f->line, f->column, f->line, f->column};
        if (r->json)
            print_json(f, r->to);
        else
            diag_help(diag_error(look->diags, span, "%s [%s]", f->text, f->rule), "%s", f->cure);
    }
    diags_print(look->diags, r->to);
}

/* The compilations of a file: those of the database, or by the flags where there is none. */
static bool compile_file(struct look *look, CXIndex index, const char *file,
                         const struct lint_request *r, const struct commands *all)
{
    struct compilation c = {.file = file, .directory = look->folder, .argument = r->flag,
                            .count = r->flags, .known = r->flag != NULL};
    bool good = true, found = false;

    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->of_c[i].file, file)) {
            good &= compile(look, index, &all->of_c[i]);
            found = true;
        }
    if (!found && r->database) {
        fprintf(stderr, "invar lint: %s: %s/compile_commands.json does not say how it is compiled; "
                "leave out -p and give its flags behind --\n", files_shown(look, file),
                r->database);
        return false;
    }
    return found ? good : compile(look, index, &c);
}

/* Real paths: libclang leaves the process in the folder of what it compiled last. */
static const char **real_paths(struct look *look, const struct lint_request *r)
{
    const char **to = ARENA_ARRAY(look->arena, const char *, r->files + 1);
    char real[PATH_MAX];

    for (int i = 0; i < r->files; i++)
        to[i] = realpath(r->file[i], real) ? arena_strdup(look->arena, real) : r->file[i];
    return to;
}

static bool compile_all(struct look *look, const struct lint_request *r)
{
    struct commands all = {0};

    if (r->database && r->flag) {
        fputs("invar lint: -p says how files are compiled; leave out -p, or -- and its flags\n",
              stderr);
        return false;
    }
    bool good = !r->database || commands_read(look->arena, r->database, &all);
    const char **file = real_paths(look, r);
    CXIndex index = good ? clang.createIndex(0, 0) : NULL;

    for (int i = 0; index && i < r->files; i++)
        good &= compile_file(look, index, file[i], r, &all);
    for (int i = 0; index && r->files == 0 && i < all.count; i++)
        good &= compile(look, index, &all.of_c[i]);
    if (index && r->files == 0 && all.others > 0)
        fprintf(stderr, "invar lint: %s/compile_commands.json: %d of %d entries are left out, as "
                "they are no C files\n", r->database, all.others, all.count + all.others);
    if (index)
        clang.disposeIndex(index);
    return good;
}

bool lint_is_there(void)
{
    return clang_load();
}

int lint_run(const struct lint_request *r)
{
    char here[PATH_MAX];
    struct arena *arena = arena_new();
    struct look look = {.arena = arena, .diags = diags_new(arena), .folder = "/",
                        .unread = r->unread, .operators = r->operators};
    int status = 2;

    if (getcwd(here, sizeof here))
        look.folder = here;
    if (lint_is_there()) {
        bool good = compile_all(&look, r);
        allow_apply(&look);
        sort(&look);
        print_findings(&look, r);
        status = !good ? 2 : look.findings > 0;
    }
    arena_free(arena);
    return status;
}

int lint_print_rules(void)
{
    for (int i = 0; i < lint_rule_count; i++)
        printf("%-18s %s\n", lint_rules[i]->name, lint_rules[i]->finds);
    return 0;
}
