/* What a program's folder holds: its sources, the runtime's, and what builds them by hand. */
#include <string.h>
#include "base/embedded.h"
#include "build/sources.h"
#include "emit/emit.h"
#include "emit/template.h"
#include "emit/text.h"

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool build_ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

bool build_is_cuda(const struct program *program, const struct embedded_file *file)
{
    return starts_with(file->path, "runtime/cuda/") &&
           (program->library_kernels || !strstr(file->path, "/library/"));
}

/* What some trainers link beside the runtime. */
static bool is_optional(const char *path)
{
    return starts_with(path, "runtime/cuda/") || starts_with(path, "runtime/mpi/") ||
           starts_with(path, "runtime/nccl/") || starts_with(path, "runtime/infer/") ||
           starts_with(path, "runtime/train/");
}

/* Where an embedded file belongs below the folder of a program, or NULL. */
const char *build_runtime_place(struct arena *arena, const struct embedded_file *file)
{
    if (starts_with(file->path, "runtime/"))
        return is_optional(file->path) ? NULL : file->path;
    if (starts_with(file->path, "templates/ops/"))
        return arena_printf(arena, "runtime/%s", file->path + strlen("templates/"));
    return NULL;
}

bool build_write_runtime(struct place *place, bool headers_only)
{
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        const char *name = build_runtime_place(place->arena, file);
        if (!name || (headers_only && !build_ends_with(name, ".h")))
            continue;
        if (!files_write(place, name, file->data, file->size))
            return false;
    }
    return true;
}

bool build_is_mpi(const struct embedded_file *file)
{
    return starts_with(file->path, "runtime/mpi/");
}

static bool write_room(struct place *place, const char *room)
{
    bool good = true;
    for (int i = 0; i < embedded_file_count && good; i++)
        if (starts_with(embedded_files[i].path, room))
            good = files_write(place, embedded_files[i].path, embedded_files[i].data,
                               embedded_files[i].size);
    return good;
}

bool build_write_mpi(struct place *place)
{
    return write_room(place, "runtime/mpi/");
}

bool build_is_nccl(const struct embedded_file *file)
{
    return starts_with(file->path, "runtime/nccl/");
}

bool build_write_nccl(struct place *place)
{
    return write_room(place, "runtime/nccl/");
}

bool build_write_library(struct place *place)
{
    return write_room(place, "runtime/infer/") && write_room(place, "runtime/train/");
}

bool build_write_text(struct place *place, const char *name, const struct text *text)
{
    return files_write(place, name, text->data, text->size);
}

struct sources build_make_sources(const struct program *program,
                                  const struct build_source *source)
{
    struct arena *arena = program->arena;
    struct sources made = {0};
    int room = 0;
    for (; source->emit; source++) {
        struct text text[TEXTS];
        for (int i = 0; i < TEXTS; i++)
            text_init(&text[i], arena);
        source->emit(program, text);
        for (int i = 0; i < TEXTS && source->name[i]; i++) {
            const char *before = source->name[i][0] == '.' ? emit_file_name(program) : "";
            ARENA_PUSH(arena, made.file, made.count, room) = (struct emitted){
                arena_printf(arena, "%s%s", before, source->name[i]), text[i].data, text[i].size};
        }
    }
    return made;
}

bool build_write_sources(const struct sources *made, struct place *place)
{
    bool good = true;
    for (int i = 0; i < made->count && good; i++)
        good = files_write(place, made->file[i].name, made->file[i].data, made->file[i].size);
    return good;
}

/* ---- glue ---- */

bool build_is_source(const char *path)
{
    return build_ends_with(path, ".c") && starts_with(path, "runtime/") && !is_optional(path);
}

static const char *cuda_sources(const struct program *program)
{
    struct text text;
    text_init(&text, program->arena);
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        if (build_is_cuda(program, file) && !build_ends_with(file->path, "h"))
            text_printf(&text, "%s%s", text.size > 0 ? "\n  " : "", file->path);
    }
    return text.data;
}

static bool ends_with_one(const char *path, const char *const name[], size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found |= build_ends_with(path, name[i]);
    return found;
}

/* Is it compiled once for each instruction-set level? */
bool build_is_leveled(const char *path)
{
    static const char *const names[] = {"/check_level.c", "/contract.c", "/hash.c"};
    return ends_with_one(path, names, sizeof names / sizeof *names);
}

/* Is it there for models alone that read images, or sounds, and this model reads none? */
static bool is_of_others(const struct program *program, const char *path)
{
    static const char *const of_images[] = {"/images.c", "/jpeg_read.c", "/png_read.c"};
    bool images = program_reads(program, FORM_IMAGE), sounds = program_reads(program, FORM_SOUND);
    if (ends_with_one(path, of_images, sizeof of_images / sizeof *of_images))
        return !images;
    if (build_ends_with(path, "/sounds.c"))
        return !sounds;
    return build_ends_with(path, "/folder.c") && !images && !sounds;
}

static const char *runtime_sources(const struct program *program)
{
    struct text text;
    text_init(&text, program->arena);
    for (int i = 0; i < embedded_file_count; i++) {
        const char *path = embedded_files[i].path;
        if (build_is_source(path) && !build_is_leveled(path) &&
            !is_of_others(program, path))
            text_printf(&text, "%s%s", text.size > 0 ? "\n  " : "", path);
    }
    return text.data;
}

bool build_write_glue(const struct program *program, const char *templates,
                      struct place *place)
{
    static const char *const names[] = {"CMakeLists.txt", "README.md"};
    struct arena *arena = program->arena;
    struct values *values = values_new(arena);
    values_set(values, "model", program->name);
    values_set(values, "file", emit_file_name(program));
    values_set(values, "version", INVAR_VERSION);
    values_set(values, "flags", BUILD_FLAGS);
    values_set(values, "runtime_sources", runtime_sources(program));
    values_set(values, "cuda_sources", cuda_sources(program));
    if (program->library_kernels)
        values_add_item(values, "library");
    if (program_reads(program, FORM_IMAGE))
        values_add_item(values, "images");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text text;
        text_init(&text, arena);
        const char *model = program_file(program, program->model_path);
        values_set(values, "source", i == 0 ? emit_line(arena, model) : emit_code(arena, model));
        template_render(arena_printf(arena, "%s%s", templates, names[i]), values, &text);
        if (!build_write_text(place, names[i], &text))
            return false;
    }
    return true;
}
