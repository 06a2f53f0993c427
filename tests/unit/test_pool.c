/* The pool: every output is computed once, whatever the number of threads. */
#include "host.h"
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include "host/pool.h"

enum { OUTPUTS = 5000, LARGE = 100000000, MIDDLE = 8000000 };

static int32_t *output_of(const struct inv_run *run)
{
    return (int32_t *)(void *)run->arena;
}

static void count_up(const struct inv_run *run, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        output_of(run)[i]++;
}

/* Output i becomes the thread that computed it. */
static void note_thread(const struct inv_run *run, int64_t begin, int64_t end)
{
    pthread_t *thread = (pthread_t *)(void *)run->arena;
    for (int64_t i = begin; i < end; i++)
        thread[i] = pthread_self();
}

/* How many calls of meet have still to come. */
static atomic_int missing;

/* The same once all that are to come have: each in a thread of its own. */
static void meet(const struct inv_run *run, int64_t begin, int64_t end)
{
    time_t start = time(NULL);
    atomic_fetch_sub(&missing, 1);
    while (atomic_load(&missing) > 0 && time(NULL) < start + 20)
        sched_yield();
    note_thread(run, begin, end);
}

static void check_once(int threads)
{
    static int32_t output[OUTPUTS];
    struct inv_run run = { .arena = (unsigned char *)output,
                           .pool = inv_pool_new(threads, "portable", 0) };
    CU_ASSERT_EQUAL(run.pool == NULL, threads == 1);
    int wrong = 0;
    memset(output, 0, sizeof output);
    for (int round = 1; round <= 300; round++) {
        static const int64_t cost[] = { 1, 400000, LARGE, MIDDLE, MIDDLE };
        if (round % 20 == 0)            /* so that threads sleep */
            nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
        inv_for(&run, count_up, OUTPUTS, cost[round % 5]);
        for (int i = 0; i < OUTPUTS; i++)
            wrong += output[i] != round;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    for (int64_t count = 0; count < 20; count++) {
        memset(output, 0, sizeof output);
        inv_for(&run, count_up, count, LARGE);
        for (int i = 0; i < 30; i++)
            wrong += output[i] != (i < count);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    inv_pool_free(run.pool);
}

static void test_once(void)
{
    static const int threads[] = { 1, 2, 3, 4, 7, 16 };
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        check_once(threads[i]);
}

/* Small work stays in the caller; large work is split among just as many threads as are there. */
static void test_spread(void)
{
    static pthread_t thread[64];
    struct inv_run run = { .arena = (unsigned char *)thread,
                           .pool = inv_pool_new(4, "portable", 0) };
    inv_for(&run, note_thread, 64, 1000);
    for (int i = 0; i < 64; i++)
        CU_ASSERT_TRUE(pthread_equal(thread[i], pthread_self()));
    atomic_store(&missing, 4);
    inv_for(&run, meet, 64, LARGE);
    CU_ASSERT_EQUAL(atomic_load(&missing), 0);
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < i; j++)
            CU_ASSERT_EQUAL(!pthread_equal(thread[i], thread[j]), i / 16 != j / 16);
    inv_pool_free(run.pool);
}

/* A thread that sleeps, and may come late, finds pieces to take; the caller takes the first. */
static void test_pieces(void)
{
    static pthread_t thread[OUTPUTS];
    struct inv_run run = { .arena = (unsigned char *)thread,
                           .pool = inv_pool_new(2, "portable", 0) };
    int changes = 0, others = 0;
    atomic_store(&missing, 2);
    inv_for(&run, meet, OUTPUTS, MIDDLE);
    CU_ASSERT_TRUE(atomic_load(&missing) <= 0);
    for (int i = 1; i < OUTPUTS; i++) {
        changes += !pthread_equal(thread[i], thread[i - 1]);
        others += !pthread_equal(thread[i], pthread_self());
    }
    CU_ASSERT_TRUE(changes >= 1 && others >= OUTPUTS / 10 && others <= OUTPUTS - OUTPUTS / 10);
    inv_pool_free(run.pool);
}

/* The environment can make threads take part in small work. */
static void test_cost(void)
{
    static pthread_t thread[2];
    setenv("INVAR_THREAD_COST", "5", 1);
    struct inv_run run = { .arena = (unsigned char *)thread,
                           .pool = inv_pool_new(2, "portable", 0) };
    unsetenv("INVAR_THREAD_COST");
    inv_for(&run, note_thread, 2, 9);
    CU_ASSERT_TRUE(pthread_equal(thread[1], pthread_self()));
    atomic_store(&missing, 2);
    inv_for(&run, meet, 2, 10);
    CU_ASSERT_EQUAL(atomic_load(&missing), 0);
    CU_ASSERT_FALSE(pthread_equal(thread[0], thread[1]));
    inv_pool_free(run.pool);
}

/* 1 + 2^-24 in every output: 1 where it is rounded to nearest. */
static void add_little(const struct inv_run *run, int64_t begin, int64_t end)
{
    volatile float little = 0x1p-24f;
    for (int64_t i = begin; i < end; i++)
        ((float *)(void *)run->arena)[i] = 1.0f + little;
}

/* Whatever mode the caller is in, its threads and their jobs are in the right one. */
static void test_mode(void)
{
    static float sum[OUTPUTS];
    struct inv_run run = { .arena = (unsigned char *)sum,
                           .pool = inv_pool_new(3, "portable", 0) };
    int wrong = 0;
    fesetround(FE_UPWARD);
    for (int round = 0; round < 3; round++) {
        memset(sum, 0, sizeof sum);
        inv_for(&run, add_little, OUTPUTS, round == 0 ? 1 : LARGE);
        for (int i = 0; i < OUTPUTS; i++)
            wrong += sum[i] != 1.0f;
    }
    int kept = fegetround();
    fesetround(FE_TONEAREST);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(kept, FE_UPWARD);
    inv_pool_free(run.pool);
}

static void test_idle(void)
{
    CU_ASSERT_TRUE(inv_pool_processors() >= 1);
    inv_pool_free(inv_pool_new(8, "portable", 0));
    inv_pool_free(NULL);
}

/* Writes to every page of so many bytes of the stack; 7 where the mode is the caller's. */
static int take_stack(void *bytes)
{
    volatile char room[6 << 20];
    for (int64_t at = 0; at < *(int64_t *)bytes; at += 4096)
        room[at] = 1;
    return room[0] == 1 && fegetround() == FE_UPWARD ? 7 : 8;
}

/* Work gets the stack that it asks for, or an error. */
static void test_stack(void)
{
    struct inv_errors errors = { .to = tmpfile() };
    int64_t bytes = 6 << 20;
    fesetround(FE_UPWARD);
    int result = inv_pool_work(bytes, take_stack, &bytes, &errors);
    fesetround(FE_TONEAREST);
    CU_ASSERT_EQUAL(result, 7);
    CU_ASSERT_EQUAL(errors.count, 0);
    CU_ASSERT_EQUAL(inv_pool_work(INT64_MAX / 4, take_stack, &bytes, &errors), -1);
    CU_ASSERT_EQUAL(errors.count, 1);
    fclose(errors.to);
}

HOST_MAIN("pool", { "once", test_once }, { "spread", test_spread }, { "pieces", test_pieces },
          { "cost", test_cost }, { "mode", test_mode }, { "stack", test_stack },
          { "idle", test_idle })
