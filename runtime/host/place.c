#include "place.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rows.h"

enum inv_source_of inv_place_first_source(const struct inv_model *model)
{
    enum inv_source_of source = INV_MAIN;
    while (source < INV_OF_TEST && model->data.source[source].file_count == 0)
        source++;
    return source;
}

static int is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char *in_folder(const char *folder, const char *path)
{
    char *whole = inv_text("%s/%s", folder, path);
    if (path[0] != '/' && (access(whole, F_OK) == 0 || !strchr(path, '/')))
        return whole;
    char *base = inv_text("%s/%s", folder, base_name(path));
    int found = path[0] == '/' || access(base, F_OK) == 0;
    free(found ? whole : base);
    return found ? base : whole;
}

char *inv_place_beside(const struct inv_model *model, const char *path)
{
    const char *slash = strrchr(model->path, '/');
    if (path[0] == '/' || !slash)
        return inv_copy_text(path);
    char *beside = inv_text("%.*s/%s", (int)(slash - model->path), model->path, path);
    if (access(beside, F_OK) == 0 || access(path, F_OK) != 0)
        return beside;
    free(beside);
    return inv_copy_text(path);
}

/* ---- NAME=FILE,... ---- */

static int is_table(const struct inv_model *model)
{
    return model->data.kind == INV_CSV;
}

/* What a file is called in such a list, or NULL: an array by its name, where it is of the first
 * source; a table by its part. */
static const char *name_of(const struct inv_model *model, enum inv_source_of source, int file)
{
    static const char *const part[] = { "main", "train", "val", "test" };
    if (is_table(model))
        return part[source];
    return source == inv_place_first_source(model) ? model->data.file[file].name : NULL;
}

static int is_name(const struct inv_model *model, const char *text, size_t length)
{
    for (int s = 0; s < INV_SOURCES; s++) {
        const struct inv_source *source = &model->data.source[s];
        for (int i = 0; i < source->file_count; i++) {
            const char *name = name_of(model, (enum inv_source_of)s, source->first_file + i);
            if (name && strlen(name) == length && memcmp(name, text, length) == 0)
                return 1;
        }
    }
    return 0;
}

/* Whether the text begins with NAME=, and is no path itself. */
static int is_list(const char *given)
{
    const char *equals = strchr(given, '=');
    return equals && access(given, F_OK) != 0 && !memchr(given, '/', (size_t)(equals - given));
}

/* The end of the entry that begins here: a comma before another NAME=, or the end of the text. */
static const char *entry_end(const char *entry)
{
    for (const char *comma = entry; (comma = strchr(comma, ',')); comma++)
        if (comma[1 + strcspn(comma + 1, "=,/")] == '=')
            return comma;
    return entry + strlen(entry);
}

static void unknown_name(const struct inv_model *model, const char *entry, size_t length,
                         struct inv_errors *errors)
{
    const struct inv_data *d = &model->data;
    char *list = inv_copy_text("");
    for (int s = 0; s < INV_SOURCES; s++) {
        for (int i = 0; i < d->source[s].file_count; i++) {
            const char *name = name_of(model, (enum inv_source_of)s, d->source[s].first_file + i);
            char *longer = inv_text("%s%s%s", list, *list && name ? ", " : "", name ? name : "");
            free(list);
            list = longer;
        }
    }
    inv_error(errors, "%.*s=: data %s has no file of that name; there are: %s", (int)length, entry,
              d->name, list);
    free(list);
}

/* The file that the list gives that name, or NULL; *bad is set after an error. */
static char *in_list(const struct inv_model *model, const char *given, const char *name, int *bad,
                     struct inv_errors *errors)
{
    char *found = NULL;
    for (const char *entry = given, *end; *entry && !*bad; entry = *end ? end + 1 : end) {
        size_t length = strcspn(entry, "=");
        end = entry_end(entry);
        *bad = !is_name(model, entry, length);
        if (*bad)
            unknown_name(model, entry, length, errors);
        if (*bad || !name || strlen(name) != length || memcmp(name, entry, length) != 0)
            continue;
        *bad = found != NULL;
        if (*bad)
            inv_error(errors, "%s=: two files are given for this name: %s", name, given);
        free(found);
        found = *bad ? NULL : inv_text("%.*s", (int)(end - entry - (ptrdiff_t)length - 1),
                                       entry + length + 1);
    }
    return found;
}

/* ---- FILE ---- */

/* One file stands for another where that is the only one of the source that is read: of several
 * arrays, where all lie in one file (npz, safetensors). */
static int stands_for(const struct inv_model *model, const char *given, enum inv_source_of source,
                      int file, const unsigned char *wanted, struct inv_errors *errors)
{
    const struct inv_data *d = &model->data;
    const struct inv_source *all = &d->source[source];
    const char *other = NULL;
    for (int i = all->first_file; i < all->first_file + all->file_count; i++)
        if (i != file && (!wanted || wanted[i]) && !is_table(model) &&
            strcmp(d->file[i].path, d->file[file].path) != 0)
            other = d->file[i].name;
    if (!other)
        return 1;
    inv_error(errors, "%s: data %s has several arrays; say which file each is: %s=FILE,%s=FILE, or "
              "name a folder that holds them", given, d->name, d->file[file].name, other);
    return 0;
}

char *inv_place_file(const struct inv_model *model, const char *given, enum inv_source_of source,
                     int file, const unsigned char *wanted, struct inv_errors *errors)
{
    const char *path = model->data.file[file].path;
    int bad = 0;
    if (given && is_folder(given)) {
        char *found = in_folder(given, path);
        if (!model->data.files || source != inv_place_first_source(model) ||
            access(found, F_OK) == 0)
            return found;
        free(found);                    /* it is the folder of such files itself */
        return inv_copy_text(given);
    }
    if (given && is_list(given)) {
        char *found = in_list(model, given, name_of(model, source, file), &bad, errors);
        return found || bad ? found : inv_place_beside(model, path);
    }
    if (!given || source != inv_place_first_source(model))
        return inv_place_beside(model, path);
    return stands_for(model, given, source, file, wanted, errors) ? inv_copy_text(given) : NULL;
}

/* ---- where the model lies ---- */

/* As seen from the folder we are in, where it lies below. */
static char *from_here(char *path)
{
    char *here = realpath(".", NULL);
    size_t length = here ? strlen(here) : 0;
    int below = length > 1 && strncmp(path, here, length) == 0;
    char *rest = below && path[length] == '/' ? inv_copy_text(path + length + 1)
                 : below && !path[length]     ? inv_copy_text(".")
                                              : inv_copy_text(path);
    free(here);
    free(path);
    return rest;
}

/* That folder, seen from the executable's, in new memory; NULL where it is gone. */
static char *from_executable(const char *folder)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;
    char *joined = slash ? inv_text("%.*s/%s", (int)(slash - program), program, folder) : NULL;
    char *real = joined ? realpath(joined, NULL) : NULL;
    free(program);
    free(joined);
    return real ? from_here(real) : NULL;
}

static char *join(const char *folder, const char *path)
{
    return path[0] == '/' ? inv_copy_text(path) : inv_text("%s/%s", folder, path);
}

static char **join_all(const char *folder, const char *const *path)
{
    int count = 0;
    while (path[count])
        count++;
    char **all = inv_allocate((size_t)(count + 1) * sizeof *all);
    for (int i = 0; i < count; i++)
        all[i] = join(folder, path[i]);
    all[count] = NULL;
    return all;
}

void inv_place_model(struct inv_model *own, const struct inv_model *model, const char *folder)
{
    const char *named = getenv("INVAR_MODEL_FOLDER");
    char *base = named && *named ? inv_copy_text(named) : folder ? from_executable(folder) : NULL;
    *own = *model;
    if (base && strcmp(base, ".") != 0) {
        own->path = join(base, model->path);
        if (model->included)
            own->included = (const char *const *)join_all(base, model->included);
    }
    free(base);
}

void inv_place_free(struct inv_model *own, const struct inv_model *model)
{
    if (own->path != model->path)
        free((char *)own->path);
    if (own->included == model->included)
        return;
    for (int i = 0; own->included[i]; i++)
        free((char *)own->included[i]);
    free((char **)own->included);
}
