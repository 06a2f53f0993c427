/* Command lines that compile, and what they depend on. */
#include <string.h>
#include "build/compile.h"

struct place build_place(const struct build *build)
{
    return (struct place){.arena = build->arena, .folder = build->folder};
}

void build_hash_text(struct inv_sha256 *hash, const char *text)
{
    inv_sha256_update(hash, text, strlen(text) + 1);
}

struct command_line build_begin_line(const struct build *build)
{
    struct command_line line = {.arena = build->arena};
    command_add_words(&line, build->cc);
    command_add_words(&line, BUILD_FLAGS);
    return line;
}

void build_add_folders(const struct build *build, struct command_line *line)
{
    command_add(line, arena_printf(build->arena, "-I%s/runtime/include", build->folder));
    command_add(line, arena_printf(build->arena, "-I%s/runtime", build->folder));
}

void build_add_source(const struct build *build, struct command_line *line, const char *source,
                      const char *object)
{
    build_add_folders(build, line);
    command_add(line, "-c");
    command_add(line, source);
    command_add(line, "-o");
    command_add(line, object);
}

struct command_line build_level_line(const struct build *build, const struct level *level,
                                     const char *source, const char *object)
{
    struct command_line line = build_begin_line(build);
    if (level && level->flag)
        command_add(&line, level->flag);
    if (build->options->cflags)
        command_add_words(&line, build->options->cflags);
    if (level)
        command_add(&line, arena_printf(build->arena, "-DINV_LEVEL=%s", level->name));
    if (build_ends_with(source, "/host/environment.c"))
        command_add(&line, arena_printf(build->arena, "-DINV_CC_FLAGS=\"%s%s%s\"", BUILD_FLAGS,
                                        build->options->cflags ? " " : "",
                                        build->options->cflags ? build->options->cflags : ""));
    build_add_source(build, &line, source, object);
    return line;
}

struct command_line build_compile_line(const struct build *build, const char *source,
                                       const char *object)
{
    return build_level_line(build, NULL, source, object);
}
