/* The C of a model's operators, looked at as trainers compile it. */
#include <string.h>
#include "build/files.h"
#include "build/process.h"
#include "build/sources.h"
#include "graph/custom.h"
#include "graph/custom_text.h"
#include "lint/lint.h"

/* Each function that the model has of the file. */
static void add_functions(const struct program *program, int source, struct text *text,
                          const char *before, const char *after, bool named)
{
    for (int i = 0; i < program->custom_count; i++) {
        const struct custom *custom = &program->custom[i];
        bool same = custom->source == source;
        for (int k = CUSTOM_FORWARD; same && k < custom->argument_count; k++)
            if (custom_has(program, custom, k))
                text_printf(text, "%s%s%s", before, custom_prototype(text->arena, custom, k, named),
                            after);
    }
}

static void help_unread(const struct program *program, int source)
{
    struct text text;
    text_init(&text, program->arena);
    add_functions(program, source, &text, "help: it is called as ", "\n", true);
    fputs(text.data, stderr);
}

/* As in emitted sources headers come first, whose names its functions may have. */
static void add_before(const struct program *program, int source, struct text *before)
{
    struct custom_text text;
    int argument;
    custom_read(program->arena, diags_source(program->diags, source)->text, &text);
    text_puts(before, "#include \"core/arith.h\"\n");
    for (int i = 0; i < text.count; i++)
        if (text.name[i].kind == CUSTOM_HEADER)
            text_printf(before, "#include %s\n", text.name[i].text);
    for (int i = 0; i < text.count; i++)
        if (text.name[i].kind == CUSTOM_FUNCTION &&
            custom_find(program, text.name[i].text, &argument))
            text_printf(before, "#undef %s\n#define %s " CUSTOM_PREFIX "%s\n", text.name[i].text,
                        text.name[i].text, text.name[i].text);
    add_functions(program, source, before, "INV_FN ", ";\n", false);
}

/* Before it stand the arithmetic, and what its functions have to be. */
static int look_at(struct place *place, const struct program *program, const struct custom *custom)
{
    const char *path = diags_source(program->diags, custom->source)->path;
    struct command_line flags = {.arena = place->arena};
    struct text before;
    text_init(&before, place->arena);
    add_before(program, custom->source, &before);
    if (!build_write_text(place, "before.h", &before))
        return 2;
    command_add_words(&flags, BUILD_FLAGS);
    command_add(&flags, arena_printf(place->arena, "-I%s/runtime", place->folder));
    command_add(&flags, "-include");
    command_add(&flags, arena_printf(place->arena, "%s/before.h", place->folder));
    int status = lint_run(&(struct lint_request){
        .file = &path, .files = 1, .flag = flags.word, .flags = flags.count, .to = stderr,
        .operators = true,
        .unread = "it is C of the model's"});
    if (status == 2)
        help_unread(program, custom->source);
    return status;
}

static bool was_looked_at(const struct program *program, int number)
{
    for (int i = 0; i < number; i++)
        if (program->custom[number].source == program->custom[i].source)
            return true;
    return false;
}

bool lint_operators(const struct program *program)
{
    struct place place = {.arena = program->arena};
    if (program->custom_count == 0)
        return true;
    if (!lint_is_there()) {
        fputs("help: operators in C are linted before they are compiled; --no-lint compiles them "
              "as they are\n", stderr);
        return false;
    }
    place.folder = files_temporary(place.arena);
    if (!place.folder)
        return false;
    bool good = build_write_runtime(&place, true);
    for (int i = 0; i < program->custom_count && good; i++)
        good = was_looked_at(program, i) || look_at(&place, program, &program->custom[i]) == 0;
    files_remove_temporary(place.folder);
    return good;
}
