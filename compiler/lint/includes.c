/* Headers are followed by their lines alone: nothing is known yet of macros. */
#include "lint/includes.h"
#include <string.h>
#include <sys/stat.h>
#include "base/names.h"
#include "lint/files.h"
#include "lint/rule.h"

struct reading {
    struct arena *arena;
    const char *directory;              /* where it is compiled */
    const char **folder;                /* of -I and the like */
    int folders, folder_room;
    const char **file;                  /* to be read, or read */
    int files, file_room;
    const struct names *known;          /* files by their paths */
    const char *endless;
};

static void add_file(struct reading *r, const char *folder, const char *name)
{
    static char known;
    struct stat is;
    const char *path = *name == '/' ? name : arena_printf(r->arena, "%s/%s", folder, name);

    if (names_find(r->known, path) || stat(path, &is) || S_ISDIR(is.st_mode))
        return;
    r->known = names_add(r->arena, r->known, path, &known);
    if (S_ISREG(is.st_mode))
        ARENA_PUSH(r->arena, r->file, r->files, r->file_room) = path;
    else if (!r->endless)
        r->endless = path;
}

/* In the folder of what includes it, or NULL, and in those of the flags: all that there are. */
static void add_header(struct reading *r, const char *beside, const char *name)
{
    if (beside)
        add_file(r, beside, name);
    for (int i = 0; i < r->folders; i++)
        add_file(r, r->folder[i], name);
}

static const char *without_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* #include "name", #include_next <name>, #import */
static void read_line(struct reading *r, const char *beside, const char *line)
{
    const char *at = without_blanks(line);
    if (*at != '#')
        return;
    at = without_blanks(at + 1);
    size_t word = strcspn(at, " \t\n\"<");
    if (!name_is_one(arena_strndup(r->arena, at, word), "include include_next import"))
        return;
    at = without_blanks(at + word);
    size_t size = *at == '"' || *at == '<' ? strcspn(at + 1, *at == '"' ? "\"\n" : ">\n") : 0;
    if (size)
        add_header(r, *at == '"' ? beside : NULL, arena_strndup(r->arena, at + 1, size));
}

static void read_file(struct reading *r, const char *path)
{
    size_t size;
    const char *slash = strrchr(path, '/'), *text = files_read(r->arena, path, &size);
    const char *beside = arena_strndup(r->arena, path, slash ? (size_t)(slash - path) : 0);

    for (const char *line = text; line && *line; line += *line == '\n') {
        read_line(r, beside, line);
        line += strcspn(line, "\n");
    }
}

static void add_folder(struct reading *r, const char *path)
{
    ARENA_PUSH(r->arena, r->folder, r->folders, r->folder_room) =
        *path == '/' ? path : arena_printf(r->arena, "%s/%s", r->directory, path);
}

/* The flags' folders first: where a file of theirs is looked for, too. */
static void read_flags(struct reading *r, const char *const *flag, int count)
{
    for (int i = 0; i < count; i++)
        if (i + 1 < count && name_is_one(flag[i], "-I -iquote -isystem -idirafter"))
            add_folder(r, flag[++i]);
        else if (name_is_one(flag[i], "-I*"))
            add_folder(r, flag[i] + strlen("-I"));
    for (int i = 0; i + 1 < count; i++)
        if (name_is_one(flag[i], "-include -imacros"))
            add_header(r, r->directory, flag[i + 1]);
}

const char *includes_endless(struct arena *arena, const struct compilation *c)
{
    struct reading r = {.arena = arena, .directory = c->directory};

    read_flags(&r, c->argument, c->count);
    add_file(&r, c->directory, c->file);
    for (int i = 0; i < r.files && !r.endless; i++)
        read_file(&r, r.file[i]);
    return r.endless;
}
