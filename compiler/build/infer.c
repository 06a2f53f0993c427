#include "build/infer.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build/compile.h"
#include "build/wheel.h"
#include "emit/emit.h"
#include "emit/template.h"
#include "emit/text.h"
#include "host/digest.h"
#include "host/fields.h"
#include "host/output.h"

/* Weights of fewer bytes go into a library whose code is small, too: what makes large models fast
 * would be most of it. */
enum { COMPACT = 1 << 20 };

struct product {
    struct build build;
    struct inv_claims *claims;
    const char *folder, *name;          /* of -o */
    const char *symbol;                 /* what its functions begin with */
    const char *weights;                /* NULL: it trains */
    struct values *values;              /* for its templates */
    struct wheel *wheel;                /* NULL: not wanted */
    bool compact;
    bool windows;                       /* the model contracts such */
};

/* ---- names ---- */

static void set_names(struct product *p, const char *out)
{
    struct arena *arena = p->build.arena;
    const char *slash = strrchr(out, '/');
    p->folder = !slash         ? "."
                : slash == out ? "/" : arena_strndup(arena, out, (size_t)(slash - out));
    p->name = slash ? slash + 1 : out;
    char *word = arena_printf(arena, "%s%s", isdigit((unsigned char)*p->name) ? "_" : "", p->name);
    for (char *c = word; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    p->symbol = emit_symbol(arena, word);
}

static const char *upper(struct arena *arena, const char *text)
{
    char *copy = arena_strndup(arena, text, strlen(text));
    for (char *c = copy; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

static const char *product_path(const struct product *p, const char *before, const char *after)
{
    return arena_printf(p->build.arena, "%s/%s%s%s", p->folder, before, p->name, after);
}

/* ---- what goes in and comes out, for the header ---- */

/* "float[rows][8][8]" */
static void put_type(struct text *text, const struct variable *v)
{
    static const char *const type[] = {[F32] = "float", [I32] = "int32_t", [BOOL] = "uint8_t",
                                       [I64] = "int64_t"};
    text_printf(text, "%s[rows]", type[v->dtype]);
    for (int axis = 0; axis < v->shape.rank; axis++)
        if (axis != v->shape.rows)
            text_printf(text, "[%" PRId64 "]", v->shape.dim[axis]);
}

static void put_end(struct product *p, struct text *text, const char *way, int number,
                    const char *name, const struct variable *v)
{
    text_printf(text, "%s *   %s[%d]  %s: ", text->size ? "\n" : "", way, number,
                emit_comment(p->build.arena, emit_line(p->build.arena, name)));
    put_type(text, v);
    if (v->classes > 0)
        text_printf(text, ", classes 0 to %" PRId64, v->classes - 1);
}

static int put_inputs(struct product *p, struct text *text)
{
    const struct program *program = p->build.program;
    int count = 0;
    for (int f = 0; f < program->data.field_count; f++) {
        const struct data_field *field = &program->data.field[f];
        int cells = field->raw >= 0 ? field->raw : field->single;
        if (!field->label)
            put_end(p, text, "input", count++, field->name, program->variable[cells]);
    }
    return count;
}

static bool is_output(const struct program *program, int variable)
{
    return program->variable[variable]->kind == VAR_OUTPUT &&
           !(program->generate && program->generate->output == variable);
}

static int put_outputs(struct product *p, struct text *text)
{
    const struct program *program = p->build.program;
    int count = 0;
    for (int i = 0; i < program->variable_count; i++)
        if (is_output(program, i))
            put_end(p, text, "output", count++, program->variable[i]->path, program->variable[i]);
    return count;
}

/* What training takes, by the numbers of the fields. */
static int put_fields(struct product *p, struct text *text)
{
    const struct program *program = p->build.program;
    int count = 0;
    for (int f = 0; f < program->data.field_count; f++) {
        const struct data_field *field = &program->data.field[f];
        put_end(p, text, field->label ? "label" : "field", count++, field->name,
                program->variable[field->raw]);
    }
    return count;
}

/* "main", or "train, test" */
static int put_parts(struct product *p, struct text *text)
{
    static const char *const name[] = {"main", "train", "val", "test"};
    int count = 0;
    for (int s = 0; s < SOURCE_COUNT; s++)
        if (p->build.program->data.source[s].file_count > 0)
            text_printf(text, "%s%s", count++ > 0 ? ", " : "", name[s]);
    return count;
}

/* ---- Python ---- */

static void set_inputs(struct product *p)
{
    const struct program *program = p->build.program;
    struct text names, typed;
    text_init(&names, p->build.arena);
    text_init(&typed, p->build.arena);
    for (int f = 0; f < program->data.field_count; f++) {
        const char *name = wheel_word(p->build.arena, program->data.field[f].name);
        if (program->data.field[f].label)
            continue;
        text_printf(&names, "%s%s", names.size ? ", " : "", name);
        text_printf(&typed, "%s%s: Rows", typed.size ? ", " : "", name);
    }
    values_set(p->values, "arguments", names.data);
    values_set(p->values, "signature", typed.data);
}

static void set_outputs(struct product *p)
{
    const struct program *program = p->build.program;
    const char *first = NULL;
    int count = 0;
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        if (!is_output(program, i))
            continue;
        const char *name = wheel_word(p->build.arena, v->path);
        values_set(values_add_item(p->values, "out"), "output", name);
        first = count++ == 0 ? name : "prediction";
    }
    values_set(p->values, "first", first);
    values_set(p->values, "result", count == 1 ? "Any" : "Prediction");
    values_set(p->values, "only", count == 1 ? "[0]" : "");
}

/* The name of a field beside other arguments of train(). */
static const char *argument_of(struct product *p, const char *field)
{
    static const char *const others[] = {"epochs", "steps", "seed", "threads", "progress",
                                         "names", "options", "given", "val", "test"};
    const char *word = wheel_word(p->build.arena, field);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(word, others[i]) == 0)
            return arena_printf(p->build.arena, "%s_", word);
    return word;
}

/* The arguments of train(): the fields of the first part, then the others as (x, y). */
static void set_takes(struct product *p)
{
    const struct data_desc *d = &p->build.program->data;
    static const char *const part[] = {"main", "train", "val", "test"};
    struct text names, typed, parts;
    int count = 0;
    text_init(&names, p->build.arena);
    text_init(&typed, p->build.arena);
    text_init(&parts, p->build.arena);
    for (int f = 0; f < d->field_count; f++) {
        const char *name = argument_of(p, d->field[f].name);
        text_printf(&names, "%s%s", f ? ", " : "", name);
        text_printf(&typed, "%s%s: Rows", f ? ", " : "", name);
    }
    text_printf(&parts, "[%s]", names.data);
    for (int s = 0; s < SOURCE_COUNT; s++) {
        if (d->source[s].file_count == 0 || count++ == 0)
            continue;
        text_printf(&typed, ", %s: Sequence[Rows]", part[s]);
        text_printf(&parts, ", list(%s)", part[s]);
    }
    values_set(p->values, "takes", names.data);
    values_set(p->values, "train_signature", typed.data);
    values_set(p->values, "train_parts", parts.data);
}

/* The version names the weights, or the model that is trained: others are another version. */
static bool set_wheel(struct product *p)
{
    struct arena *arena = p->build.arena;
    const struct program *program = p->build.program;
    char digest[65];
    if (p->weights && !inv_digest_file(p->weights, "weights", digest, p->claims->errors))
        return false;
    *p->wheel = (struct wheel){
        .arena = arena, .package = wheel_word(arena, p->symbol), .values = p->values,
        .version = p->weights ? arena_printf(arena, INVAR_VERSION "+w%.12s", digest)
                              : arena_printf(arena, INVAR_VERSION "+m%.12s",
                                             program->model_sha256),
        .library_name = arena_printf(arena, "lib%s.so", p->name),
        .summary = arena_printf(arena, p->weights ? "Predictions of model %s, trained"
                                                  : "Trains model %s on arrays", program->name)};
    values_set(p->values, "package", p->wheel->package);
    values_set(p->values, "python_version", p->wheel->version);
    set_inputs(p);
    set_outputs(p);
    set_takes(p);
    return true;
}

/* ---- sources ---- */

static const char *level_list(struct product *p)
{
    struct text text;
    const char *model = emit_symbol(p->build.arena, p->build.program->name);
    text_init(&text, p->build.arena);
    for (int l = 0; l < build_level_count; l++)
        if (p->build.levels >> l & 1)
            text_printf(&text, "%s#ifdef %s\n    &%s_model_%s,\n#endif", text.size ? "\n" : "",
                        build_levels[l].define + strlen("-D"), model, build_levels[l].name);
    return text.data;
}

static const char *fields_of(const struct product *p)
{
    char *path = inv_fields_path(p->weights);
    const char *copy = arena_strndup(p->build.arena, path, strlen(path));
    free(path);
    return copy;
}

/* A path that the assembler reads, from here or from anywhere. */
static const char *embedded_path(struct product *p, const char *path)
{
    char *place = inv_output_place(path);
    const char *string = emit_string(p->build.arena, place);
    free(place);
    return string;
}

/* An empty file, where weights have no names beside them. */
static const char no_names[] = "library-no-names";

static const char *in_folder(const struct product *p, const char *name)
{
    return arena_printf(p->build.arena, "%s/%s", p->build.folder, name);
}

/* What goes inside a library that predicts. */
static void set_trained(struct product *p)
{
    struct values *v = p->values;
    struct arena *arena = p->build.arena;
    const char *slash = strrchr(p->weights, '/'), *fields = fields_of(p);
    values_set(v, "weights_name", emit_string(arena, slash ? slash + 1 : p->weights));
    values_set(v, "weights", embedded_path(p, p->weights));
    if (!files_exist(fields))
        fields = in_folder(p, no_names);
    values_set(v, "fields", embedded_path(p, fields));
    values_add_item(v, "trained");
}

/* What a library asks for that trains. */
static void set_training(struct product *p)
{
    struct text fields, parts;
    text_init(&fields, p->build.arena);
    text_init(&parts, p->build.arena);
    values_printf(p->values, "field_count", "%d", put_fields(p, &fields));
    values_printf(p->values, "part_count", "%d", put_parts(p, &parts));
    values_set(p->values, "field_ends", fields.data);
    values_set(p->values, "parts", parts.data);
    values_set(p->values, "data", p->build.program->data.name);
    values_add_item(p->values, "trains");
}

static void set_values(struct product *p)
{
    const struct program *program = p->build.program;
    struct arena *arena = p->build.arena;
    struct text ends;
    text_init(&ends, arena);
    struct values *v = p->values;
    values_printf(v, "inputs", "%d", put_inputs(p, &ends));
    values_printf(v, "outputs", "%d", put_outputs(p, &ends));
    values_set(v, "ends", ends.data);
    values_set(v, "name", p->name);
    values_set(v, "symbol", p->symbol);
    values_set(v, "upper", upper(arena, p->symbol));
    values_set(v, "guard", arena_printf(arena, "INVAR_LIBRARY_%s_H", upper(arena, p->symbol)));
    values_set(v, "model", program->name);
    values_set(v, "file", emit_file_name(program));
    values_set(v, "compiler", "invar " INVAR_VERSION);
    values_set(v, "version", INVAR_VERSION);
    values_set(v, "sha256", program->model_sha256);
    values_set(v, "levels", level_list(p));
    values_printf(v, "arena", "%" PRId64, program->arena_bytes);
    values_printf(v, "stack", "%" PRId64, emit_stack_bytes(program) + INV_STACK);
    (p->weights ? set_trained : set_training)(p);
}

static const struct build_source sources[] = {
    {{".c"}, emit_model}, {{".h"}, emit_header}, {{NULL}, NULL}};

static bool write_template(struct product *p, struct place *place, const char *template,
                           const char *name)
{
    struct text text;
    text_init(&text, p->build.arena);
    template_render(arena_printf(p->build.arena, "templates/program/%s", template), p->values,
                    &text);
    return build_write_text(place, name, &text);
}

static bool write_sources(struct product *p)
{
    struct place place = build_place(&p->build);
    struct sources made = build_make_sources(p->build.program, sources);
    p->windows = strstr(made.file[0].data, "inv_contract_windows") ||
                 strstr(made.file[0].data, "inv_contract_pages(");
    bool good = build_write_sources(&made, &place) && build_write_runtime(&place, false) &&
                build_write_library(&place) &&
                write_template(p, &place, "library.c", "library-functions.c") &&
                write_template(p, &place, "library.h", "library-functions.h");
    if (!p->weights)
        return good;
    return good && files_write(&place, no_names, "", 0) &&
           write_template(p, &place, "infer_main.c", "main.c") &&
           write_template(p, &place, "trained.c", "library-weights.c") &&
           write_template(p, &place, "trained.h", "library-weights.h");
}

/* ---- the command ---- */

static bool compile_command(struct product *p, struct objects *objects)
{
    const char *source = in_folder(p, "library-weights.c");
    const char *object = in_folder(p, "library-weights.o");
    struct command_line line = build_compile_line(&p->build, source, object);
    bool good = build_compile_levels(&p->build, objects) &&
                command_run_all(&line, 1, p->build.folder, p->build.options->verbose, false);
    objects->path[objects->count++] = object;
    return good;
}

/* What is inside is read once, so that weights without names, or of another model file, are no
 * surprise later. */
static bool try_command(struct product *p, const char *command)
{
    struct command_line line = {.arena = p->build.arena};
    command_add(&line, command);
    command_add(&line, "--selftest");
    bool good = command_run_all(&line, 1, p->build.folder, p->build.options->verbose, false);
    if (good)
        command_repeat_notes(p->build.arena, p->build.folder);
    return good;
}

/* ---- the library ---- */

static const char *const library_sources[] = {
    "runtime/core/selftest.c", "runtime/core/sha256.c", "runtime/host/answer.c",
    "runtime/host/batch.c", "runtime/host/cell.c", "runtime/host/decimal.c",
    "runtime/host/describe.c", "runtime/host/device.c", "runtime/host/digest.c",
    "runtime/host/environment.c", "runtime/host/errors.c", "runtime/host/fields.c",
    "runtime/host/fitted.c", "runtime/host/json.c", "runtime/host/json_text.c",
    "runtime/host/names.c", "runtime/host/safetensors.c", "runtime/host/suggest.c",
    "runtime/host/tensors.c", "runtime/host/trained.c", "runtime/host/whole.c",
    "runtime/infer/library.c", "runtime/infer/serial.c"};
enum { SOURCES = sizeof library_sources / sizeof *library_sources };

static const char library_flags[] =
    "-fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
    " -DINV_LIBRARY";

/* Code that runs once is small; so are contractions of a compact library, which has the fast form
 * of its own loops alone, and not at the base level, which few processors need. */
static const char *level_flags(const struct product *p, const struct level *level,
                               const char *source)
{
    bool fast = level && level->flag && strchr(source, '/') == NULL;
    return p->compact ? (fast ? "-O2 -DINV_COMPACT" : "-Os -DINV_COMPACT") :
           level || !p->weights ? "" : "-Os";
}

/* What lists the levels is told which there are, as main.c of a trainer is. */
static void add_defines(const struct product *p, struct command_line *line, const char *source)
{
    for (int l = 0; l < build_level_count && strcmp(source, "library-functions.c") == 0; l++)
        if (p->build.levels >> l & 1)
            command_add(line, build_levels[l].define);
}

static void add_library_object(struct product *p, struct command_line *lines,
                               struct objects *objects, const struct level *level,
                               const char *source)
{
    struct build *build = &p->build;
    const char *object = arena_printf(build->arena, "%s/library-%d.o", build->folder,
                                      objects->count);
    struct command_line line = build_level_line(build, level, in_folder(p, source), object);
    command_add_words(&line, library_flags);
    command_add_words(&line, level_flags(p, level, source));
    command_add_words(&line, p->windows ? "" : "-DINV_NO_WINDOWS");
    add_defines(p, &line, source);
    lines[objects->count] = line;
    objects->path[objects->count++] = object;
}

static bool run_lines(struct product *p, struct command_line *lines, int count)
{
    return command_run_all(lines, count, p->build.folder, p->build.options->verbose, false);
}

/* What such a library has in the place of the runtime's: it neither ends a process nor reads
 * files of rows.  All else is that of trainers, from the archive. */
static const char *const training_sources[] = {
    "runtime/host/errors.c", "runtime/host/pool.c", "runtime/infer/library.c",
    "runtime/train/rows.c", "runtime/train/train.c"};
enum { TRAINING_SOURCES = sizeof training_sources / sizeof *training_sources };

static bool compile_training(struct product *p, struct objects *objects)
{
    struct command_line lines[COMMANDS];
    const char *model = arena_printf(p->build.arena, "%s.c", emit_file_name(p->build.program));
    for (int l = 0; l < build_level_count; l++)
        if (p->build.levels >> l & 1)
            add_library_object(p, lines, objects, &build_levels[l], model);
    for (int i = 0; i < TRAINING_SOURCES; i++)
        add_library_object(p, lines, objects, NULL, training_sources[i]);
    add_library_object(p, lines, objects, NULL, "library-functions.c");
    return run_lines(p, lines, objects->count);
}

static bool compile_library(struct product *p, struct objects *objects)
{
    struct command_line lines[COMMANDS];
    const char *model = arena_printf(p->build.arena, "%s.c", emit_file_name(p->build.program));
    for (int l = 0; l < build_level_count; l++) {
        if (!(p->build.levels >> l & 1))
            continue;
        add_library_object(p, lines, objects, &build_levels[l], model);
        add_library_object(p, lines, objects, &build_levels[l], "runtime/core/contract.c");
        add_library_object(p, lines, objects, &build_levels[l], "runtime/core/check_level.c");
        add_library_object(p, lines, objects, &build_levels[l], "runtime/core/hash.c");
    }
    for (int i = 0; i < SOURCES; i++)
        add_library_object(p, lines, objects, NULL, library_sources[i]);
    add_library_object(p, lines, objects, NULL, "library-functions.c");
    add_library_object(p, lines, objects, NULL, "library-weights.c");
    return run_lines(p, lines, objects->count);
}

static bool link_library(struct product *p, const struct objects *objects, const char *out)
{
    struct command_line line = build_begin_line(&p->build);
    command_add_words(&line, "-shared -s -Wl,--gc-sections -Wl,-z,defs -Wl,-z,noseparate-code "
                      "-Wl,--build-id=none");
    if (p->build.options->cflags)
        command_add_words(&line, p->build.options->cflags);
    command_add(&line, arena_printf(p->build.arena, "-Wl,-soname,lib%s.so", p->name));
    for (int i = 0; i < objects->count; i++)
        command_add(&line, objects->path[i]);
    if (!p->weights)
        command_add(&line, p->build.library);
    command_add_words(&line, "-pthread -o");
    command_add(&line, out);
    return run_lines(p, &line, 1);
}

/* ---- all of it ---- */

/* Few people have the last level; and where the weights are small, most of the library would be its
 * contraction. */
static void choose_levels(struct product *p)
{
    build_find_levels(&p->build);
    for (int l = 0; p->compact && l < build_level_count; l++)
        if (strcmp(build_levels[l].name, "avx512") == 0)
            p->build.levels &= ~(1u << l);
}

static bool compile_product(struct product *p, const char *command, const char *library)
{
    struct objects objects = {.count = 0}, shared = {.count = 0};
    if (!write_sources(p) || !build_make_library(&p->build))
        return false;
    if (!p->weights)
        return compile_training(p, &shared) && link_library(p, &shared, library);
    return compile_command(p, &objects) &&
           build_link(&p->build, &objects, command) && try_command(p, command) &&
           compile_library(p, &shared) && link_library(p, &shared, library);
}

static bool write_text_file(struct product *p, const char *template, const char *path)
{
    struct text text;
    struct inv_output out;
    text_init(&text, p->build.arena);
    template_render(arena_printf(p->build.arena, "templates/program/%s", template), p->values,
                    &text);
    if (!inv_output_open(&out, path, p->claims->errors))
        return false;
    inv_output_write(&out, text.data, text.size);
    return inv_output_close(&out, NULL);
}

static const char *wheel_path(const struct product *p)
{
    return arena_printf(p->build.arena, "%s/%s", p->folder, wheel_file_name(p->wheel));
}

static bool install_product(struct product *p, const char *command, const char *library)
{
    struct inv_errors *errors = p->claims->errors;
    return (!p->weights || files_install(command, product_path(p, "", ""), errors)) &&
           files_install(library, product_path(p, "lib", ".so"), errors) &&
           write_text_file(p, "library.h", product_path(p, "", ".h")) &&
           write_text_file(p, "library.pc", product_path(p, "", ".pc")) &&
           (!p->wheel || wheel_write(p->wheel, wheel_path(p), errors));
}

static bool claim_product(struct product *p)
{
    static const char *const names[][2] = {{"", ""}, {"lib", ".so"}, {"", ".h"}, {"", ".pc"}};
    bool good = true;
    for (size_t i = !p->weights; i < sizeof names / sizeof *names && good; i++) {
        const char *path = product_path(p, names[i][0], names[i][1]);
        good = inv_claims_output(p->claims, "-o", path) &&
               inv_output_possible(path, i < 2 ? INV_PROGRAM : INV_WHOLE, p->claims->errors);
    }
    return good && (!p->wheel || inv_claims_output(p->claims, "-o", wheel_path(p)));
}

/* Why arrays cannot be the data of a model, or NULL. */
static const char *obstacle(struct arena *arena, const struct program *program)
{
    const struct data_desc *d = &program->data;
    for (int f = 0; f < d->field_count; f++) {
        if (d->field[f].key != KEY_NONE)
            return "columns decide the part, the group or the order of its rows";
        if (d->field[f].raw < 0 && d->kind != SOURCE_RANDOM)
            return arena_printf(arena, "field %s has no cells, its numbers are drawn",
                                d->field[f].name);
    }
    if (d->kind == SOURCE_RANDOM)
        return "its rows are drawn";
    return d->kind == SOURCE_LINES || d->kind == SOURCE_TEXT ? "its rows are pieces of a text"
                                                             : NULL;
}

/* A model that begins with a file would look for it in whatever folder its caller is in. */
static bool begins_alone(const struct program *program)
{
    for (int i = 0; i < program->variable_count; i++) {
        const struct loaded *loaded = program->variable[i]->loaded;
        if (!loaded)
            continue;
        struct diag *d = diag_error(program->diags, loaded->span, "a library has no folder to find "
                                    "'%s' in, which 'load' reads", loaded->file);
        diag_help(d, "leave 'load' out and name a file of all weights when it trains: --init FILE, "
                     "in Python init = FILE");
        diags_print(program->diags, stderr);
        return false;
    }
    return true;
}

/* What the library cannot do. */
static bool is_possible(struct product *p)
{
    const struct program *program = p->build.program;
    const char *why = p->weights ? NULL : obstacle(p->build.arena, program);
    struct text text;
    text_init(&text, p->build.arena);
    if (!*p->name)
        inv_error(p->claims->errors, "-o %s/: this is a folder; name the library in it: -o %s/%s",
                  p->folder, p->folder, program->name);
    else if (program->data.window > 0)
        inv_error(p->claims->errors, "model %s predicts from windows of rows that follow each "
                  "other, which build %s does not make yet; its trainer does: --predict FILE",
                  program->name, p->weights ? "--infer" : "--library");
    else if (why)
        inv_error(p->claims->errors, "data %s cannot come from arrays yet: %s; its trainer reads "
                  "them: leave --library out", program->data.name, why);
    else if (put_outputs(p, &text) == 0)
        inv_error(p->claims->errors, "model %s has no output; add a line such as: output probs = "
                  "softmax(logits)", program->name);
    else if (put_inputs(p, &text) == 0)
        inv_error(p->claims->errors, "model %s has no input to predict from", program->name);
    else
        return p->weights || begins_alone(program);
    return false;
}

static bool make_product(struct product *p, const char *command, const char *library)
{
    if (p->wheel)
        p->wheel->library = library;
    return compile_product(p, command, library) && install_product(p, command, library);
}

int build_infer(const struct program *program, const char *out, const struct infer_options *infer,
                const struct build_options *options, struct inv_claims *claims)
{
    struct wheel wheel;
    struct product p = {.claims = claims, .weights = infer->weights,
                        .wheel = infer->python ? &wheel : NULL,
                        .compact = infer->weights && program->saved_bytes < COMPACT};
    if (!build_open(&p.build, program, options))
        return 1;
    set_names(&p, out);
    p.values = values_new(p.build.arena);
    if (!is_possible(&p) ||
        (p.weights && !build_read_weights(program, p.weights, claims->errors)) ||
        (p.wheel && !set_wheel(&p)) || !claim_product(&p))
        return 1;
    p.build.folder = files_temporary(p.build.arena);
    if (!p.build.folder)
        return 1;
    choose_levels(&p);
    set_values(&p);
    bool good = make_product(&p, in_folder(&p, "command"), in_folder(&p, "library.so"));
    build_close_folder(&p.build);
    return good ? 0 : 1;
}
