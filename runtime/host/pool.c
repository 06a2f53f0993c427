#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pool.h"
#include "core/fpu.h"
#include "core/selftest.h"
#include "environment.h"
#include "progress.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

/* invar-lint: allow threads, machine in this file because threads share out outputs and never a
 * sum: neither their number nor their turn changes a bit */

/* Scalar operations for which waking one more thread pays: it takes 15 to 50 microseconds until it
 * runs, and what one has written comes slowly to the other.  Wider vectors do more in that time.
 * A thread that has not gone to sleep yet is worth an AWAKE-th of that. */
static const struct {
    const char *level;
    int64_t cost;
} costs[] = {{"avx512", 4 << 20}, {"avx2", 2 << 20}};
enum { COST_OF_A_THREAD = 1 << 20, AWAKE = 16 };

/* Outputs: no two threads write to one cache line, and their loops end in whole vectors. */
enum { GRAIN = 64 };

/* Where some threads must wake, work is cut smaller, for a thread that comes late to find some
 * left: pieces for each thread, unless waking is short beside the whole; and of the cost of a
 * thread at least a PIECE-th each. */
enum { PIECES = 4, PIECE = 4, LONG = 32 };

/* INVAR_THREAD_COST, which tests set small, so that threads share small models, too; 0 where it
 * is not set, -1 where it is no number of operations. */
static int64_t wanted_cost(void)
{
    const char *text = getenv("INVAR_THREAD_COST");
    char *end;
    if (!text || !*text)
        return 0;
    errno = 0;
    long cost = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && cost > 0 ? cost : -1;
}

int inv_pool_accepts_cost(struct inv_errors *errors)
{
    if (wanted_cost() >= 0)
        return 1;
    inv_error(errors, "INVAR_THREAD_COST=%s: a whole number from 1 on expected",
              getenv("INVAR_THREAD_COST"));
    return 0;
}

static int64_t cost_of_a_thread(const char *level)
{
    int64_t cost = wanted_cost();
    if (cost > 0)
        return cost;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        if (strcmp(level, costs[i].level) == 0)
            return costs[i].cost;
    return COST_OF_A_THREAD;
}

/* Seconds for which a thread looks for what it waits for before it sleeps: as long as waking it
 * takes, so that looking at most doubles what waiting costs. */
#define LOOK 50e-6
enum { LOOKS = 32 };                    /* between two at the clock */

struct inv_pool {
    pthread_mutex_t lock;               /* held by who goes to sleep */
    pthread_cond_t wake, done;
    pthread_t *thread;
    int threads;                        /* wanted, the caller included */
    int started;                        /* workers that run */
    int refused;                        /* the system gave no more */
    int64_t stack_bytes;
    int looks;                          /* each thread has a processor to look with */
    int64_t cost;                       /* that a thread must be worth: one that sleeps, */
    int64_t awake_cost;                 /* one that does not */
    atomic_int awake, stop;
    /* The job, for who has taken a piece of it: it stays while pieces are not done. */
    const struct inv_run *run;
    inv_group *group;
    int64_t count;
    int pieces;
    atomic_int left, pending;           /* pieces that nobody took; that are not done */
};

int inv_pool_processors(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

struct inv_pool *inv_pool_new(int threads, const char *level, int64_t stack_bytes)
{
    if (threads <= 1)
        return NULL;
    struct inv_pool *pool = inv_allocate(sizeof *pool);
    pool->threads = threads;
    pool->stack_bytes = stack_bytes;
    pool->looks = threads <= inv_pool_processors();
    pool->cost = cost_of_a_thread(level);
    pool->awake_cost = (pool->cost + AWAKE - 1) / AWAKE;
    pool->thread = inv_allocate((size_t)threads * sizeof *pool->thread);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    return pool;
}

/* Where a piece begins: on a multiple of GRAIN where there is enough for all. */
static int64_t cut(int64_t count, int piece, int pieces)
{
    int64_t begin = count * piece / pieces;
    return count < 2 * GRAIN * pieces || piece == pieces ? begin : begin / GRAIN * GRAIN;
}

/* Whoever calls, and code that ran in this thread before, may have set another mode. */
static void run_outputs(const struct inv_run *run, inv_group *group, int64_t begin, int64_t end)
{
    uint32_t mode = inv_fpu_enter();
    group(run, run->first_output + begin, run->first_output + end);
    inv_fpu_leave(mode);
}

/* Takes a piece that nobody has; -1: there is none. */
static int take_piece(struct inv_pool *pool)
{
    int left = atomic_load(&pool->left);
    while (left > 0 && !atomic_compare_exchange_weak(&pool->left, &left, left - 1))
        continue;
    return left - 1;
}

/* Runs pieces, from the first on, until none is left; returns whether it was the one that ended the
 * job. */
static int run_pieces(struct inv_pool *pool)
{
    int ended = 0;
    for (int left; (left = take_piece(pool)) >= 0;) {
        int piece = pool->pieces - 1 - left;
        run_outputs(pool->run, pool->group, cut(pool->count, piece, pool->pieces),
                    cut(pool->count, piece + 1, pool->pieces));
        ended = atomic_fetch_sub(&pool->pending, 1) == 1;
    }
    return ended;
}

/* A thread begins with what made it left it, or with what a library sets in every new one. */
static void check_thread(void)
{
    inv_environment_prepare();
    inv_fpu_enter();
    const char *why = inv_selftest();
    if (why)
        inv_give_up(INV_UNTRUSTED, "self-test of a thread: %s", why);
}

static void rest(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Whether there is work for a worker, or the caller's is done. */
static int comes(struct inv_pool *pool, int worker)
{
    return worker ? atomic_load(&pool->left) > 0 || atomic_load(&pool->stop)
                  : atomic_load(&pool->pending) == 0;
}

/* Returns once it comes, or after LOOK. */
static void look(struct inv_pool *pool, int worker)
{
    if (!pool->looks)
        return;
    double end = inv_progress_clock() + LOOK;
    while (inv_progress_clock() < end)
        for (int i = 0; i < LOOKS; i++) {
            if (comes(pool, worker))
                return;
            rest();
        }
}

/* Until there is work.  Who has it to give reads `awake` after it wrote `left`: it wakes someone,
 * or `left` is seen here. */
static void sleep_for_work(struct inv_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_sub(&pool->awake, 1);
    while (!comes(pool, 1))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_add(&pool->awake, 1);
    pthread_mutex_unlock(&pool->lock);
}

/* The caller tests `pending` with the lock held before it sleeps: it cannot miss the signal. */
static void tell_caller(struct inv_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_signal(&pool->done);
}

static void *work(void *argument)
{
    struct inv_pool *pool = argument;
    check_thread();
    atomic_fetch_add(&pool->awake, 1);
    while (!atomic_load(&pool->stop)) {
        if (run_pieces(pool))
            tell_caller(pool);
        look(pool, 1);
        if (!comes(pool, 1))
            sleep_for_work(pool);
    }
    return NULL;
}

/* 0, or why there is no thread. */
static int create_thread(pthread_t *thread, int64_t stack_bytes, void *(*start)(void *),
                         void *argument)
{
    enum { PAGES = 64 << 10 };          /* of the largest pages, for sizes must be whole ones */
    size_t size = (size_t)((INV_STACK + stack_bytes + PAGES - 1) / PAGES * PAGES);
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure != 0)
        return failure;
    failure = pthread_attr_setstacksize(&attributes, size);
    if (failure == 0)
        failure = pthread_create(thread, &attributes, start, argument);
    pthread_attr_destroy(&attributes);
    return failure;
}

struct call {
    int (*work)(void *);
    void *argument;
    uint32_t mode;                      /* of the caller's floating-point unit */
    int result;
};

static void *call(void *argument)
{
    struct call *c = argument;
    inv_environment_prepare();
    inv_fpu_enter();
    inv_fpu_leave(c->mode);
    c->result = c->work(c->argument);
    return NULL;
}

int inv_pool_work(int64_t stack_bytes, int (*work)(void *), void *argument,
                  struct inv_errors *errors)
{
    struct call c = { work, argument, inv_fpu_enter(), -1 };
    inv_fpu_leave(c.mode);
    pthread_t thread;
    int failure = create_thread(&thread, stack_bytes, call, &c);
    if (failure == 0)
        failure = pthread_join(thread, NULL);
    if (failure != 0)
        inv_error(errors, "no thread with %lld KiB of stack, which the model needs: %s; let the "
                  "process have more memory (ulimit -v) or take a smaller batch",
                  (long long)(INV_STACK + stack_bytes) / 1024, strerror(failure));
    return c.result;
}

/* Makes workers until `wanted` run, or the system refuses. */
static void start_workers(struct inv_pool *pool, int wanted)
{
    while (pool->started < wanted && !pool->refused) {
        if (create_thread(&pool->thread[pool->started], pool->stack_bytes, work, pool) == 0)
            pool->started++;
        else
            pool->refused = 1;
    }
}

void inv_pool_free(struct inv_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->thread);
    free(pool);
}

static int least(int64_t a, int64_t b)
{
    return (int)(a < b ? a : b);
}

/* How many threads the work is worth. */
static int choose_parts(const struct inv_pool *pool, int64_t count, int64_t cost)
{
    int64_t parts = cost / pool->cost;
    int awake = least(cost / pool->awake_cost, atomic_load(&pool->awake) + 1);
    parts = parts > awake ? parts : awake;
    return least(least(parts, count), pool->threads);
}

/* How many pieces it is cut into for so many threads, of which some may sleep. */
static int choose_pieces(const struct inv_pool *pool, int64_t count, int64_t cost, int parts)
{
    if (atomic_load(&pool->awake) + 1 >= parts || cost / LONG > pool->cost)
        return parts;
    int pieces = least(PIECES * parts, least(count / GRAIN, cost / (pool->cost / PIECE + 1)));
    return pieces > parts ? pieces : parts;
}

/* The caller does not wait for threads to wake: it runs what pieces are left. */
static void run_parallel(struct inv_pool *pool, const struct inv_run *run, inv_group *group,
                         int64_t count, int parts, int pieces)
{
    pool->run = run;
    pool->group = group;
    pool->count = count;
    pool->pieces = pieces;
    atomic_store(&pool->pending, pieces);
    atomic_store(&pool->left, pieces);
    int asleep = parts - 1 - atomic_load(&pool->awake);
    if (asleep > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_mutex_unlock(&pool->lock);
    }
    for (int i = 0; i < asleep; i++)
        pthread_cond_signal(&pool->wake);
    run_pieces(pool);
    look(pool, 0);
    if (comes(pool, 0))
        return;
    pthread_mutex_lock(&pool->lock);
    while (!comes(pool, 0))
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void inv_for(const struct inv_run *run, inv_group *group, int64_t count, int64_t cost)
{
    int parts = run->pool ? choose_parts(run->pool, count, cost) : 1;
    if (parts > 1) {
        start_workers(run->pool, parts - 1);
        parts = least(parts, run->pool->started + 1);
    }
    if (parts > 1)
        run_parallel(run->pool, run, group, count, parts,
                     choose_pieces(run->pool, count, cost, parts));
    else if (count > 0)
        run_outputs(run, group, 0, count);
}
