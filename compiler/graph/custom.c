#include "graph/custom.h"

#include <ctype.h>
#include <string.h>

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

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_text(const char *at)
{
    char quote = *at++;
    for (; *at && *at != quote && *at != '\n'; at++)
        at += *at == '\\' && at[1];
    return *at ? at + 1 : at;
}

/* What stands behind a word, a text or character in quotes, or a sign. */
static const char *skip_token(const char *at)
{
    if (*at == '"' || *at == '\'')
        return skip_text(at);
    const char *end = at + 1;
    while (is_letter(*at) && is_letter(*end))
        end++;
    return end;
}

/* The next word, text or sign from there on, behind blanks and comments; or the end. */
static const char *next_token(const char *at)
{
    for (;;) {
        const char *end = at[0] == '/' && at[1] == '*' ? strstr(at + 2, "*/") : NULL;
        if (isspace((unsigned char)*at))
            at++;
        else if (at[0] == '/' && at[1] == '/')
            at += strcspn(at, "\n");
        else if (at[0] == '/' && at[1] == '*')
            at = end ? end + 2 : at + strlen(at);
        else
            return at;
    }
}

static bool is_word(const char *at, const char *word)
{
    size_t size = strlen(word);
    return !strncmp(at, word, size) && !is_letter(at[size]);
}

static bool has_word(const char *text, const char *word)
{
    for (const char *at = next_token(text); *at; at = next_token(skip_token(at)))
        if (is_word(at, word))
            return true;
    return false;
}

static bool is_header(const char *at)
{
    return *at == '<' || !strncmp(at, "\"core/arith.h\"", 14) || !strncmp(at, "\"ops/", 5);
}

const char *custom_foreign(struct arena *arena, const char *text)
{
    for (const char *at = next_token(text); *at; at = next_token(skip_token(at))) {
        const char *word = *at == '#' ? next_token(at + 1) : at;
        const char *header = word == at || !is_word(word, "include") ? NULL : next_token(word + 7);
        if (header && !is_header(header))
            return arena_strndup(arena, header, (size_t)(skip_token(header) - header));
    }
    return NULL;
}

bool custom_has(const struct program *program, const struct custom *custom, int argument)
{
    return has_word(diags_source(program->diags, custom->source)->text,
                    custom_function(program->arena, custom, argument));
}

static const char *c_type(enum dtype dtype)
{
    return dtype == F32 ? "float" : "int32_t";
}

const char *custom_prototype(struct arena *arena, const struct custom *custom, int argument)
{
    bool forward = argument == CUSTOM_FORWARD;
    struct text text;
    text_init(&text, arena);
    text_printf(&text, "void %s(%s *", custom_function(arena, custom, argument),
                c_type(forward ? custom->dtype : F32));
    for (int i = 0; i < custom->argument_count; i++)
        text_printf(&text, ", const %s *", c_type(custom->argument[i].dtype));
    text_puts(&text, forward ? "" : ", const float *, const float *");
    for (int i = 0; i < custom->number_count; i++)
        text_puts(&text, ", inv_index");
    text_puts(&text, ")");
    return text.data;
}

const char *custom_file(const struct program *program, const struct custom *custom)
{
    return program_file(program, diags_source(program->diags, custom->source)->path);
}
