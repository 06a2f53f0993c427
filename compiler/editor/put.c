/* Texts and places as JSON. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "build/cache.h"
#include "build/files.h"
#include "editor/view.h"
#include "host/output.h"

/* JSON is well-formed UTF-8, a model need not be. */
void put_text(struct inv_json_text *j, const char *key, const char *text)
{
    struct arena *arena = arena_new();
    size_t size = strlen(text);
    char *copy = arena_strdup(arena, text);
    for (size_t i = 0; i < size;) {
        int n = text_character(copy + i, size - i);
        if (n == 0)
            copy[i] = '?';
        i += n ? (size_t)n : 1;
    }
    inv_json_put(j, key, copy);
    arena_free(arena);
}

void put_position(struct inv_json_text *j, const char *key, struct position p)
{
    inv_json_open(j, key, '{');
    inv_json_put_whole(j, "line", p.line);
    inv_json_put_whole(j, "character", p.character);
    inv_json_close(j, '}');
}

void put_range(struct inv_json_text *j, const char *key, const struct lines *lines, struct span s)
{
    inv_json_open(j, key, '{');
    put_position(j, "start", lines_position(lines, s.line, s.column));
    put_position(j, "end", lines_position(lines, s.last_line, s.last_column + 1));
    inv_json_close(j, '}');
}

/* ---- where files are ---- */
static bool is_written(struct arena *arena, const char *path, const struct source *s)
{
    size_t size;
    const char *error, *text = load_text(arena, path, &size, &error);
    return text && size == s->size && !memcmp(text, s->text, size);
}

/* The path of a library file's copy in the cache, or NULL. */
static const char *lay_out(struct arena *arena, const struct source *s)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct inv_output out;
    const char *cache = cache_open(arena).folder;
    if (!cache)
        return NULL;
    const char *folder = arena_printf(arena, "%s/library-" INVAR_VERSION, cache);
    const char *path = arena_printf(arena, "%s/%s", folder, strrchr(s->path, '/') + 1);
    if (!files_make_private(folder))
        return NULL;
    if (is_written(arena, path, s))
        return path;
    if (!inv_output_open(&out, path, &errors))
        return NULL;
    inv_output_write(&out, s->text, s->size);
    return inv_output_close(&out, NULL) ? path : NULL;
}

/* The open document that is that file, or NULL. */
static const struct document *find_document(const struct view *v, const char *path)
{
    const struct document *d = v->question->all;
    while (d && strcmp(d->path, path))
        d = d->next;
    return d;
}

const char *source_uri(const struct view *v, int source)
{
    const struct source *s = diags_source(v->load.diags, source);
    const char *path = s->library ? lay_out(v->arena, s) : s->text ? s->path : NULL;
    if (!path)
        return NULL;
    char *real = realpath(path, NULL);
    const struct document *d = find_document(v, real ? real : path);
    const char *uri = d ? d->uri : uri_of(v->arena, real ? real : path);
    free(real);
    return uri;
}

void put_location(struct inv_json_text *j, const char *key, const struct view *v, const char *uri,
                  struct span span)
{
    const struct source *s = diags_source(v->load.diags, span.source);
    struct lines lines;
    lines_read(&lines, v->arena, s->text, s->size, v->question->utf8);
    inv_json_open(j, key, '{');
    put_text(j, "uri", uri);
    put_range(j, "range", &lines, span);
    inv_json_close(j, '}');
}
