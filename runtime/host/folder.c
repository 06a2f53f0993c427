/* A folder of images, or one image, as the text of a table with the columns file and label: the
 * path of each from the folder, in byte order, and the first folder of that path, which is empty
 * where the image lies in the folder itself. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "images.h"
#include "names.h"

enum { DEPTH = 16 };                    /* folders within folders: links may lead round */

struct listing {
    const char *root;
    struct inv_names images;
    long long others;                   /* files of other names */
    struct inv_errors *errors;
};

static int is_image_name(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && (!strcasecmp(end, ".png") || !strcasecmp(end, ".jpg") ||
                   !strcasecmp(end, ".jpeg"));
}

static void list_folder(struct listing *l, const char *below, int depth);

static void list_entry(struct listing *l, const char *path, const char *name, int depth)
{
    struct stat about;
    char *whole = inv_text("%s/%s", l->root, path);
    if (stat(whole, &about) != 0)
        inv_error(l->errors, "%s: cannot read it: %s", whole, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        list_folder(l, path, depth + 1);
    else if (is_image_name(name) && S_ISREG(about.st_mode))
        inv_names_add(&l->images, path);
    else if (is_image_name(name))
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

static char *write_table(const struct inv_names *images)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    fputs("file,label\n", to);
    for (int i = 0; i < images->count; i++) {
        const char *name = images->name[i], *slash = strchr(name, '/');
        write_cell(to, name, strlen(name));
        fputc(',', to);
        write_cell(to, name, slash ? (size_t)(slash - name) : 0);
        fputc('\n', to);
    }
    fclose(to);
    return text;
}

static int is_image_file(const char *path)
{
    unsigned char first[8];
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(first, 1, sizeof first, file) : 0;
    if (file)
        fclose(file);
    return inv_png_begins(first, got) || inv_jpeg_begins(first, got);
}

static void report_listing(const struct listing *l, int again)
{
    if (l->images.count == 0)
        inv_error(l->errors, "%s: no PNG or JPEG lies in this folder (.png, .jpg, .jpeg); give the "
                  "folder of the images", l->root);
    else if (l->others > 0 && !again)
        inv_note(l->errors, "%s: %lld file%s whose name is of no PNG or JPEG: left out", l->root,
                 l->others, l->others > 1 ? "s" : "");
}

int inv_folder_list(const char *path, char **text, int again, struct inv_errors *errors)
{
    struct listing l = { .root = path, .errors = errors };
    struct stat about;
    const char *slash = strrchr(path, '/');
    int before = errors->count, regular = stat(path, &about) == 0 && S_ISREG(about.st_mode);
    *text = NULL;
    if (regular && is_image_file(path))
        inv_names_add(&l.images, slash ? slash + 1 : path);
    else if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return 0;
    else
        list_folder(&l, "", 0);
    inv_names_sort(&l.images);
    if (errors->count == before)
        report_listing(&l, again);
    if (errors->count == before)
        *text = write_table(&l.images);
    inv_names_free(&l.images);
    return !*text ? -1 : regular ? 2 : 1;
}
