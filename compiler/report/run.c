#include "report/run.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include "base/text.h"

enum { LOG_MAX = 256 << 20 };           /* bytes */

static const double COUNT_MAX = 9007199254740992.0;     /* 2^53: of epochs and steps */

const char *const run_pace[PACES] = {[BY_EPOCH] = "epoch", [BY_STEP] = "step"};

static bool is_readable(const char *path, struct inv_errors *errors)
{
    struct stat info;
    const char *why = stat(path, &info)                               ? strerror(errno)
                      : S_ISDIR(info.st_mode)                         ? "it is a directory"
                      : S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode) ? NULL
                                                                      : "it is no regular file";
    if (why)
        inv_error(errors, "%s: cannot read the log: %s; name what a trainer wrote with --log", path,
                  why);
    return !why;
}

/* The whole log, or false after an error. */
static bool read_file(struct arena *arena, struct inv_errors *errors, const char *path,
                      struct text *text)
{
    static char part[1 << 16];
    size_t n;
    FILE *file = is_readable(path, errors) ? fopen(path, "rb") : NULL;
    text_init(text, arena);
    text_puts(text, "");
    while (file && text->size <= LOG_MAX && (n = fread(part, 1, sizeof part, file)) > 0)
        text_add(text, part, n);
    int wrong = !file || ferror(file) ? errno : 0;
    if (file)
        fclose(file);
    if (wrong && errors->count == 0)
        inv_error(errors, "%s: cannot read the log: %s", path, strerror(wrong));
    else if (text->size > LOG_MAX)
        inv_error(errors, "%s: more than %d MB are no log; log fewer steps: --log-every", path,
                  LOG_MAX >> 20);
    else if (memchr(text->data, 0, text->size))
        inv_error(errors, "%s: a zero byte is in it, so this is no log that a trainer wrote with "
                  "--log", path);
    return errors->count == 0;
}

/* "runs/a.jsonl" is called "a". */
static const char *name_of(struct arena *arena, const char *path)
{
    const char *name = text_base_name(path);
    size_t size = strlen(name);
    if (size > 6 && !strcmp(name + size - 6, ".jsonl"))
        size -= 6;
    return arena_strndup(arena, name, size);
}

/* ---- series ---- */

static bool splits(const char *key, const char *part)
{
    size_t size = strlen(part);
    return !strncmp(key, part, size) && key[size] == '.' && key[size + 1];
}

static struct series *series_of(struct arena *arena, struct run *run, enum pace pace,
                                const char *key)
{
    static const char *const parts[] = {"val", "test", "train"};
    for (int i = 0; i < run->series_count; i++)
        if (run->series[i].pace == pace && !strcmp(run->series[i].key, key))
            return &run->series[i];
    struct series *s = &ARENA_PUSH(arena, run->series, run->series_count, run->series_room);
    *s = (struct series){.key = key, .name = key, .part = "", .pace = pace};
    for (int i = 0; i < 3; i++)
        if (splits(key, parts[i])) {
            s->part = parts[i];
            s->name = key + strlen(parts[i]) + 1;
        }
    return s;
}

static void add_point(struct arena *arena, struct series *s, double x, double y)
{
    int count = s->count;
    ARENA_PUSH(arena, s->x, count, s->room) = x;
    ARENA_PUSH(arena, s->y, s->count, s->y_room) = y;
}

/* The numbers of a line of an epoch or step; `steps` is another name of its place. */
static bool add_points(struct arena *arena, struct inv_errors *errors, struct run *run,
                       const struct entry *line, enum pace pace)
{
    const struct member *at = entry_find(line, run_pace[pace]);
    double x = member_is_number(at) ? at->value[0] : -1;
    if (!(x >= 0 && x < COUNT_MAX && x == floor(x))) {
        inv_error(errors, "%s: line %d: \"%s\" is no whole number; this is no log that a trainer "
                  "wrote", run->path, line->number, at->key);
        return false;
    }
    for (int i = 0; i < line->count; i++) {
        const struct member *m = &line->member[i];
        if (m == at || !member_is_number(m) || !strcmp(m->key, "steps"))
            continue;
        struct series *s = series_of(arena, run, pace, m->key);
        if (s->count && !(s->x[s->count - 1] < x)) {
            inv_error(errors, "%s: line %d: %s %.9g comes after %s %.9g; are these two logs in one "
                      "file? Give each its own", run->path, line->number, at->key, x, at->key,
                      s->x[s->count - 1]);
            return false;
        }
        add_point(arena, s, x, m->value[0]);
    }
    return true;
}

/* ---- runs that went on from a checkpoint ---- */

/* What was logged after that step comes again, and so does what is of the whole run. */
static void go_back(struct run *run, double step)
{
    run->other_count -= run->before;
    for (int i = 0; i < run->other_count; i++)
        run->other[i] = run->other[i + run->before];
    run->before = 0;
    while (run->epoch_count && entry_number(&run->epoch[run->epoch_count - 1], "steps") > step)
        run->epoch_count--;
    double epoch = run->epoch_count ? entry_number(&run->epoch[run->epoch_count - 1], "epoch") : 0;
    for (int i = 0; i < run->series_count; i++) {
        struct series *s = &run->series[i];
        while (s->count && (s->pace == BY_STEP ? s->x[s->count - 1] >= step
                                               : s->x[s->count - 1] > epoch))
            s->count--;
    }
}

/* Those of which nothing came again. */
static void drop_empty(struct run *run)
{
    int kept = 0;
    for (int i = 0; i < run->series_count; i++)
        if (run->series[i].count)
            run->series[kept++] = run->series[i];
    run->series_count = kept;
}

/* ---- lines ---- */

static bool begin(struct inv_errors *errors, struct run *run, const struct entry *line)
{
    run->first = *line;
    if (*run_fact(run, "model"))
        return true;
    inv_error(errors, "%s: line 1 names no \"model\", so this is no log that a trainer wrote with "
              "--log", run->path);
    return false;
}

static bool take_line(struct arena *arena, struct inv_errors *errors, struct run *run,
                      const struct entry *line)
{
    if (line->number == 1)
        return begin(errors, run, line);
    run->not_finite = entry_find(line, "not_finite") && entry_number(line, "skipped") == 0;
    if (entry_find(line, run_pace[BY_EPOCH])) {
        ARENA_PUSH(arena, run->epoch, run->epoch_count, run->epoch_room) = *line;
        return add_points(arena, errors, run, line, BY_EPOCH);
    }
    if (entry_find(line, run_pace[BY_STEP]))
        return add_points(arena, errors, run, line, BY_STEP);
    if (entry_find(line, "model")) {    /* the environment of what goes on: a line will say where */
        run->before = run->other_count;
        return true;
    }
    if (entry_find(line, "resumed_step")) {
        go_back(run, entry_number(line, "resumed_step"));
        return true;
    }
    ARENA_PUSH(arena, run->other, run->other_count, run->other_room) = *line;
    const struct member *hash = entry_find(line, "sha256");
    if (entry_find(line, "weights") && hash && hash->is_text)
        run->weights = hash->text;
    return true;
}

/* The line up to `end`, which has no line end where the log was cut off. */
static bool read_lines(struct arena *arena, struct inv_errors *errors, struct run *run,
                       const struct text *text)
{
    const char *at = text->data, *limit = text->data + text->size;
    struct entry line;
    for (int number = 1; at < limit; number++) {
        const char *end = memchr(at, '\n', (size_t)(limit - at));
        if (!end) {
            inv_error(errors, "%s: line %d is cut off: the run ended while it wrote it, or goes "
                      "on; remove the line to see what is before it", run->path, number);
            return false;
        }
        if (!entry_read(arena, errors, run->path, number, at, (size_t)(end - at), &line) ||
            !take_line(arena, errors, run, &line))
            return false;
        at = end + 1;
    }
    return true;
}

bool run_read(struct arena *arena, struct inv_errors *errors, const char *path, struct run *run)
{
    struct text text;
    *run = (struct run){.path = path, .name = name_of(arena, path)};
    if (!read_file(arena, errors, path, &text))
        return false;
    if (text.size == 0) {
        inv_error(errors, "%s: the log is empty: its run ended before it began to train", path);
        return false;
    }
    if (!read_lines(arena, errors, run, &text))
        return false;
    drop_empty(run);
    return true;
}

const char *run_fact(const struct run *run, const char *key)
{
    const struct member *m = entry_find(&run->first, key);
    return m && m->text ? m->text : "";
}

const struct series *run_series(const struct run *run, enum pace pace, const char *key)
{
    for (int i = 0; i < run->series_count; i++)
        if (run->series[i].pace == pace && !strcmp(run->series[i].key, key))
            return &run->series[i];
    return NULL;
}
