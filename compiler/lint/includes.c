/* Headers are followed by their lines alone: a macro may be any that has its name, and one with
 * arguments none. */
#include "lint/includes.h"
#include <ctype.h>
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
    struct macro *macro;                /* each #define and -D, wherever it stands */
    int macros, macro_room;
    struct macro *wanted;               /* each #include NAME, and the folder where that stands */
    int wants, wanted_room;
    int operand;                        /* how many were read */
    const char *endless;
};

struct macro {
    const char *name, *text;
    int read;                           /* the last operand that it was read for, from 1 */
};

enum { DEEP = 16 };                     /* macros that stand for macros */

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

/* Behind blanks, comments and ends of lines that go on. */
static const char *without_blanks(const char *at)
{
    for (;;) {
        const char *end = at[0] == '/' && at[1] == '*' ? strstr(at + 2, "*/") : NULL;
        if (*at == ' ' || *at == '\t')
            at++;
        else if (at[0] == '\\' && at[1] == '\n')
            at += 2;
        else if (end)
            at = end + 2;
        else
            return at;
    }
}

static size_t word_size(const char *at)
{
    size_t n = 0;
    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    return n;
}

/* What stands behind #include, or what a macro there stands for: each is read once, as macros may
 * stand for each other. */
static void read_names(struct reading *r, const char *beside, const char *at, int depth)
{
    at = without_blanks(at);
    size_t size = *at == '"' || *at == '<' ? strcspn(at + 1, *at == '"' ? "\"\n" : ">\n") : 0;
    size_t word = word_size(at);
    if (size)
        add_header(r, *at == '"' ? beside : NULL, arena_strndup(r->arena, at + 1, size));
    for (int i = 0; word && depth < DEEP && i < r->macros; i++) {
        struct macro *m = &r->macro[i];
        if (m->read == r->operand || strlen(m->name) != word || strncmp(m->name, at, word))
            continue;
        m->read = r->operand;
        read_names(r, beside, m->text, depth + 1);
    }
}

static void read_operand(struct reading *r, const char *beside, const char *at)
{
    r->operand++;
    read_names(r, beside, at, 0);
}

static void add_macro(struct reading *r, const char *name, const char *text)
{
    ARENA_PUSH(r->arena, r->macro, r->macros, r->macro_room) = (struct macro){name, text, 0};
}

/* #include "name", #include_next <name>, #import NAME, #define NAME text */
static void read_line(struct reading *r, const char *beside, const char *line)
{
    const char *at = without_blanks(line);
    if (*at != '#')
        return;
    at = without_blanks(at + 1);
    const char *word = arena_strndup(r->arena, at, word_size(at));
    at = without_blanks(at + strlen(word));
    const char *name = arena_strndup(r->arena, at, word_size(at));
    if (!strcmp(word, "define"))
        add_macro(r, name, at + strlen(name));
    else if (name_is_one(word, "include include_next import") && *name)
        ARENA_PUSH(r->arena, r->wanted, r->wants, r->wanted_room) = (struct macro){name, beside, 0};
    else if (name_is_one(word, "include include_next import"))
        read_operand(r, beside, at);
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

/* NAME=text, of -D */
static void read_definition(struct reading *r, const char *at)
{
    size_t size = strcspn(at, "=");
    if (at[size])
        add_macro(r, arena_strndup(r->arena, at, size), at + size + 1);
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
    for (int i = 0; i < count; i++)
        if (name_is_one(flag[i], "-D*"))
            read_definition(r, flag[i][2] || i + 1 == count ? flag[i] + 2 : flag[i + 1]);
}

/* Files that are named by macros: false where there is none that was not known. */
static bool read_wanted(struct reading *r)
{
    int before = r->files;
    for (int i = 0; i < r->wants; i++)
        read_operand(r, r->wanted[i].text, r->wanted[i].name);
    return r->files > before;
}

const char *includes_endless(struct arena *arena, const struct compilation *c)
{
    struct reading r = {.arena = arena, .directory = c->directory};

    read_flags(&r, c->argument, c->count);
    add_file(&r, c->directory, c->file);
    for (int i = 0; !r.endless && (i < r.files || read_wanted(&r)); i++)
        read_file(&r, r.file[i]);
    return r.endless;
}
