#include "log.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include "json.h"

int inv_log_open(struct inv_log *log, const char *path, FILE *to, int go_on,
                 struct inv_errors *errors)
{
    *log = (struct inv_log){ .path = path, .file = to, .errors = errors };
    if (!path)
        return 1;
    if (!inv_output_open_as(&log->output, path, go_on ? INV_APPENDED : INV_GROWING, errors))
        return 0;
    log->file = log->output.file;
    return 1;
}

/* The first line is of the environment. */
static int is_log(const char *head, size_t size)
{
    static const char begin[] = "{\"model\":";
    return size >= sizeof begin - 1 && memcmp(head, begin, sizeof begin - 1) == 0;
}

const struct inv_output_sign inv_log_sign = { "log of a trainer", is_log };

static void write_key(struct inv_log *log, const char *prefix, const char *name)
{
    fprintf(log->file, "%s\"%s%s\":", log->members++ ? "," : "", prefix, name);
}

void inv_log_begin(struct inv_log *log)
{
    log->members = 0;
    if (log->file)
        fputc('{', log->file);
}

void inv_log_end(struct inv_log *log)
{
    if (!log->file)
        return;
    fputs("}\n", log->file);
    if (fflush(log->file) != 0 && !log->failed++)
        inv_error(log->errors, "%s: cannot write the log: %s", log->path, strerror(errno));
}

void inv_log_text(struct inv_log *log, const char *key, const char *value)
{
    if (!log->file)
        return;
    write_key(log, "", key);
    inv_json_write(log->file, value);
}

void inv_log_texts(struct inv_log *log, const char *key, const char *const *value, int count)
{
    if (!log->file)
        return;
    write_key(log, "", key);
    fputc('[', log->file);
    for (int i = 0; i < count; i++) {
        if (i)
            fputc(',', log->file);
        inv_json_write(log->file, value[i]);
    }
    fputc(']', log->file);
}

void inv_log_whole(struct inv_log *log, const char *key, uint64_t value)
{
    if (!log->file)
        return;
    write_key(log, "", key);
    fprintf(log->file, "%llu", (unsigned long long)value);
}

void inv_log_wholes(struct inv_log *log, const char *key, const int32_t *value, int64_t count)
{
    if (!log->file)
        return;
    write_key(log, "", key);
    for (int64_t i = 0; i < count; i++)
        fprintf(log->file, "%c%d", i ? ',' : '[', value[i]);
    fputs(count > 0 ? "]" : "[]", log->file);
}

void inv_log_real(struct inv_log *log, const char *prefix, const char *name, double value)
{
    inv_log_array(log, prefix, name, 0, NULL, &value);
}

static void write_real(FILE *to, double value)
{
    if (isfinite(value))
        fprintf(to, "%.9g", value);
    else
        fputs("null", to);
}

/* Writes the values from `at` on, of that shape; the place behind them. */
static const double *write_array(FILE *to, int rank, const int64_t *dim, const double *at)
{
    if (rank == 0) {
        write_real(to, *at);
        return at + 1;
    }
    for (int64_t i = 0; i < dim[0]; i++) {
        fputc(i ? ',' : '[', to);
        at = write_array(to, rank - 1, dim + 1, at);
    }
    fputc(']', to);
    return at;
}

void inv_log_array(struct inv_log *log, const char *prefix, const char *name, int rank,
                   const int64_t *dim, const double *value)
{
    if (!log->file)
        return;
    write_key(log, prefix, name);
    write_array(log->file, rank, dim, value);
}

int inv_log_close(struct inv_log *log)
{
    log->output.failed = log->failed;   /* one message is enough */
    if (log->path && log->file && !inv_output_close(&log->output, NULL))
        log->failed++;
    log->file = NULL;
    return !log->failed;
}
