#include "row_place.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "output.h"

/* ---- the files that rows come from ---- */

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* 0 where it is no file that will be the same again, as a pipe is. */
static int add_source(struct inv_row_place *place, const char *path, int file)
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    place->source = inv_resize(place->source, (size_t)(place->count + 1) * sizeof *place->source);
    place->source[place->count++] = (struct inv_row_source){
        .given = inv_copy_text(path), .place = inv_output_place(path), .file = file,
        .device = (int64_t)about.st_dev, .inode = (int64_t)about.st_ino,
        .bytes = (int64_t)about.st_size, .modified = nanoseconds(about.st_mtim),
        .changed = nanoseconds(about.st_ctim) };
    return 1;
}

/* What is wrong with them is reported where they are read. */
static int add_sources(const struct inv_dataset *data, struct inv_row_place *place,
                       enum inv_source_of source)
{
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    struct inv_paths found = { .count = 0 };
    int good = inv_paths_find(&found, data->model, data->given, source, &silent);
    for (int i = 0; i < found.count && good; i++)
        good = strcmp(found.path[i], "-") != 0 && add_source(place, found.path[i], found.file[i]);
    inv_paths_free(&found);
    return good;
}

static int find_sources(const struct inv_dataset *data, struct inv_row_place *place)
{
    struct timespec now;
    int good = 1;
    /* invar-lint: allow time because a file that changed just now is not trusted to be cached */
    clock_gettime(CLOCK_REALTIME, &now);
    place->begun = nanoseconds(now);
    for (int s = 0; s < INV_SOURCES && good; s++)
        good = add_sources(data, place, (enum inv_source_of)s);
    return good && place->count > 0;
}

static void hash_text(struct inv_sha256 *sha, const char *text)
{
    inv_sha256_update(sha, text, strlen(text) + 1);
}

static void end_hash(struct inv_sha256 *sha, char hash[65])
{
    unsigned char digest[32];
    inv_sha256_final(sha, digest);
    inv_sha256_hex(digest, hash);
}

static void find_key(const struct inv_dataset *data, char key[65])
{
    const struct inv_data *d = &data->model->data;
    uint64_t seed = !d->rows_seeded ? 0 : d->has_seed ? d->seed : data->seed;
    char *numbers = inv_text("%u %llu", data->model->numerics, (unsigned long long)seed);
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    hash_text(&sha, d->rows_key);
    hash_text(&sha, data->model->compiler);
    hash_text(&sha, numbers);
    end_hash(&sha, key);
    free(numbers);
}

/* ---- does memory hold them? ---- */

static void lower(int64_t *least, uint64_t limit)
{
    if (limit < (uint64_t)*least)
        *least = (int64_t)limit;
}

/* Bytes that a process may have: of the machine, of its control group, of `ulimit -d`. */
static int64_t memory_size(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    int64_t least = pages > 0 && page > 0 ? (int64_t)pages * page : INT64_MAX;
    struct rlimit limit;
    unsigned long long group;
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "r");
    if (file && fscanf(file, "%llu", &group) == 1)
        lower(&least, group);
    if (file)
        fclose(file);
    if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        lower(&least, (uint64_t)limit.rlim_cur);
    return least;
}

/* Rows in memory take about as many bytes as text that says them, twice while their array grows.
 * Those of bytes, or of what is compressed, take more: that is seen as they are read. */
static int is_large(const struct inv_row_place *place)
{
    int64_t bytes = 0;
    for (int i = 0; i < place->count; i++)
        bytes += place->source[i].bytes;
    return bytes > place->memory;
}

/* ---- where ---- */

/* A folder in the user's cache that is this user's alone, in new memory, or NULL.  make: it is made
 * where it is not there. */
static char *find_folder(int make)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    struct stat about;
    if (!(cache && *cache) && !(home && *home))
        return NULL;
    char *above = cache && *cache ? inv_copy_text(cache) : inv_text("%s/.cache", home);
    char *middle = inv_text("%s/invar", above), *folder = inv_text("%s/rows", middle);
    if (make) {
        (void)mkdir(above, 0700);
        (void)mkdir(middle, 0700);
        (void)mkdir(folder, 0700);
    }
    int good = stat(folder, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid()
               && !(about.st_mode & 022) && access(folder, W_OK | X_OK) == 0;
    free(above);
    free(middle);
    if (good)
        return folder;
    free(folder);
    return NULL;
}

/* One file for each set of sources and way to read them, so that a source that changes leaves no
 * file behind. */
static char *cached_path(const struct inv_dataset *data, const struct inv_row_place *place,
                         int make)
{
    enum { DIGITS = 32 };
    struct inv_sha256 sha;
    char hash[65], *folder = find_folder(make);
    inv_sha256_init(&sha);
    hash_text(&sha, place->key);
    for (int i = 0; i < place->count; i++)
        hash_text(&sha, place->source[i].place);
    end_hash(&sha, hash);
    char *path = folder ? inv_text("%s/%s-%.*s.rows", folder, data->model->data.name, DIGITS, hash)
                        : NULL;
    free(folder);
    return path;
}

/* ---- whether ---- */

/* Why rows of this model cannot be kept, or NULL. */
static const char *obstacle(const struct inv_dataset *data)
{
    const struct inv_data *d = &data->model->data;
    if (d->kind == INV_RANDOM)
        return "they are drawn, and read from no file";
    if (data->arrays)
        return "they are in memory";
    if (d->files)
        return "they are read from files that cells name";
    if (d->window > 0 || data->whole)
        return "they are windows of rows that follow one another";
    if (data->model->device_type)
        return "this trainer runs on a device, which reads them from memory";
    return d->rows_key ? NULL : "this model says no key of them";
}

int inv_row_place_find(const struct inv_dataset *data, struct inv_row_place *place)
{
    const char *given = data->rows_given, *why = obstacle(data);
    *place = (struct inv_row_place){ .asked = given && strcmp(given, "auto") != 0 };
    if (given && strcmp(given, "off") == 0)
        return 0;
    if (place->asked && why) {
        inv_error(data->errors, "--rows %s: the rows of data %s cannot be kept in a file: %s; "
                  "leave the option out", given, data->model->data.name, why);
        return -1;
    }
    if (place->asked && inv_output_is_standard(given)) {
        inv_error(data->errors, "--rows %s: rows are read again from where they are kept, which "
                  "standard output cannot be; name a file", given);
        return -1;
    }
    if (data->model->data.files && !place->asked)
        place->memory = inv_dataset_may_decode(data) ? memory_size() / 2 : 0;
    if (why)
        return 0;
    if (!find_sources(data, place)) {
        if (place->asked)
            inv_note(data->errors, "--rows %s: rows that come from standard input or a pipe, or "
                     "from files that are not there, are kept in memory", given);
        return 0;
    }
    find_key(data, place->key);
    place->memory = place->asked ? 0 : memory_size() / 2;
    place->path = place->asked ? inv_copy_text(given) : cached_path(data, place, is_large(place));
    return place->path && (place->asked || is_large(place) || access(place->path, F_OK) == 0);
}

int inv_row_place_instead(struct inv_row_place *place, const struct inv_dataset *data)
{
    free(place->path);
    place->path = cached_path(data, place, 1);
    return place->path != NULL;
}

void inv_row_place_free(struct inv_row_place *place)
{
    for (int i = 0; i < place->count; i++) {
        free(place->source[i].given);
        free(place->source[i].place);
    }
    free(place->source);
    free(place->path);
    *place = (struct inv_row_place){ .count = 0 };
}
