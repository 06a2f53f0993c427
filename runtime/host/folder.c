#include "folder.h"
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "core/sha256.h"
#include "errors.h"
#include "names.h"
#include "whole.h"

enum { DEPTH = 16 };                    /* folders within folders: links may lead round */

struct listing {
    const struct inv_folder_kind *kind;
    const char *root;
    struct inv_names files;
    long long others;                   /* files of other names */
    struct inv_errors *errors;
};

static int is_name_of(const struct inv_folder_kind *kind, const char *name)
{
    const char *end = strrchr(name, '.');
    for (int i = 0; end && i < INV_FOLDER_ENDS && kind->end[i]; i++)
        if (!strcasecmp(end, kind->end[i]))
            return 1;
    return 0;
}

static void list_folder(struct listing *l, const char *below, int depth);

static void list_entry(struct listing *l, const char *path, const char *name, int depth)
{
    struct stat about;
    char *whole = inv_text("%s/%s", l->root, path);
    int counts = is_name_of(l->kind, name);
    if (stat(whole, &about) != 0)
        inv_error(l->errors, "%s: cannot read it: %s", whole, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        list_folder(l, path, depth + 1);
    else if (counts && S_ISREG(about.st_mode))
        inv_names_add(&l->files, path);
    else if (counts)
        inv_error(l->errors, "%s: cannot read it: it is no regular file", whole);
    else
        l->others++;
    free(whole);
}

/* below: the folder's path from the root, "" of the root itself. */
static void list_folder(struct listing *l, const char *below, int depth)
{
    char *whole = inv_text("%s%s%s", l->root, *below ? "/" : "", below);
    DIR *folder = depth < DEPTH ? opendir(whole) : NULL;
    if (!folder)
        inv_error(l->errors, "%s: cannot list the folder: %s", whole,
                  depth < DEPTH ? strerror(errno) : "it lies too deep; does a link lead back?");
    /* invar-lint: allow machine because the files are sorted before they are used */
    for (struct dirent *e; folder && (e = readdir(folder));) {
        if (e->d_name[0] == '.')
            continue;
        char *path = inv_text("%s%s%s", below, *below ? "/" : "", e->d_name);
        list_entry(l, path, e->d_name, depth);
        free(path);
    }
    if (folder)
        closedir(folder);
    free(whole);
}

/* In quotes, as a cell. */
static void write_cell(FILE *to, const char *text, size_t length)
{
    fputc('"', to);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            fputc('"', to);
        fputc(text[i], to);
    }
    fputc('"', to);
}

static char *write_table(const struct inv_names *files)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    fputs("file,label\n", to);
    for (int i = 0; i < files->count; i++) {
        const char *name = files->name[i], *slash = strchr(name, '/');
        write_cell(to, name, strlen(name));
        fputc(',', to);
        write_cell(to, name, slash ? (size_t)(slash - name) : 0);
        fputc('\n', to);
    }
    fclose(to);
    return text;
}

static int is_file_of(const struct inv_folder_kind *kind, const char *path)
{
    unsigned char first[INV_FOLDER_FIRST];
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(first, 1, sizeof first, file) : 0;
    if (file)
        fclose(file);
    return kind->begins(first, got);
}

static void report_listing(const struct listing *l, int again)
{
    const struct inv_folder_kind *k = l->kind;
    if (l->files.count == 0)
        inv_error(l->errors, "%s: no %s lies in this folder (%s, %s%s%s); give the folder of the "
                  "%ss", l->root, k->what, k->end[0], k->end[1], k->end[2] ? ", " : "",
                  k->end[2] ? k->end[2] : "", k->name);
    else if (l->others > 0 && !again)
        inv_note(l->errors, "%s: %lld file%s whose name is of no %s: left out", l->root,
                 l->others, l->others > 1 ? "s" : "", k->what);
}

int inv_folder_list(const struct inv_folder_kind *kind, const char *path, char **text, int again,
                    struct inv_errors *errors)
{
    struct listing l = { .kind = kind, .root = path, .errors = errors };
    struct stat about;
    const char *slash = strrchr(path, '/');
    int before = errors->count, regular = stat(path, &about) == 0 && S_ISREG(about.st_mode);
    *text = NULL;
    if (regular && is_file_of(kind, path))
        inv_names_add(&l.files, slash ? slash + 1 : path);
    else if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return 0;
    else
        list_folder(&l, "", 0);
    inv_names_sort(&l.files);
    if (errors->count == before)
        report_listing(&l, again);
    if (errors->count == before)
        *text = write_table(&l.files);
    inv_names_free(&l.files);
    return !*text ? -1 : regular ? 2 : 1;
}

/* Why the file cannot be read, or NULL: a pipe or a device would make it wait, or never end. */
static const char *unreadable(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return strerror(errno);
    return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) ? NULL : "it is no regular file";
}

static void forget(struct inv_named *file)
{
    free(file->path);
    free(file->bytes);
    file->path = NULL;
    file->bytes = NULL;
}

int inv_folder_read(const struct inv_folder_kind *kind, struct inv_named *file, const char *path,
                    struct inv_errors *errors)
{
    struct inv_sha256 sha;
    if (file->path && strcmp(file->path, path) == 0)
        return 1;
    forget(file);
    const char *wrong = unreadable(path);
    file->bytes = wrong ? NULL : inv_whole_file(path, SIZE_MAX - 1, &file->size);
    if (!file->bytes) {
        inv_error(errors, "%s%s: cannot read the %s: %s; names of %ss are paths from the folder of "
                  "what lists them", file->where, path, kind->name,
                  wrong ? wrong : strerror(errno), kind->name);
        return 0;
    }
    file->path = inv_copy_text(path);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, file->bytes, file->size);
    inv_sha256_final(&sha, file->digest);
    return 1;
}
