/*
 * contract [PEER...]: the contraction side by side with BLAS libraries, in turns.  PEER is
 * NAME=LIBRARY:SYMBOL:BITS, a cblas_sgemm with integers of 32 or 64 bits; THREADS (1) and ROUNDS
 * (9) come from the environment, INVAR_ISA (avx512, avx2 or portable) chooses the kernel.  One
 * thread is timed by its CPU clock, which other processes do not disturb, several by the wall
 * clock.
 * Prints for each shape the median GFLOP/s of each and the ratio to the best peer.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/contract.h"
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "host/pool.h"

enum { PEERS_MAX = 4, ROUNDS_MAX = 99, ROW_MAJOR = 101, PLAIN = 111, TURNED = 112 };

typedef void contraction(float *, long, const float *, long, long, const float *, long, long, long,
                         long, long);
#if defined(__x86_64__)
contraction inv_contract_avx2, inv_contract_avx512;
#endif

typedef void sgemm32(int, int, int, int, int, int, float, const float *, int, const float *, int,
                     float, float *, int);
typedef void sgemm64(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t,
                     const float *, int64_t, float, float *, int64_t);

struct peer {
    char *name;
    sgemm32 *narrow;
    sgemm64 *wide;
};

/* out[m, n] = a b; a is stored as [m, k] or turned as [k, m], b as [k, n] or [n, k]. */
struct shape {
    const char *where;
    int m, n, k, turned_a, turned_b;
};

#define SQUARE(n) {"square", n, n, n, 0, 0}
/* A dense layer of b rows: forward, gradient of the weights, gradient of the input. */
#define FORWARD(name, b, in, out) {name " y", b, out, in, 0, 0}
#define WEIGHTS(name, b, in, out) {name " dW", in, out, b, 1, 0}
#define INPUT(name, b, in, out) {name " dx", b, in, out, 0, 1}
#define DENSE(name, b, in, out) \
    FORWARD(name, b, in, out), WEIGHTS(name, b, in, out), INPUT(name, b, in, out)

static const struct shape shapes[] = {
    SQUARE(16), SQUARE(32), SQUARE(64), SQUARE(128), SQUARE(256), SQUARE(512), SQUARE(1024),
    SQUARE(2048),
    FORWARD("seeded_mlp", 32, 32, 128), WEIGHTS("seeded_mlp", 32, 32, 128),
    DENSE("seeded_mlp", 32, 128, 10),
    FORWARD("binary", 32, 10, 16), WEIGHTS("binary", 32, 10, 16), DENSE("binary", 32, 16, 1),
    FORWARD("mlp", 64, 784, 256), WEIGHTS("mlp", 64, 784, 256), DENSE("mlp", 64, 256, 128),
    DENSE("mlp", 64, 128, 10),
    FORWARD("mlp_wide", 256, 1024, 4096), WEIGHTS("mlp_wide", 256, 1024, 4096),
    DENSE("mlp_wide", 256, 4096, 4096), DENSE("mlp_wide", 256, 4096, 1000),
    FORWARD("tabular", 32, 100, 64), WEIGHTS("tabular", 32, 100, 64), DENSE("tabular", 32, 64, 64),
};

struct bench {
    struct peer peer[PEERS_MAX];
    int peers, threads, rounds;
    contraction *contract;
    struct inv_pool *pool;
    const struct shape *shape;
    float *a, *b, *out;
};

static double seconds(const struct bench *bench)
{
    struct timespec t;
    clock_gettime(bench->threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void own_part(const struct bench *bench, int64_t i, int64_t m, int64_t j, int64_t n)
{
    const struct shape *s = bench->shape;
    long as_m = s->turned_a ? 1 : s->k, as_k = s->turned_a ? s->m : 1;
    long bs_k = s->turned_b ? 1 : s->n, bs_n = s->turned_b ? s->k : 1;
    bench->contract(bench->out + i * s->n + j, s->n, bench->a + i * as_m, as_m, as_k,
                    bench->b + j * bs_n, bs_k, bs_n, m, n, s->k);
}

static void own_rows(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct bench *bench = run->trace_state;
    own_part(bench, begin, end - begin, 0, bench->shape->n);
}

static void own_columns(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct bench *bench = run->trace_state;
    own_part(bench, 0, bench->shape->m, begin, end - begin);
}

static void run_own(const struct bench *bench)
{
    const struct shape *s = bench->shape;
    struct inv_run run = {.pool = bench->pool, .trace_state = (void *)(uintptr_t)bench};
    int columns = s->n > s->m;
    inv_for(&run, columns ? own_columns : own_rows, columns ? s->n : s->m,
            (int64_t)s->m * s->n * s->k);
}

static void run_peer(const struct bench *bench, const struct peer *peer)
{
    const struct shape *s = bench->shape;
    int a = s->turned_a ? TURNED : PLAIN, b = s->turned_b ? TURNED : PLAIN;
    int lda = s->turned_a ? s->m : s->k, ldb = s->turned_b ? s->k : s->n;
    if (peer->wide)
        peer->wide(ROW_MAJOR, a, b, s->m, s->n, s->k, 1.0f, bench->a, lda, bench->b, ldb, 0.0f,
                   bench->out, s->n);
    else
        peer->narrow(ROW_MAJOR, a, b, s->m, s->n, s->k, 1.0f, bench->a, lda, bench->b, ldb, 0.0f,
                     bench->out, s->n);
}

/* Seconds of one call; who: -1 is Invar, else a peer. */
static double time_calls(const struct bench *bench, int who, long calls)
{
    double start = seconds(bench);
    for (long i = 0; i < calls; i++) {
        if (who < 0)
            run_own(bench);
        else
            run_peer(bench, &bench->peer[who]);
    }
    return (seconds(bench) - start) / (double)calls;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, compare);
    return (value[(count - 1) / 2] + value[count / 2]) / 2;
}

/* Threads of OpenBLAS and OpenMP keep their processor busy for a while after each call, which
 * would slow who comes next. */
static void wait_for_threads(const struct bench *bench)
{
    if (bench->threads > 1)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

/* Median seconds of each: own first. */
static void measure(const struct bench *bench, double *result)
{
    static double time[PEERS_MAX + 1][ROUNDS_MAX];
    const struct shape *s = bench->shape;
    double work = 2.0 * s->m * s->n * s->k;
    long calls = work > 1e8 ? 1 : (long)(1e8 / work) / 4 + 1;
    int rounds = work > 4e9 ? (bench->rounds + 2) / 3 : bench->rounds;
    calls = calls > 20000 ? 20000 : calls;
    for (int who = -1; who < bench->peers; who++)
        time_calls(bench, who, calls / 4 + 1);
    for (int round = 0; round < rounds; round++)
        for (int who = -1; who < bench->peers; who++) {
            wait_for_threads(bench);
            time_calls(bench, who, 1);
            time[who + 1][round] = time_calls(bench, who, calls);
        }
    for (int i = 0; i <= bench->peers; i++)
        result[i] = median(time[i], rounds);
}

static float *allocate(size_t count)
{
    float *data = aligned_alloc(64, (count * sizeof *data + 63) / 64 * 64);
    if (!data)
        exit((fprintf(stderr, "contract: not enough memory\n"), 1));
    for (size_t i = 0; i < count; i++)
        data[i] = (float)((i * 2654435761u >> 8) % 2001) / 1000.0f - 1.0f;
    return data;
}

/* The ratio of the best peer's time to ours, 0 without peers. */
static double bench_shape(struct bench *bench, const struct shape *s)
{
    double time[PEERS_MAX + 1], best = 0;
    bench->shape = s;
    bench->a = allocate((size_t)s->m * (size_t)s->k);
    bench->b = allocate((size_t)s->k * (size_t)s->n);
    bench->out = allocate((size_t)s->m * (size_t)s->n);
    measure(bench, time);
    printf("%-14s %5d %5d %5d %c%c", s->where, s->m, s->n, s->k, s->turned_a ? 'T' : 'N',
           s->turned_b ? 'T' : 'N');
    for (int i = 0; i <= bench->peers; i++) {
        printf(" %9.2f", 2e-9 * s->m * s->n * s->k / time[i]);
        if (i > 0 && (i == 1 || time[i] < best))
            best = time[i];
    }
    printf(" %8.2f\n", best / time[0]);
    fflush(stdout);
    free(bench->a);
    free(bench->b);
    free(bench->out);
    return best / time[0];
}

static void load_peer(struct bench *bench, char *text)
{
    struct peer *peer = &bench->peer[bench->peers++];
    char *rest = text, *library;
    peer->name = strsep(&rest, "=");
    library = strsep(&rest, ":");
    char *symbol = strsep(&rest, ":");
    void *handle = library ? dlopen(library, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *function = handle && symbol ? dlsym(handle, symbol) : NULL;
    if (!function || !rest) {
        fprintf(stderr, "contract: %s: %s; want NAME=LIBRARY:SYMBOL:BITS\n", peer->name,
                handle || !library ? "no such symbol" : dlerror());
        exit(1);
    }
    if (strcmp(rest, "64") == 0)
        memcpy(&peer->wide, &function, sizeof function);
    else
        memcpy(&peer->narrow, &function, sizeof function);
}

/* The level and its contraction. */
static const char *choose_level(contraction **contract)
{
#if defined(__x86_64__)
    const char *wanted = getenv("INVAR_ISA");
    if (!(wanted && *wanted) || strcmp(wanted, "avx512") == 0)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
            return *contract = inv_contract_avx512, "avx512";
    if (!(wanted && strcmp(wanted, "portable") == 0))
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            return *contract = inv_contract_avx2, "avx2";
#endif
    return *contract = inv_contract, "portable";
}

static int number_of(const char *name, int otherwise, int most)
{
    const char *text = getenv(name);
    long value = text ? strtol(text, NULL, 10) : otherwise;
    return value < 1 ? 1 : value > most ? most : (int)value;
}

int main(int argc, char **argv)
{
    struct bench bench = {.threads = number_of("THREADS", 1, 64),
                          .rounds = number_of("ROUNDS", 9, ROUNDS_MAX)};
    for (int i = 1; i < argc && i <= PEERS_MAX; i++)
        load_peer(&bench, argv[i]);
    bench.pool = inv_pool_new(bench.threads, choose_level(&bench.contract), 0);
    printf("%-14s %5s %5s %5s %2s %9s", "GFLOP/s", "m", "n", "k", "", "invar");
    for (int i = 0; i < bench.peers; i++)
        printf(" %9s", bench.peer[i].name);
    printf(" %8s\n", "ratio");
    double logs = 0, least = INFINITY;
    int count = sizeof shapes / sizeof *shapes;
    for (int i = 0; i < count; i++) {
        double ratio = bench_shape(&bench, &shapes[i]);
        logs += log(ratio);
        least = ratio < least ? ratio : least;
    }
    if (bench.peers > 0)
        printf("geometric mean %.3f, least %.3f, %d thread(s)\n", exp(logs / count), least,
               bench.threads);
    inv_pool_free(bench.pool);
    return 0;
}
