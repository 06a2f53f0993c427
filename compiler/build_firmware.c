/* Sources for firmware on disk: NAME.c, NAME.h and the headers and core files that they need. */
#include "build.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "build_private.h"
#include "embedded.h"
#include "emit.h"
#include "firmware.h"

/* Where an embedded file belongs in the folder, or NULL. */
static const char *firmware_place(const char *path)
{
    static const char *const core[] = {
        "runtime/core/arith.h", "runtime/core/contract.h", "runtime/core/elementary.h",
        "runtime/core/firmware.h",
        "runtime/core/philox.h", "runtime/core/run.h", "runtime/core/sha256.c",
        "runtime/core/sha256.h", "runtime/core/sums.h"};
    for (size_t i = 0; i < sizeof core / sizeof *core; i++)
        if (strcmp(path, core[i]) == 0)
            return path + strlen("runtime/");
    return strncmp(path, "templates/ops/", 14) == 0 ? path + strlen("templates/") : NULL;
}

static bool write_core(struct arena *arena, const char *folder)
{
    if (!files_make_folder(arena_printf(arena, "%s/core", folder)) ||
        !files_make_folder(arena_printf(arena, "%s/ops", folder)))
        return false;
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        const char *place = firmware_place(file->path);
        if (place && !files_write(arena_printf(arena, "%s/%s", folder, place), file->data,
                                  file->size))
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

int build_firmware(const struct program *program, const char *dir)
{
    struct arena *arena = program->arena;
    const char *name = emit_file_name(program);
    struct text source, header;
    text_init(&source, arena);
    text_init(&header, arena);
    emit_firmware(program, &source);
    emit_firmware_header(program, &header);
    struct text bill, budget;
    text_init(&bill, arena);
    text_init(&budget, arena);
    firmware_print_bill(program, &bill);
    print_budget(program, &budget);
    bool good = files_make_folder(dir) &&
                files_write(arena_printf(arena, "%s/%s.bill", dir, name), bill.data, bill.size) &&
                (program->target_count == 0 ||
                 files_write(arena_printf(arena, "%s/%s.budget", dir, name), budget.data,
                             budget.size)) &&
                files_write(arena_printf(arena, "%s/%s.c", dir, name), source.data, source.size) &&
                files_write(arena_printf(arena, "%s/%s.h", dir, name), header.data, header.size) &&
                write_core(arena, dir);
    return good ? 0 : 1;
}
