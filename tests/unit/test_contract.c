/*
 * Random contractions at every level against the chain of docs/numerics.md, section 3: shapes,
 * strides, depths, a part of the rows as a thread has it. Operands end where their memory ends,
 * so that a sanitizer sees a read past them.
 */
#include "core/contract.h"
#include "core/arith.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

typedef void contraction(float *, long, const float *, long, long, const float *, long, long, long,
                         long, long);
typedef void contraction_of_windows(float *, long, const struct inv_operand *, long,
                                    const struct inv_operand *, long, long, long, long);
typedef void finished(float *, long, const float *, long, long, const float *, long, long, long,
                      long, long, const struct inv_finish *);
typedef void finished_windows(float *, long, const struct inv_operand *, long,
                              const struct inv_operand *, long, long, long, long,
                              const struct inv_finish *);
#if defined(__x86_64__)
finished inv_contract_finish_avx2, inv_contract_finish_avx512;
finished inv_contract_panels_avx2, inv_contract_panels_avx512;
void inv_panels_avx2(float *, const float *, long, long, long, long);
void inv_panels_avx512(float *, const float *, long, long, long, long);
contraction inv_contract_avx2, inv_contract_avx512;
contraction inv_contract_more_avx2, inv_contract_more_avx512;
contraction_of_windows inv_contract_windows_avx2, inv_contract_windows_avx512;
finished_windows inv_contract_windows_finish_avx2, inv_contract_windows_finish_avx512;
#endif

static uint32_t state = 1;

/* 0 .. limit - 1 */
static long draw(long limit)
{
    state = state * 1664525u + 1013904223u;
    return (long)(((uint64_t)state * (uint64_t)limit) >> 32);
}

/* a[m, k] b[k, n]; the stride between rows of out is ldo */
struct problem {
    long m, n, k, ldo, as_m, as_k, bs_k, bs_n;
};

/* Strides of rows x columns: row-major, its transpose, or with gaps between all elements. */
static void lay_out(long rows, long columns, long *row, long *column)
{
    long gap = draw(3) ? 0 : draw(5), step = draw(8) ? 1 : 2;
    if (draw(2)) {
        *column = step;
        *row = step * columns + gap;
    } else {
        *row = step;
        *column = step * rows + gap;
    }
}

static float *fill(long rows, long columns, long row, long column)
{
    long count = rows > 0 && columns > 0 ? (rows - 1) * row + (columns - 1) * column + 1 : 0;
    float *data = malloc((size_t)(count + 1) * sizeof *data);
    for (long i = 0; i < count; i++)
        data[i + 1] = (float)(draw(4001) - 2000) * 0x1.234568p-9f;
    return data; /* the elements begin at 1, off any alignment */
}

static float chain(const struct problem *s, const float *a, const float *b, long i, long j)
{
    float out = 0;
    for (long begin = 0; begin < s->k; begin += 256) {
        float acc = 0;
        for (long p = begin; p < s->k && p < begin + 256; p++)
            acc = inv_fma(a[i * s->as_m + p * s->as_k], b[p * s->bs_k + j * s->bs_n], acc);
        out += acc;
    }
    return out;
}

static int element_differs(const struct problem *s, const float *a, const float *b,
                           const float *out, long i, long j)
{
    return inv_bits(out[i * s->ldo + j]) != inv_bits(chain(s, a, b, i, j));
}

/* Whether an output differs from its chain: all of them, or of a large problem some of each row
 * and column. */
static int differs(const struct problem *s, const float *a, const float *b, const float *out)
{
    if (s->m * s->n * s->k < 200000) {
        for (long i = 0; i < s->m; i++)
            for (long j = 0; j < s->n; j++)
                if (element_differs(s, a, b, out, i, j))
                    return 1;
        return 0;
    }
    for (long i = 0; i < s->m; i++)
        if (element_differs(s, a, b, out, i, draw(s->n)))
            return 1;
    for (long j = 0; j < s->n; j++)
        if (element_differs(s, a, b, out, draw(s->m), j))
            return 1;
    return 0;
}

static const float untouched = -77.0f;

static int gaps_are_untouched(const struct problem *s, const float *out)
{
    for (long i = 0; i < s->m; i++)
        for (long j = s->n; j < s->ldo; j++)
            if (out[i * s->ldo + j] != untouched)
                return 0;
    return 1;
}

/* The problem in two calls, split at a row. */
static void check_problem(contraction *contract, const struct problem *s)
{
    float *left = fill(s->m, s->k, s->as_m, s->as_k), *right = fill(s->k, s->n, s->bs_k, s->bs_n);
    float *out = malloc((size_t)(s->m * s->ldo + 1) * sizeof *out);
    const float *a = left + 1, *b = right + 1;
    long cut = draw(2) ? 0 : draw(s->m + 1);
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract(out, s->ldo, a, s->as_m, s->as_k, b, s->bs_k, s->bs_n, cut, s->n, s->k);
    contract(out + cut * s->ldo, s->ldo, a + cut * s->as_m, s->as_m, s->as_k, b, s->bs_k, s->bs_n,
             s->m - cut, s->n, s->k);
    int good = !differs(s, a, b, out) && gaps_are_untouched(s, out);
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("m %ld n %ld k %ld ldo %ld a %ld %ld b %ld %ld cut %ld\n", s->m, s->n, s->k, s->ldo,
               s->as_m, s->as_k, s->bs_k, s->bs_n, cut);
    free(left);
    free(right);
    free(out);
}

/* ---- what becomes of outputs ---- */

static const uint32_t special[] = {0, 0x80000000u, 0x7fc00000u, 0x7f800000u, 0xff800000u};

/* The output that the chain becomes. */
static float finish_one(const struct inv_finish *f, float sum, long i, long j)
{
    if (f->bias)
        sum = inv_add(sum, f->bias[i * f->bias_ld + j]);
    if (f->relu)
        sum = inv_max(0.0f, sum);
    return f->above && f->above[i * f->ld + j] <= 0.0f ? 0.0f : sum;
}

/* As check_problem, with a bias, relu and what must be above 0, each or not. */
static void check_finish(finished *contract, const struct problem *s)
{
    float *left = fill(s->m, s->k, s->as_m, s->as_k), *right = fill(s->k, s->n, s->bs_k, s->bs_n);
    float *out = malloc((size_t)(s->m * s->ldo + 1) * sizeof *out);
    float *bias = fill(s->m, s->n, s->n, 1), *above = fill(s->m, s->n, s->n, 1);
    const float *a = left + 1, *b = right + 1;
    for (int i = 0; i < 5; i++) {
        bias[1 + draw(s->n)] = inv_from_bits(special[draw(5)]);
        above[1 + draw(s->m * s->n)] = inv_from_bits(special[draw(5)]);
    }
    struct inv_finish f = {draw(3) ? bias + 1 : NULL, draw(2) == 1, draw(3) ? NULL : above + 1,
                           s->n, draw(2) ? s->n : 0};
    int good = 1;
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract(out, s->ldo, a, s->as_m, s->as_k, b, s->bs_k, s->bs_n, s->m, s->n, s->k, &f);
    for (long i = 0; i < s->m; i++)
        for (long j = 0; j < s->n; j++) {
            float wanted = finish_one(&f, chain(s, a, b, i, j), i, j);
            good &= inv_bits(inv_canonical(out[i * s->ldo + j])) ==
                    inv_bits(inv_canonical(wanted));
        }
    CU_ASSERT_TRUE(good && gaps_are_untouched(s, out));
    if (!good)
        printf("finish: m %ld n %ld k %ld a %ld %ld b %ld %ld bias %d relu %d above %d\n", s->m,
               s->n, s->k, s->as_m, s->as_k, s->bs_k, s->bs_n, f.bias != NULL, f.relu,
               f.above != NULL);
    free(left);
    free(right);
    free(out);
    free(bias);
    free(above);
}

static void check_level_of_finishes(finished *contract)
{
    for (int i = 0; i < 1500; i++) {
        struct problem s = {.m = 1 + draw(40), .n = 1 + draw(draw(4) ? 40 : 200),
                            .k = draw(8) ? draw(40) : draw(300)};
        s.ldo = s.n + (draw(2) ? 0 : draw(20));
        lay_out(s.m, s.k, &s.as_m, &s.as_k);
        lay_out(s.k, s.n, &s.bs_k, &s.bs_n);
        check_finish(contract, &s);
    }
    for (int i = 0; i < 6; i++)         /* by pieces of rows */
        check_finish(contract, &(struct problem){300, 33, 70, 33, 70, 1, 33, 1});
}

typedef void laid_out(float *, const float *, long, long, long, long);

/* b[k, n] in panels, as inv_contract_panels reads them; more than whole ones is not written. */
static float *panels_of(laid_out *lay, const struct problem *s, const float *b)
{
    long room = (s->n + INV_PANEL - 1) / INV_PANEL * INV_PANEL * s->k;
    float *panels = malloc((size_t)(room + 1) * sizeof *panels);
    panels[room] = untouched;
    lay(panels, b, s->bs_k, s->bs_n, s->n, s->k);
    int good = panels[room] == untouched;
    for (long p = 0; p < s->k; p++)
        for (long j = 0; j < s->n; j++)
            good &= panels[j / INV_PANEL * INV_PANEL * s->k + p * INV_PANEL + j % INV_PANEL] ==
                    b[p * s->bs_k + j * s->bs_n];
    CU_ASSERT_TRUE(good);
    return panels;
}

static void check_panels(finished *contract, laid_out *lay, const struct problem *s)
{
    float *left = fill(s->m, s->k, s->as_m, s->as_k), *right = fill(s->k, s->n, s->bs_k, s->bs_n);
    float *panels = panels_of(lay, s, right + 1), *bias = fill(s->m, s->n, s->n, 1);
    float *out = malloc((size_t)(s->m * s->ldo + 1) * sizeof *out);
    struct inv_finish f = {bias + 1, draw(2) == 1, NULL, 0, draw(2) ? s->n : 0}, none = {0};
    int finishes = draw(3) > 0, good = 1;
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract(out, s->ldo, left + 1, s->as_m, s->as_k, panels, INV_PANEL, INV_PANEL * s->k, s->m,
             s->n, s->k, finishes ? &f : NULL);
    for (long i = 0; i < s->m; i++)
        for (long j = 0; j < s->n; j++) {
            float sum = chain(s, left + 1, right + 1, i, j);
            float wanted = finish_one(finishes ? &f : &none, sum, i, j);
            good &= inv_bits(inv_canonical(out[i * s->ldo + j])) ==
                    inv_bits(inv_canonical(wanted));
        }
    CU_ASSERT_TRUE(good && gaps_are_untouched(s, out));
    if (!good)
        printf("panels: m %ld n %ld k %ld a %ld %ld\n", s->m, s->n, s->k, s->as_m, s->as_k);
    free(left);
    free(right);
    free(panels);
    free(bias);
    free(out);
}

static void check_level_of_panels(finished *contract, laid_out *lay)
{
    for (int i = 0; i < 60; i++) {
        struct problem s = {.m = 1 + draw(40), .k = 1 + draw(draw(4) ? 40 : 600)};
        s.n = draw(2) ? INV_PANEL * (1 + draw(4)) : 1 + draw(4 * INV_PANEL);
        s.ldo = s.n + (draw(2) ? 0 : draw(20));
        lay_out(s.m, s.k, &s.as_m, &s.as_k);
        lay_out(s.k, s.n, &s.bs_k, &s.bs_n);
        check_panels(contract, lay, &s);
    }
}

static void check_size(contraction *contract, long m, long n, long k)
{
    struct problem s = {.m = m, .n = n, .k = k, .ldo = n + (draw(2) ? 0 : draw(20))};
    lay_out(m, k, &s.as_m, &s.as_k);
    lay_out(k, n, &s.bs_k, &s.bs_n);
    check_problem(contract, &s);
}

static void check_level(contraction *contract)
{
    static const long depth[] = {0, 1, 3, 4, 5, 10, 64, 255, 256, 257, 600};
    static const long large[][3] = {
        {1, 600, 4100},  {600, 1, 4100},  {3, 300, 700}, {560, 140, 270},
        {130, 530, 300}, {64, 256, 1100}, {250, 7, 600}, {7, 250, 600}, {600, 530, 260},
        {30, 1030, 260}};
    for (int i = 0; i < 1500; i++)
        check_size(contract, 1 + draw(draw(4) ? 40 : 150), 1 + draw(draw(4) ? 70 : 300),
                   draw(4) ? draw(50) : depth[draw(11)]);
    for (int i = 0; i < 200; i++)
        check_size(contract, 1 + draw(100), 1, depth[draw(11)]);
    for (int i = 0; i < 200; i++)
        check_size(contract, 1 + draw(4), 1 + draw(200), depth[draw(11)]);
    for (int i = 0; i < 10; i++)
        for (int turn = 0; turn < 6; turn++)
            check_size(contract, large[i][0], large[i][1], large[i][2]);
}

/* ---- chunks that come one after another ---- */

static contraction *whole, *more;

/* The same outputs, a chunk of each sum at a time. */
static void in_chunks(float *out, long ldo, const float *a, long as_m, long as_k, const float *b,
                      long bs_k, long bs_n, long m, long n, long k)
{
    whole(out, ldo, a, as_m, as_k, b, bs_k, bs_n, m, n, k < 256 ? k : 256);
    for (long p = 256; p < k; p += 256)
        more(out, ldo, a + p * as_k, as_m, as_k, b + p * bs_k, bs_k, bs_n, m, n,
             k - p < 256 ? k - p : 256);
}

static void check_level_of_chunks(contraction *first, contraction *then)
{
    static const long depth[] = {255, 256, 257, 512, 600};
    whole = first;
    more = then;
    for (int i = 0; i < 60; i++)
        check_size(in_chunks, 1 + draw(draw(4) ? 40 : 200), 1 + draw(draw(4) ? 70 : 600),
                   depth[draw(5)]);
}

/* ---- windows ---- */

/* Windows of size x size over images [images, high, wide, channels], as [positions, elements]. */
struct windows {
    long images, high, wide, channels, size, stride, dilation, before, rows, columns;
    float *image, *plain;
};

static long positions(const struct windows *w)
{
    return w->images * w->rows * w->columns;
}

static long elements(const struct windows *w)
{
    return w->size * w->size * w->channels;
}

static float seen(const struct windows *w, long position, long element)
{
    long column = position % w->columns, row = position / w->columns % w->rows;
    long channel = element % w->channels, tap = element / w->channels;
    long y = row * w->stride + tap / w->size * w->dilation - w->before;
    long x = column * w->stride + tap % w->size * w->dilation - w->before;
    long image = position / w->columns / w->rows;
    if (y < 0 || y >= w->high || x < 0 || x >= w->wide)
        return 0.0f;
    return w->image[((image * w->high + y) * w->wide + x) * w->channels + channel];
}

static void draw_windows(struct windows *w)
{
    static const long channels[] = {1, 2, 3, 4, 7, 8, 16, 33};
    *w = (struct windows){.images = 1 + draw(3), .channels = channels[draw(8)],
                          .size = 1 + draw(4), .stride = 1 + draw(2), .dilation = 1 + draw(2)};
    long reach = (w->size - 1) * w->dilation + 1;
    w->before = draw(2) ? draw(reach) : 0;
    w->high = reach + draw(9);
    w->wide = reach + draw(draw(4) ? 9 : 40);
    w->rows = (w->high + 2 * w->before - reach) / w->stride + 1;
    w->columns = (w->wide + 2 * w->before - reach) / w->stride + 1;
    long size = w->images * w->high * w->wide * w->channels;
    w->image = malloc((size_t)size * sizeof *w->image);
    for (long i = 0; i < size; i++)
        w->image[i] = (float)(draw(4001) - 2000) * 0x1.234568p-9f;
    w->plain = malloc((size_t)(positions(w) * elements(w)) * sizeof *w->plain);
    for (long i = 0; i < positions(w); i++)
        for (long p = 0; p < elements(w); p++)
            w->plain[i * elements(w) + p] = seen(w, i, p);
}

/* The loops over positions and over elements, which are joined where strides allow. */
static struct inv_operand see(const struct windows *w, struct inv_walk *own, struct inv_walk *k)
{
    long line = w->wide * w->channels, joined = w->dilation == 1 && w->before == 0;
    own[0] = (struct inv_walk){0, w->high * line, {0}};
    own[1] = (struct inv_walk){w->rows, w->stride * line, {w->stride}};
    own[2] = (struct inv_walk){w->columns, w->stride * w->channels, {0, w->stride}};
    k[0] = (struct inv_walk){w->size, w->dilation * line, {w->dilation}};
    k[1] = (struct inv_walk){w->size, w->dilation * w->channels, {0, w->dilation}};
    k[2] = (struct inv_walk){w->channels, 1, {0}};
    if (joined)
        k[1] = (struct inv_walk){w->size * w->channels, 1, {0}};
    struct inv_operand o = {.x = w->image, .offset = -w->before * (line + w->channels), .own = own,
                            .k = k, .owns = 3, .ks = joined ? 2 : 3, .limits = w->before ? 2 : 0,
                            .first = {-w->before, -w->before}, .extent = {w->high, w->wide}};
    return o;
}

/* The outputs finished in place of those that are there: by a bias and relu, or where they are
 * positive. */
static void check_finished(finished_windows *contract, const struct problem *s,
                           const struct inv_operand *a, const struct inv_operand *b,
                           const float *plain)
{
    float *out = malloc((size_t)(s->m * s->ldo) * sizeof *out), *bias = fill(1, s->n, s->n, 1);
    struct inv_finish f = {NULL, 0, plain, s->ldo, 0};
    if (draw(2))
        f = (struct inv_finish){bias + 1, 1, NULL, 0, 0};
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract(out, s->ldo, a, 0, b, 0, s->m, s->n, s->k, &f);
    int good = gaps_are_untouched(s, out);
    for (long i = 0; i < s->m; i++)
        for (long j = 0; j < s->n; j++)
            good &= inv_bits(inv_canonical(out[i * s->ldo + j])) ==
                    inv_bits(inv_canonical(finish_one(&f, plain[i * s->ldo + j], i, j)));
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("finish of windows: m %ld n %ld k %ld relu %d\n", s->m, s->n, s->k, f.relu);
    free(bias);
    free(out);
}

/* Of one level. */
struct of_windows {
    contraction_of_windows *plain;
    finished_windows *finished;
};

/* The same numbers by chunks of k, each for itself, which are added up. */
static void check_chunks(contraction_of_windows *contract, const struct problem *s,
                         const struct inv_operand *a, const struct inv_operand *b,
                         const float *plain)
{
    float *chunk = malloc((size_t)(s->m * s->n) * sizeof *chunk);
    float *sum = calloc((size_t)(s->m * s->n), sizeof *sum);
    for (long p = 0; p < s->k; p += 256) {
        struct inv_operand left = inv_operand_from(a, p), right = inv_operand_from(b, p);
        contract(chunk, s->n, &left, 0, &right, 0, s->m, s->n, s->k - p < 256 ? s->k - p : 256);
        for (long i = 0; i < s->m * s->n; i++)
            sum[i] = inv_add(sum[i], chunk[i]);
    }
    int good = 1;
    for (long i = 0; i < s->m; i++)
        for (long j = 0; j < s->n; j++)
            good &= inv_bits(inv_canonical(sum[i * s->n + j])) ==
                    inv_bits(inv_canonical(plain[i * s->ldo + j]));
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("chunks of windows: m %ld n %ld k %ld\n", s->m, s->n, s->k);
    free(chunk);
    free(sum);
}

/* out[m, n] = a b in two calls; `left` and `right` are the same as matrices. */
static void check_windows(const struct of_windows *contract, const struct problem *s,
                          const struct inv_operand *a, const struct inv_operand *b,
                          const float *left, const float *right)
{
    float *out = malloc((size_t)(s->m * s->ldo) * sizeof *out);
    long cut = draw(2) ? 0 : draw(s->m + 1);
    for (long i = 0; i < s->m * s->ldo; i++)
        out[i] = untouched;
    contract->plain(out, s->ldo, a, 0, b, 0, cut, s->n, s->k);
    contract->plain(out + cut * s->ldo, s->ldo, a, cut, b, 0, s->m - cut, s->n, s->k);
    int good = !differs(s, left, right, out) && gaps_are_untouched(s, out);
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("m %ld n %ld k %ld cut %ld\n", s->m, s->n, s->k, cut);
    check_finished(contract->finished, s, a, b, out);
    check_chunks(contract->plain, s, a, b, out);
    free(out);
}

/* Windows by filters, a gradient by windows turned, and filters by windows turned. */
static void check_geometry(const struct of_windows *contract, const struct windows *w)
{
    static const long counts[] = {1, 3, 16, 17, 32, 40, 70, 150};
    struct inv_walk own[3], k[3], one[] = {{0, 1, {0}}};
    struct inv_operand seen_by = see(w, own, k), turned = seen_by;
    turned.own = k, turned.k = own, turned.owns = seen_by.ks, turned.ks = 3;
    long places = positions(w), taps = elements(w), n = counts[draw(8)];
    float *filter = fill(taps, n, n, 1), *gradient = fill(places, n, n, 1);
    struct inv_walk down[] = {{0, n, {0}}};
    struct inv_operand filters = {.x = filter + 1, .own = one, .k = down, .owns = 1, .ks = 1};
    struct inv_operand dy = filters;
    dy.x = gradient + 1;
    struct problem y = {places, n, taps, n + draw(3), taps, 1, n, 1};
    check_windows(contract, &y, &seen_by, &filters, w->plain, filter + 1);
    struct problem dw = {taps, n, places, n + draw(3), 1, taps, n, 1};
    check_windows(contract, &dw, &turned, &dy, w->plain, gradient + 1);
    struct problem z = {n, places, taps, places + draw(3), 1, n, 1, taps};
    check_windows(contract, &z, &filters, &seen_by, filter + 1, w->plain);
    free(filter);
    free(gradient);
}

static void check_level_of_windows(contraction_of_windows *plain, finished_windows *finished)
{
    const struct of_windows contract = {plain, finished};
    for (int i = 0; i < 300; i++) {
        struct windows w;
        draw_windows(&w);
        check_geometry(&contract, &w);
        free(w.image);
        free(w.plain);
    }
}

static void test_portable(void)
{
    check_level(inv_contract);
    check_level_of_windows(inv_contract_windows, inv_contract_windows_finish);
    check_level_of_finishes(inv_contract_finish);
    check_level_of_panels(inv_contract_panels, inv_panels);
    check_level_of_chunks(inv_contract, inv_contract_more);
}

#if defined(__x86_64__)
static void test_avx2(void)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        check_level(inv_contract_avx2),
            check_level_of_windows(inv_contract_windows_avx2, inv_contract_windows_finish_avx2),
            check_level_of_finishes(inv_contract_finish_avx2),
            check_level_of_panels(inv_contract_panels_avx2, inv_panels_avx2),
            check_level_of_chunks(inv_contract_avx2, inv_contract_more_avx2);
    else
        puts("skipped: this processor has no AVX2");
}

static void test_avx512(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        check_level(inv_contract_avx512),
            check_level_of_windows(inv_contract_windows_avx512,
                                   inv_contract_windows_finish_avx512),
            check_level_of_finishes(inv_contract_finish_avx512),
            check_level_of_panels(inv_contract_panels_avx512, inv_panels_avx512),
            check_level_of_chunks(inv_contract_avx512, inv_contract_more_avx512);
    else
        puts("skipped: this processor has no AVX-512");
}
#endif

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("contract", NULL, NULL);
    CU_ADD_TEST(suite, test_portable);
#if defined(__x86_64__)
    CU_ADD_TEST(suite, test_avx2);
    CU_ADD_TEST(suite, test_avx512);
#endif
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed > 0;
}
