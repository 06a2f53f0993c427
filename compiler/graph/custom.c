#include "graph/custom.h"

#include <string.h>
#include "graph/custom_text.h"

static const char between[] = "_gradient_";

bool custom_may_be_named(const char *name)
{
    return !strstr(name, between);
}

const char *custom_function(struct arena *arena, const struct custom *custom, int argument)
{
    return argument == CUSTOM_FORWARD
               ? custom->name
               : arena_printf(arena, "%s%s%s", custom->name, between,
                              custom->argument[argument].name);
}

/* f of f_gradient_x has no such part in its own name. */
const struct custom *custom_find(const struct program *program, const char *function,
                                 int *argument)
{
    const char *end = strstr(function, between);
    size_t size = end ? (size_t)(end - function) : strlen(function);
    for (int i = 0; i < program->custom_count; i++) {
        const struct custom *c = &program->custom[i];
        if (strlen(c->name) != size || strncmp(c->name, function, size))
            continue;
        *argument = CUSTOM_FORWARD;
        for (int k = 0; end && k < c->argument_count; k++)
            if (!strcmp(c->argument[k].name, end + sizeof between - 1))
                *argument = k;
        return !end || *argument != CUSTOM_FORWARD ? c : NULL;
    }
    return NULL;
}

/* ---- its C ---- */

bool custom_has(const struct program *program, const struct custom *custom, int argument)
{
    struct custom_text text;
    custom_read(program->arena, diags_source(program->diags, custom->source)->text, &text);
    return custom_defines(&text, CUSTOM_FUNCTION,
                          custom_function(program->arena, custom, argument));
}

static const char *c_type(enum dtype dtype)
{
    return dtype == F32 ? "float" : "int32_t";
}

static void add_tensor(struct text *text, const char *type, const char *name, bool named)
{
    text_printf(text, ", const %s *%s", type, named ? name : "");
}

const char *custom_prototype(struct arena *arena, const struct custom *custom, int argument,
                             bool named)
{
    bool forward = argument == CUSTOM_FORWARD;
    struct text text;
    text_init(&text, arena);
    text_printf(&text, "void %s%s(%s *%s", named ? "" : CUSTOM_PREFIX,
                custom_function(arena, custom, argument), c_type(forward ? custom->dtype : F32),
                named ? "out" : "");
    for (int i = 0; i < custom->argument_count; i++)
        add_tensor(&text, c_type(custom->argument[i].dtype), custom->argument[i].name, named);
    if (!forward) {
        add_tensor(&text, "float", "result", named);
        add_tensor(&text, "float", "gradient", named);
    }
    for (int i = 0; i < custom->number_count; i++)
        text_printf(&text, ", inv_index%s%s", named ? " " : "", named ? custom->number[i] : "");
    text_puts(&text, ")");
    return text.data;
}

const char *custom_file(const struct program *program, const struct custom *custom)
{
    return program_file(program, diags_source(program->diags, custom->source)->path);
}
