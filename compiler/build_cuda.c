/* Sources of a trainer on a CUDA device, on disk. */
#include <string.h>
#include "build.h"
#include "build_private.h"
#include "embedded.h"
#include "emit.h"

static bool write_cuda_runtime(struct arena *arena, const char *folder)
{
    static const char start[] = "runtime/cuda/";
    if (!files_make_folder(arena_printf(arena, "%s/runtime/cuda", folder)))
        return false;
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        if (strncmp(file->path, start, strlen(start)) == 0 &&
            !files_write(arena_printf(arena, "%s/%s", folder, file->path), file->data,
                         file->size))
            return false;
    }
    return true;
}

static bool write_program(const struct program *program, const char *folder)
{
    static const struct {
        const char *suffix;
        void (*emit)(const struct program *, struct text *);
    } files[] = {{".cu", emit_cuda}, {".c", emit_cuda_tables}, {".h", emit_cuda_header}};
    struct arena *arena = program->arena;
    struct text text;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        text_init(&text, arena);
        files[i].emit(program, &text);
        const char *name = arena_printf(arena, "%s%s", emit_file_name(program), files[i].suffix);
        if (!build_write_text(arena, folder, name, &text))
            return false;
    }
    text_init(&text, arena);
    emit_cuda_main(program, &text);
    return build_write_text(arena, folder, "main.c", &text);
}

int build_cuda_emit(const struct program *program, const char *dir)
{
    bool good = files_make_folder(dir) && write_program(program, dir) &&
                build_write_runtime(program->arena, dir, false) &&
                write_cuda_runtime(program->arena, dir);
    return good ? 0 : 1;
}
