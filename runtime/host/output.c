#include "output.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(struct inv_output *out, const char *doing)
{
    if (!out->failed++)
        inv_error(out->errors, "%s: cannot %s: %s%s", out->path, doing, strerror(errno),
                  out->temporary ? "; the old file, if any, is unchanged" : "");
}

/* Through a symbolic link the file it names is replaced, not the link. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : inv_copy_text(path);
}

int inv_output_open(struct inv_output *out, const char *path, struct inv_errors *errors)
{
    struct stat about;
    *out = (struct inv_output){ .errors = errors };
    inv_sha256_init(&out->sha);
    if (strcmp(path, "-") == 0) {
        out->path = inv_copy_text("standard output");
        out->file = stdout;
        return 1;
    }
    out->path = resolve(path);
    int special = stat(out->path, &about) == 0 && !S_ISREG(about.st_mode);
    if (!special)
        out->temporary = inv_text("%s.%ld.part", out->path, (long)getpid());
    out->file = fopen(special ? out->path : out->temporary, "wb");
    if (out->file)
        return 1;
    fail(out, "write");
    free(out->temporary);
    free(out->path);
    return 0;
}

int inv_output_possible(const char *path, struct inv_errors *errors)
{
    struct stat about;
    struct inv_output out;
    if (strcmp(path, "-") == 0 ||
        (stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)))
        return 1;
    if (!inv_output_open(&out, path, errors))
        return 0;
    fclose(out.file);
    unlink(out.temporary);
    free(out.temporary);
    free(out.path);
    return 1;
}

void inv_output_write(struct inv_output *out, const void *bytes, size_t count)
{
    inv_sha256_update(&out->sha, bytes, count);
    if (count > 0 && fwrite(bytes, 1, count, out->file) != count)
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

/* The rename itself lasts only when the folder is on disk, too; where it cannot be synced the file
 * system does without. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? inv_text("%.*s", (int)(slash - path + 1), path) : inv_copy_text(".");
    FILE *handle = fopen(folder, "r");
    if (handle) {
        (void)fsync(fileno(handle));
        fclose(handle);
    }
    free(folder);
}

int inv_output_close(struct inv_output *out, char digest[65])
{
    uint8_t bytes[32];
    inv_sha256_final(&out->sha, bytes);
    inv_sha256_hex(bytes, digest);
    if (fflush(out->file) != 0 || (out->temporary && fsync(fileno(out->file)) != 0))
        fail(out, "write");
    if (out->file != stdout && fclose(out->file) != 0)
        fail(out, "write");
    if (out->temporary && !out->failed && rename(out->temporary, out->path) != 0)
        fail(out, "rename");
    if (out->temporary && out->failed)
        unlink(out->temporary);
    else if (out->temporary)
        sync_folder(out->path);
    free(out->temporary);
    free(out->path);
    return !out->failed;
}
