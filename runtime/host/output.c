#include "output.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ending.h"

static const char *cure(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT: return "; free some space";
    case EACCES:
    case EPERM:
    case EROFS: return "; choose a place that you may write to";
    case ENOENT:
    case ENOTDIR: return "; make its folder first";
    case EFBIG: return "; allow larger files (ulimit -f)";
    case EISDIR: return "; choose another name";
    default: return "";
    }
}

static int fail(struct inv_output *out, const char *doing)
{
    int kept = out->temporary && errno != ENOENT;
    if (!out->failed++)
        inv_error(out->errors, "%s: cannot %s: %s%s%s", out->name, doing, strerror(errno),
                  cure(errno), kept ? "; the old file, if any, is unchanged" : "");
    return 0;
}

/* ---- where a name leads ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash          ? inv_copy_text(".")
           : slash == path ? inv_copy_text("/")
                           : inv_text("%.*s", (int)(slash - path), path);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the symbolic link says, beside the link; NULL where it is none. */
static char *follow(const char *link)
{
    char text[4096];
    ssize_t length = readlink(link, text, sizeof text - 1);
    if (length <= 0)
        return NULL;
    text[length] = 0;
    char *folder = folder_of(link);
    char *target = text[0] == '/' ? inv_copy_text(text) : inv_text("%s/%s", folder, text);
    free(folder);
    return target;
}

char *inv_output_place(const char *name)
{
    enum { LINKS = 40 };
    char *real = realpath(name, NULL), *path = inv_copy_text(name), *next;
    for (int i = 0; !real && i < LINKS && (next = follow(path)); i++) {
        free(path);
        path = next;
    }
    char *folder = folder_of(path), *real_folder = real ? NULL : realpath(folder, NULL);
    if (real_folder && *base_of(path))
        real = inv_text("%s%s%s", real_folder, real_folder[1] ? "/" : "", base_of(path));
    free(folder);
    free(real_folder);
    free(path);
    return real ? real : inv_copy_text(name);
}

/* A terminal or a null device is not: what goes there twice does not mix in any file. */
static int is_standard(const struct stat *about)
{
    struct stat standard;
    return !S_ISCHR(about->st_mode) && !S_ISDIR(about->st_mode) &&
           fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == about->st_dev &&
           standard.st_ino == about->st_ino;
}

int inv_output_is_standard(const char *name)
{
    struct stat about;
    return strcmp(name, "-") == 0 || (stat(name, &about) == 0 && is_standard(&about));
}

/* ---- what is there ---- */

/* The first bytes of a file; 0 where it cannot be read: see errno. */
static int read_head(const char *name, char head[INV_OUTPUT_HEAD + 1], size_t *size)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        return 0;
    *size = fread(head, 1, INV_OUTPUT_HEAD, file);
    head[*size] = 0;
    int good = !ferror(file);
    fclose(file);
    return good;
}

int inv_output_replaces(const char *option, const char *name, const struct inv_output_sign *sign,
                        struct inv_errors *errors)
{
    struct stat about;
    char head[INV_OUTPUT_HEAD + 1];
    size_t size;
    if (stat(name, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size == 0 ||
        inv_output_is_standard(name))
        return 1;
    if (!read_head(name, head, &size))
        inv_error(errors, "%s %s: what is there cannot be read: %s; name another file, or remove "
                  "it", option, name, strerror(errno));
    else if (!sign->is(head, size))
        inv_error(errors, "%s %s: what is there is no %s; name another file, or remove it", option,
                  name, sign->what);
    else
        return 1;
    return 0;
}

/* ---- opening ---- */

static int open_standard(struct inv_output *out, enum inv_output_kind kind)
{
    out->name = "standard output";
    out->file = stdout;
    if (kind == INV_PROGRAM)
        inv_error(out->errors, "a program cannot go to standard output; name a file");
    return kind != INV_PROGRAM;
}

/* ---- what killed writers left ---- */

/* Who writes a file holds its lock; a minute is time enough to take it. */
enum { BASE = 200, FRESH = 60 };

static void remove_unless_written(const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    /* invar-lint: allow time because only files that a killed run left are removed by age */
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
        time(NULL) - about.st_mtime > FRESH && flock(file, LOCK_EX | LOCK_NB) == 0)
        unlink(path);
    close(file);
}

/* BASE.PID-TRY.part */
static int is_part_of(const char *name, const char *base)
{
    static const char digits[] = "0123456789";
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || name[length] != '.')
        return 0;
    const char *at = name + length + 1;
    size_t pid = strspn(at, digits), try = at[pid] == '-' ? strspn(at + pid + 1, digits) : 0;
    return pid > 0 && try > 0 && strcmp(at + pid + 1 + try, ".part") == 0;
}

static void remove_left(const char *path, const char *folder)
{
    DIR *all = opendir(folder);
    char *base = inv_text("%.*s", BASE, base_of(path));
    /* invar-lint: allow machine because what is left over is removed, in whatever order */
    for (struct dirent *entry; all && (entry = readdir(all)) != NULL;)
        if (is_part_of(entry->d_name, base)) {
            char *left = inv_text("%s/%s", folder, entry->d_name);
            remove_unless_written(left);
            free(left);
        }
    if (all)
        closedir(all);
    free(base);
}

/* The base is cut, so that every name that a file can have leaves room for the rest. */
static int open_temporary(struct inv_output *out, mode_t mode)
{
    enum { TRIES = 100 };
    char *folder = folder_of(out->path);
    remove_left(out->path, folder);
    int file = -1;
    for (int i = 0; file < 0 && i < TRIES && (i == 0 || errno == EEXIST); i++) {
        free(out->temporary);
        /* invar-lint: allow machine because it is in the name of a temporary file only */
        out->temporary = inv_text("%s/%.*s.%ld-%d.part", folder, BASE, base_of(out->path),
                                  (long)getpid(), i);
        out->listed = inv_ending_add(out->temporary);
        file = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file < 0)
            inv_ending_drop(out->listed);
        else
            (void)flock(file, LOCK_EX | LOCK_NB);
    }
    free(folder);
    return file;
}

/* A new file has the permissions, and where that is allowed the owner, of the one that it takes
 * the place of. */
static int open_beside(struct inv_output *out, enum inv_output_kind kind, const struct stat *old)
{
    int file = open_temporary(out, kind == INV_PROGRAM ? 0777 : 0666);
    if (file < 0)
        return fail(out, "write");
    if (old && kind != INV_PROGRAM &&
        (fchown(file, old->st_uid, old->st_gid) != 0 || fchmod(file, old->st_mode & 0777) != 0))
        errno = 0;
    out->file = fdopen(file, "wb");
    if (out->file)
        return 1;
    int why = errno;
    close(file);
    unlink(out->temporary);
    inv_ending_drop(out->listed);
    errno = why;
    return fail(out, "write");
}

static int open_special(struct inv_output *out, const struct stat *about)
{
    if (S_ISDIR(about->st_mode)) {
        errno = EISDIR;
        return fail(out, "write");
    }
    if (S_ISBLK(about->st_mode)) {
        inv_error(out->errors, "%s: is a disk or another device with blocks, which would lose what "
                  "it holds; name a file", out->name);
        return 0;
    }
    out->file = fopen(out->name, "wb");
    return out->file || fail(out, "write");
}

/* Two programs would tear each other's lines, or lose them: the file is locked while it grows,
 * where the file system can. */
static int open_growing(struct inv_output *out, enum inv_output_kind kind)
{
    int appended = kind == INV_APPENDED;
    int file = open(out->path, O_WRONLY | O_CREAT | O_CLOEXEC | (appended ? O_APPEND : 0), 0666);
    if (file < 0)
        return fail(out, "write");
    if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(file);
        inv_error(out->errors, "%s: another program writes to it now; name another file",
                  out->name);
        return 0;
    }
    if (!appended && ftruncate(file, 0) != 0) {
        close(file);
        return fail(out, "write");
    }
    out->file = fdopen(file, appended ? "ab" : "wb");
    if (!out->file)
        close(file);
    return out->file || fail(out, "write");
}

static int open_place(struct inv_output *out, enum inv_output_kind kind)
{
    struct stat about;
    int there = stat(out->name, &about) == 0;
    if (strcmp(out->name, "-") == 0 || (there && is_standard(&about)))
        return open_standard(out, kind);
    if (!there && (errno != ENOENT || !*out->name))
        return fail(out, "write");
    if (there && !S_ISREG(about.st_mode))
        return open_special(out, &about);
    out->path = inv_output_place(out->name);
    if (kind != INV_GROWING && kind != INV_APPENDED)
        return open_beside(out, kind, there ? &about : NULL);
    return open_growing(out, kind);
}

int inv_output_open_as(struct inv_output *out, const char *name, enum inv_output_kind kind,
                       struct inv_errors *errors)
{
    *out = (struct inv_output){ .name = name, .errors = errors, .listed = -1,
                                .derived = kind == INV_DERIVED };
    inv_sha256_init(&out->sha);
    if (open_place(out, kind))
        return 1;
    free(out->temporary);
    free(out->path);
    return 0;
}

int inv_output_open(struct inv_output *out, const char *name, struct inv_errors *errors)
{
    return inv_output_open_as(out, name, INV_WHOLE, errors);
}

void inv_output_open_nowhere(struct inv_output *out)
{
    *out = (struct inv_output){ .listed = -1 };
    inv_sha256_init(&out->sha);
}

int inv_output_possible(const char *name, enum inv_output_kind kind, struct inv_errors *errors)
{
    struct stat about;
    struct inv_output out;
    if (stat(name, &about) == 0 && !is_standard(&about) &&
        (S_ISCHR(about.st_mode) || S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode)))
        return 1;
    if (!inv_output_open_as(&out, name, kind, errors))
        return 0;
    inv_output_abandon(&out);
    return 1;
}

void inv_output_write(struct inv_output *out, const void *bytes, size_t count)
{
    inv_sha256_update(&out->sha, bytes, count);
    if (count > 0 && out->file && fwrite(bytes, 1, count, out->file) != count)
        fail(out, "write");
}

void inv_output_print(struct inv_output *out, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = inv_allocate((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    inv_output_write(out, text, (size_t)length);
    free(text);
    va_end(again);
    va_end(arguments);
}

void inv_output_digest(const struct inv_output *out, char digest[65])
{
    struct inv_sha256 sha = out->sha;
    uint8_t bytes[32];
    inv_sha256_final(&sha, bytes);
    inv_sha256_hex(bytes, digest);
}

void inv_output_amend(struct inv_output *out, long at, const void *bytes, size_t count)
{
    if (fseek(out->file, at, SEEK_SET) != 0 || fwrite(bytes, 1, count, out->file) != count)
        fail(out, "write");
}

/* ---- closing ---- */

/* PATH.`from` becomes PATH.`to`; PATH.0 is PATH.  0 where it is there and cannot. */
static int shift(const struct inv_output *out, int from, int to)
{
    char *old = from ? inv_text("%s.%d", out->path, from) : inv_copy_text(out->path);
    char *new = to ? inv_text("%s.%d", out->path, to) : inv_copy_text(out->path);
    int good = rename(old, new) == 0 || errno == ENOENT;
    free(old);
    free(new);
    return good;
}

/* Puts the file in its place, and what was there behind it.  At every moment the newest whole file
 * is there, as PATH or as PATH.1. */
static int put_in_place(const struct inv_output *out)
{
    int older = access(out->path, F_OK) == 0 ? out->older : 0, good = 1, error;
    for (int i = older; i > 0 && good; i--)
        good = shift(out, i - 1, i);
    if (good && rename(out->temporary, out->path) == 0)
        return 1;
    error = errno;
    if (older > 0 && access(out->path, F_OK) != 0)
        shift(out, 1, 0);
    errno = error;
    return 0;
}

/* The rename itself lasts only when the folder is on disk, too; where it cannot be synced the file
 * system does without. */
static void sync_folder(const char *path)
{
    char *folder = folder_of(path);
    int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle >= 0) {
        (void)fsync(handle);
        close(handle);
    }
    free(folder);
}

static void end(struct inv_output *out)
{
    inv_ending_drop(out->listed);
    free(out->temporary);
    free(out->path);
}

/* An earlier write may have failed, too, by whoever wrote to the file itself. */
int inv_output_settle(struct inv_output *out)
{
    int torn = ferror(out->file), synced = out->path && !out->derived;
    if (fflush(out->file) != 0 || (synced && fsync(fileno(out->file)) != 0)) {
        fail(out, "write");
    } else if (torn) {
        errno = EIO;                    /* the reason is no longer known */
        fail(out, "write");
    }
    return !out->failed;
}

int inv_output_close(struct inv_output *out, char digest[65])
{
    if (digest)
        inv_output_digest(out, digest);
    inv_output_settle(out);
    if (out->file != stdout && fclose(out->file) != 0)
        fail(out, "write");
    if (out->temporary && !out->failed && !put_in_place(out))
        fail(out, "rename");
    if (out->temporary && out->failed)
        unlink(out->temporary);
    else if (out->temporary && !out->derived)
        sync_folder(out->path);
    end(out);
    return !out->failed;
}

void inv_output_abandon(struct inv_output *out)
{
    if (out->file != stdout)
        fclose(out->file);
    if (out->temporary)
        unlink(out->temporary);
    end(out);
}
