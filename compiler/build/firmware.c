/* Sources for firmware on disk: NAME.c, NAME.h and the headers and core files that they need. */
#include "build/build.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "build/build.h"
#include "build/sources.h"
#include "base/embedded.h"
#include "emit/emit.h"
#include "emit/text.h"
#include "passes/firmware.h"
#include "host/errors.h"

/* Where an embedded file belongs in the folder, or NULL. */
static const char *firmware_place(const char *path)
{
    static const char *const core[] = {
        "runtime/core/arith.h", "runtime/core/contract.h", "runtime/core/elementary.h",
        "runtime/core/exact.h", "runtime/core/firmware.h", "runtime/core/fpu.h",
        "runtime/core/next_token.h", "runtime/core/philox.h", "runtime/core/run.h",
        "runtime/core/sha256.c", "runtime/core/sha256.h", "runtime/core/sums.h",
        "runtime/core/windows.h"};
    for (size_t i = 0; i < sizeof core / sizeof *core; i++)
        if (strcmp(path, core[i]) == 0)
            return path + strlen("runtime/");
    return strncmp(path, "templates/ops/", 14) == 0 ? path + strlen("templates/") : NULL;
}

static bool write_core(struct place *place)
{
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        const char *name = firmware_place(file->path);
        if (name && !files_write(place, name, file->data, file->size))
            return false;
    }
    return true;
}

/* What the linked image must keep to: the least of all targets (cmake/InvarGenerate.cmake). */
static void print_budget(const struct program *program, struct text *text)
{
    int64_t ram = INT64_MAX, flash = INT64_MAX;
    for (int i = 0; i < program->target_count; i++) {
        ram = program->target[i].ram < ram ? program->target[i].ram : ram;
        flash = program->target[i].flash < flash ? program->target[i].flash : flash;
    }
    text_printf(text, "ram %" PRId64 "\nflash %" PRId64 "\n", ram, flash);
}

/* NAME_weights.c: the arena's first bytes, as trained; false after an error was printed. */
static bool write_weights(const struct program *program, struct place *place,
                          const char *path)
{
    struct arena *arena = program->arena;
    struct inv_errors errors = {.to = stderr};
    int words = (int)((program->saved_bytes + 3) / 4);
    const uint32_t *word = build_read_weights(program, path, &errors);
    if (!word)
        return false;
    const char *symbol = emit_symbol(arena, program->name);
    struct text text;
    text_init(&text, arena);
    text_printf(&text, "/* Weights of %s for %s_init_inference, in the order of its arena. */\n"
                "#include <stdint.h>\n\nextern const uint32_t %s_weights[%d];\n\n"
                "const uint32_t %s_weights[%d] __attribute__((aligned(8))) = {", program->name,
                symbol, symbol, words, symbol, words);
    for (int i = 0; i < words; i++)
        text_printf(&text, "%s0x%08" PRIx32 "u,", i % 8 ? " " : "\n    ", word[i]);
    text_puts(&text, "\n};\n");
    return files_write(place, arena_printf(arena, "%s_weights.c", emit_file_name(program)),
                       text.data, text.size);
}

/* NAME.bill, and NAME.budget where the model file has a target. */
static bool write_bill(const struct program *program, struct place *place)
{
    struct arena *arena = program->arena;
    const char *name = emit_file_name(program);
    struct text bill, budget;
    text_init(&bill, arena);
    text_init(&budget, arena);
    firmware_print_bill(program, &bill);
    print_budget(program, &budget);
    return files_write(place, arena_printf(arena, "%s.bill", name), bill.data, bill.size) &&
           (program->target_count == 0 ||
            files_write(place, arena_printf(arena, "%s.budget", name), budget.data, budget.size));
}

/* What a device would have to read all rows for stays with the host. */
static bool splits_plainly(const struct program *program)
{
    const struct data_desc *data = &program->data;
    const struct span *span = data->folds || data->stratify >= 0 ? &data->split_span : NULL;
    for (int i = 0; i < data->field_count; i++)
        if (data->field[i].key)
            span = &data->field[i].span;
    if (!span)
        return true;
    struct diag *d = diag_error(program->diags, *span, "firmware splits rows by shares "
                                "only, not by class, group, column or fold");
    diag_help(d, "give the device its parts: 'part train = ...' with files of its own, and so on");
    return false;
}

/* Nor does it count the rows of classes. */
static bool counts_no_classes(const struct program *program)
{
    for (int i = 0; i < program->data.field_count; i++) {
        const struct data_field *field = &program->data.field[i];
        if (field->balance < 0)
            continue;
        struct diag *d = diag_error(program->diags, field->span,
                                    "firmware does not count classes for 'balanced'");
        diag_help(d, "give the weights as numbers; a trainer saves them as data/%s/balanced",
                  field->name);
        return false;
    }
    return true;
}

/* Nor does it keep what is known of all rows. */
static bool ranks_nothing(const struct program *program)
{
    if (program->ranking_count == 0)
        return true;
    struct diag *d = diag_error(program->diags, program->ranking[0].span, "firmware has no memory "
                                "for the scores of all rows, which this metric ranks");
    diag_help(d, "leave the metric out where it is not wanted: const ranks = true, then "
              "if ranks { metric ... } and -D ranks=false");
    return false;
}

static const struct build_source sources[] = {
    {{".c", ".h"}, emit_firmware}, {{NULL}, NULL}};

/* ---- layouts ---- */

enum { BESIDE_MAX = 6 };

/* How an ecosystem wants its libraries: where the sources lie, and what lies beside them. */
struct layout {
    const char *name, *sources;
    const char *before;                 /* text before NAME.c, where it sets no flags; or NULL */
    struct { const char *name, *made_of; } file[BESIDE_MAX];
};

static const struct layout layouts[] = {
    {.name = "plain"},
    {.name = "platformio", .sources = "src",
     .file = {{"library.json", "library.json"},
              {"examples/train/platformio.ini", "platformio.ini"},
              {"examples/train/src/main.c", "main.c"}}},
    {.name = "arduino", .sources = "src",
     .before = "#ifndef __clang__\n#pragma GCC optimize (\"fp-contract=off\", \"no-math-errno\", "
               "\"no-trapping-math\")\n#endif\n",
     .file = {{"library.properties", "library.properties"},
              {"examples/train/train.ino", "arduino.ino"}}},
    {.name = "esp-idf", .sources = "src",
     .file = {{"CMakeLists.txt", "esp_component.txt"}, {"idf_component.yml", "idf_component.yml"},
              {"examples/train/CMakeLists.txt", "esp_project.txt"},
              {"examples/train/main/CMakeLists.txt", "esp_main.txt"},
              {"examples/train/main/idf_component.yml", "esp_main.yml"},
              {"examples/train/main/main.c", "esp_main.c"}}},
    {.name = "zephyr", .sources = "src",
     .file = {{"CMakeLists.txt", "zephyr_module.txt"}, {"zephyr/module.yml", "module.yml"},
              {"zephyr/Kconfig", "Kconfig"}, {"samples/train/CMakeLists.txt", "zephyr_sample.txt"},
              {"samples/train/prj.conf", "prj.conf"}, {"samples/train/src/main.c", "main.c"}}}};

static const struct layout *find_layout(const char *name)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (!name || !strcmp(name, layouts[i].name))
            return &layouts[i];
    fprintf(stderr, "invar emit: --layout %s: plain, platformio, arduino, esp-idf or zephyr "
            "expected\n", name);
    return NULL;
}

static bool write_beside(const struct program *program, const struct layout *layout,
                         struct place *place)
{
    place->below = NULL;
    for (int i = 0; i < BESIDE_MAX && layout->file[i].name; i++) {
        struct text text;
        text_init(&text, place->arena);
        emit_firmware_beside(program, arena_printf(place->arena, "templates/firmware/%s",
                                                   layout->file[i].made_of), &text);
        if (!build_write_text(place, layout->file[i].name, &text))
            return false;
    }
    return true;
}

/* Before the text of NAME.c, the first of them. */
static void put_before(struct arena *arena, struct sources *made, const char *before)
{
    struct text text;
    text_init(&text, arena);
    text_puts(&text, before);
    text_add(&text, made->file[0].data, made->file[0].size);
    made->file[0].data = text.data;
    made->file[0].size = text.size;
}

int build_firmware(const struct program *program, const char *dir, const char *weights,
                   const char *layout_name, struct inv_claims *claims)
{
    const struct layout *layout = find_layout(layout_name);
    if (!layout)
        return 2;
    struct place place = {.arena = program->arena, .folder = dir, .below = layout->sources,
                          .claims = claims};
    if (!splits_plainly(program) || !counts_no_classes(program) || !ranks_nothing(program) ||
        !firmware_fits(program)) {
        diags_print(program->diags, stderr);
        return 1;
    }
    struct sources made = build_make_sources(program, sources);
    if (layout->before)
        put_before(program->arena, &made, layout->before);
    bool good = build_write_sources(&made, &place) &&
                write_bill(program, &place) && write_core(&place) &&
                (!weights || write_weights(program, &place, weights)) &&
                write_beside(program, layout, &place) && files_finish(&place);
    return good ? 0 : 1;
}
