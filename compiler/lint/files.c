/* The files that are looked at. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "host/whole.h"
#include "lint/allow.h"
#include "lint/files.h"
#include "lint/tokens.h"

char *files_read(struct arena *arena, const char *path, size_t *size)
{
    struct stat is;
    bool regular = stat(path, &is) == 0 && S_ISREG(is.st_mode); /* to open a pipe waits */
    char *bytes = regular ? inv_whole_file(path, INT_MAX - 1, size) : NULL, *text = NULL;

    if (bytes) {
        text = arena_alloc(arena, *size + 1);
        memcpy(text, bytes, *size);
        text[*size] = '\0';
    }
    free(bytes);
    return text;
}

const char *files_shown(const struct look *look, const char *path)
{
    size_t n = strlen(look->folder);

    return !strncmp(path, look->folder, n) && path[n] == '/' ? path + n + 1 : path;
}

const struct text_file *files_look_at(struct look *look, const char *path, CXFile of)
{
    char real[PATH_MAX];
    struct text_file *f;

    if (path[0] != '/')
        path = arena_printf(look->arena, "%s/%s", look->directory, path);
    if (!realpath(path, real))
        return NULL;
    for (int i = 0; i < look->files; i++)
        if (!strcmp(look->file[i]->path, files_shown(look, real)))
            return look->file[i];
    f = ARENA_NEW(look->arena, struct text_file);
    f->path = files_shown(look, arena_strdup(look->arena, real));
    f->text = files_read(look->arena, real, &f->size);
    if (!f->text)
        return NULL;
    f->source = diags_add_source(look->diags, f->path, f->text, f->size, false);
    tokens_read(look, f, of);
    allow_read(look, f);
    ARENA_PUSH(look->arena, look->file, look->files, look->file_room) = f;
    return f;
}
