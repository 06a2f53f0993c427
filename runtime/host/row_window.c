#include "row_window.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "errors.h"

enum {
    SPAN = 1 << 16,                     /* bytes that a page fault maps */
    MAPPED = 5,                         /* rows in so many from which on that beats reading each */
    RESIDENT = 16 << 20,                /* bytes that are mapped until their pages are let go */
    COST = 1000,                        /* scalar operations in the time that a row takes */
    DIGIT = 10                          /* bits by which rows are sorted at a time */
};

struct inv_row_window {
    int64_t room, held, last, next;     /* rows; those of the last batch, and behind it */
    int64_t rows;                       /* of the file */
    int bits;                           /* 2^bits of them are a block, which is let in at once */
    unsigned char *byte;                /* the rows, in their order */
    int32_t *row;                       /* which they are */
    int32_t *lying, *other;             /* their places in `row`, block by block: ~place where the
                                         * block is mapped; room to sort them */
    int32_t *place;                     /* 0, 1, 2 ... */
};

int inv_row_bytes(int file, void *to, size_t bytes, int64_t at)
{
    while (bytes > 0) {
        ssize_t got = pread(file, to, bytes, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        to = (unsigned char *)to + got;
        bytes -= (size_t)got;
        at += got;
    }
    return 1;
}

struct inv_row_window *inv_row_window_new(const struct inv_row_map *map, int64_t bytes,
                                          int64_t rows)
{
    struct inv_row_window *w = inv_allocate(sizeof *w);
    int64_t each = (int64_t)(map->row_bytes + 3 * sizeof(int32_t));
    *w = (struct inv_row_window){ .room = bytes / each > rows ? bytes / each : rows,
        .rows = (int64_t)((map->size - map->first) / map->row_bytes) };
    while ((int64_t)map->row_bytes << (w->bits + 1) <= SPAN)
        w->bits++;
    w->byte = inv_allocate((size_t)w->room * map->row_bytes);
    w->row = inv_allocate((size_t)w->room * sizeof *w->row);
    w->lying = inv_allocate((size_t)w->room * sizeof *w->lying);
    w->other = inv_allocate((size_t)w->room * sizeof *w->other);
    w->place = inv_allocate((size_t)rows * sizeof *w->place);
    for (int64_t i = 0; i < rows; i++)
        w->place[i] = (int32_t)i;
    return w;
}

int inv_row_window_sparse(const struct inv_row_window *w, const struct inv_row_map *map)
{
    return (uint64_t)w->room * SPAN < (uint64_t)map->size * MAPPED;
}

static void sort_by_digit(struct inv_row_window *w, int shift)
{
    enum { MASK = (1 << DIGIT) - 1 };
    int64_t first[MASK + 2] = { 0 };
    for (int64_t i = 0; i < w->held; i++)
        first[(w->row[i] >> shift & MASK) + 1]++;
    for (int d = 0; d < MASK; d++)
        first[d + 1] += first[d];
    for (int64_t i = 0; i < w->held; i++)
        w->other[first[w->row[w->lying[i]] >> shift & MASK]++] = w->lying[i];
    int32_t *sorted = w->other;
    w->other = w->lying;
    w->lying = sorted;
}

/* Rows of a block stay in their order. */
static void sort_by_block(struct inv_row_window *w)
{
    for (int64_t i = 0; i < w->held; i++)
        w->lying[i] = (int32_t)i;
    for (int shift = w->bits; (w->rows - 1) >> shift > 0; shift += DIGIT)
        sort_by_digit(w, shift);
}

static size_t place_of(const struct inv_row_map *map, int32_t row)
{
    return map->first + (size_t)row * map->row_bytes;
}

static _Noreturn void gone(const struct inv_row_map *map)
{
    inv_give_up(INV_BAD_DATA, "%s: rows cannot be read any more: %s; run again, which makes the "
                "file anew", map->path, errno ? strerror(errno) : "it was cut short");
}

/* A run as the group that reads rows sees it. */
struct reading {
    struct inv_run run;
    const struct inv_row_window *window;
    const struct inv_row_map *map;
    int64_t begin;                      /* of what lies there */
};

static void read_rows(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct reading *r = (const struct reading *)(const void *)run;
    const struct inv_row_window *w = r->window;
    const struct inv_row_map *map = r->map;
    for (int64_t i = r->begin + begin; i < r->begin + end; i++) {
        int32_t at = w->lying[i] < 0 ? ~w->lying[i] : w->lying[i], row = w->row[at];
        unsigned char *to = w->byte + (size_t)at * map->row_bytes;
        errno = 0;
        if (w->lying[i] < 0)
            memcpy(to, map->at + place_of(map, row), map->row_bytes);
        else if (!inv_row_bytes(map->file, to, map->row_bytes, (int64_t)place_of(map, row)))
            gone(map);
    }
}

void inv_row_check_size(const struct inv_row_map *map)
{
    struct stat s;
    errno = 0;
    if (fstat(map->file, &s) || (uint64_t)s.st_size < (uint64_t)map->size)
        gone(map);
}

/* Behind the rows that lie in a block, from `first` on; *resident grows by what is mapped of it. */
static int64_t pass_block(struct inv_row_window *w, int64_t row_bytes, int64_t first,
                          int64_t *resident)
{
    int64_t end = first, bytes = row_bytes << w->bits;
    int32_t block = w->row[w->lying[first]] >> w->bits;
    while (end < w->held && w->row[w->lying[end]] >> w->bits == block)
        end++;
    if ((end - first) * SPAN < bytes * MAPPED)
        return end;
    for (int64_t i = first; i < end; i++)
        w->lying[i] = ~w->lying[i];
    *resident += bytes;
    return end;
}

/* As many blocks at a time as may be resident. */
static void fill(struct inv_row_window *w, const struct inv_row_map *map,
                 const struct inv_run *run)
{
    struct reading r = { .run = *run, .window = w, .map = map };
    for (int64_t end = 0; r.begin < w->held; r.begin = end) {
        int64_t resident = 0;
        while (end < w->held && resident < RESIDENT)
            end = pass_block(w, (int64_t)map->row_bytes, end, &resident);
        inv_row_check_size(map);
        inv_for(&r.run, read_rows, end - r.begin, COST * (end - r.begin));
        if (resident > 0)
            (void)madvise(map->at, map->size, MADV_DONTNEED);
    }
}

static int is_at(const struct inv_row_window *w, int64_t at, const int32_t *row, int64_t count)
{
    return at + count <= w->held &&
           memcmp(w->row + at, row, (size_t)count * sizeof *row) == 0;
}

/* Puts rows row[0 .. count - 1] behind `listed` others, as far as there is room; how many they then
 * are. */
static int64_t list(int32_t *to, int64_t listed, int64_t room, const int32_t *row, int64_t count)
{
    count = count < room - listed ? count : room - listed;
    memcpy(to + listed, row, (size_t)count * sizeof *row);
    return listed + count;
}

int64_t inv_row_ahead_list(const struct inv_row_ahead *a, const int32_t *row, int64_t count,
                           int32_t *to, int64_t room)
{
    int64_t listed = list(to, 0, room, row, count + (a ? a->rest : 0));
    for (int64_t at = a ? a->next : 0; a && at < a->end && listed < room; at += a->step) {
        int64_t batch = a->end - at < a->batch ? a->end - at : a->batch;
        int64_t first = a->first * batch / a->parts, last = a->last * batch / a->parts;
        listed = list(to, listed, room, row + at + first, last - first);
    }
    return a && a->then ? list(to, listed, room, a->then, a->then_count) : listed;
}

struct inv_row_batch inv_row_window_read(struct inv_row_window *w, const struct inv_row_map *map,
                                         const struct inv_run *run, const int32_t *row,
                                         int64_t count, const struct inv_row_ahead *ahead)
{
    int64_t at = is_at(w, w->next, row, count) ? w->next : w->last;
    if (!is_at(w, at, row, count)) {
        w->held = inv_row_ahead_list(ahead, row, count, w->row, w->room);
        sort_by_block(w);
        fill(w, map, run);
        at = 0;
    }
    w->last = at;
    w->next = at + count;
    return (struct inv_row_batch){ w->byte + (size_t)at * map->row_bytes, w->place };
}

void inv_row_window_free(struct inv_row_window *w)
{
    if (!w)
        return;
    free(w->byte);
    free(w->row);
    free(w->lying);
    free(w->other);
    free(w->place);
    free(w);
}
