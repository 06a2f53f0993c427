/*
 * Blocks of threads on fibers.  A thread starts on any idle fiber and keeps it while it waits; one
 * that never waits leaves its fiber to the next, so kernels without barriers cost plain calls.
 *
 * For ThreadSanitizer (-DEMULATE_TSAN; this file itself is not instrumented, and is linked before
 * those that are) each thread of a block is a thread of its own to the sanitizer: what orders two
 * of them is a barrier between them, nothing else.  Blocks share most_threads such threads, number
 * by number; stacks and shared memory are new for each, as addresses that they used one after the
 * other would look like races.
 */
#include "cuda_runtime.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#if defined(EMULATE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

uint3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulate {

static const size_t stack_bytes = 128 * 1024;
static const int most_threads = 1024;

enum state { FRESH, RUNNING, AT_BARRIER, AT_EXCHANGE, READY, DONE };
enum order { ASCENDING, DESCENDING, RANDOM };

struct fiber {
    ucontext_t context;
    jmp_buf jump;
    bool entered;
    void *stack;
};

struct thread {
    enum state state;
    struct fiber *fiber;
    struct site site;
    void *sanitizer;
};

/* Exchanges of a warp alternate between two sets of values: a lane that has gone on to the next
 * exchange overwrites nothing that others still read. */
struct warp {
    unsigned live, arrived;
    struct site site;
    int turn;
    uint64_t value[2][32];
    char token[2];
};

static struct {
    const char *name;
    const emulate::body *body;
    int threads, live, waiting, current;
    struct site barrier;
    int turn;
    char token[2], begin, end;
    struct thread thread[most_threads];
    struct warp warp[most_threads / 32];
    std::vector<int> fresh, ready; /* last: next to run, but for random order */
    std::vector<struct fiber *> idle, spent;
    struct fiber main;
    unsigned char *shared, *end_of_shared;
} block;

/* ---- order ---- */

static enum order chosen_order;
static uint64_t random_state;

static void choose_order(void)
{
    const char *wish = getenv("EMULATE_ORDER");
    if (random_state != 0)
        return;
    random_state = 1;
    if (wish && strcmp(wish, "ascending") == 0)
        chosen_order = ASCENDING;
    else if (wish && strcmp(wish, "descending") == 0)
        chosen_order = DESCENDING;
    else {
        chosen_order = RANDOM;
        random_state = (wish ? strtoull(wish, NULL, 10) : 1) * 0x9e3779b97f4a7c15u + 1;
    }
}

/* in 0 .. n - 1 (xorshift, Marsaglia 2003) */
static size_t draw(size_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)((random_state >> 32) * n >> 32);
}

/* 0 .. n - 1 so that taking from the end follows the order */
static void fill_order(std::vector<int> &list, size_t n)
{
    list.resize(n);
    for (size_t i = 0; i < n; i++)
        list[i] = (int)(chosen_order == DESCENDING ? i : n - 1 - i);
    for (size_t i = n; chosen_order == RANDOM && i > 1; i--)
        std::swap(list[i - 1], list[draw(i)]);
}

static int take(std::vector<int> &list)
{
    size_t at = list.size() - 1;
    if (chosen_order == RANDOM && &list == &block.ready)
        at = draw(list.size());
    int t = list[at];
    list[at] = list.back();
    list.pop_back();
    return t;
}

/* ---- fibers ---- */

#if defined(EMULATE_TSAN)
static const bool reuse = false;
#else
static const bool reuse = true;
#endif

static void make_fiber(void);

static unsigned char *take_area(size_t bytes)
{
    return (unsigned char *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                 -1, 0);
}

void die(const char *what, const char *file, int line)
{
    fprintf(stderr, "emulation: %s: %s at %s:%d, block (%u, %u, %u), thread %d\n", block.name, what,
            file, line, blockIdx.x, blockIdx.y, blockIdx.z, block.current);
    _exit(3);
}

static void be_thread(int t)
{
    unsigned u = (unsigned)t;
    block.current = t;
    threadIdx = uint3{u % blockDim.x, u / blockDim.x % blockDim.y, u / (blockDim.x * blockDim.y)};
}

#if defined(EMULATE_TSAN)
static void *main_sanitizer;

/* of thread t in the current block */
static void *sanitizer_thread(int t)
{
    static void *all[most_threads];
    unsigned number = blockIdx.x + 7 * blockIdx.y + 49 * blockIdx.z;
    void **one = &all[((unsigned)t + 33 * number) % most_threads];
    if (!*one)
        *one = __tsan_create_fiber(0);
    return *one;
}

static void sanitizer_be(void *one)
{
    __tsan_switch_to_fiber(one, 1 /* no order between the two */);
}
#define ACQUIRE(token) __tsan_acquire(&(token))
#define RELEASE(token) __tsan_release(&(token))
#else
#define ACQUIRE(token) (void)0
#define RELEASE(token) (void)0
#endif

static void switch_fiber(struct fiber *from, struct fiber *to)
{
#if defined(EMULATE_TSAN)
    swapcontext(&from->context, &to->context);
#else
    if (_setjmp(from->jump) != 0)
        return;
    if (to->entered)
        _longjmp(to->jump, 1);
    to->entered = true;
    setcontext(&to->context);
#endif
}

static void run_thread(int t)
{
    struct thread *self = &block.thread[t];
    be_thread(t);
    self->state = RUNNING;
#if defined(EMULATE_TSAN)
    self->sanitizer = sanitizer_thread(t);
    sanitizer_be(self->sanitizer);
    ACQUIRE(block.begin);
    (*block.body)();
    RELEASE(block.end);
    sanitizer_be(main_sanitizer);
#else
    (*block.body)();
#endif
    self->state = DONE;
    block.live--;
    struct warp *warp = &block.warp[t / 32];
    warp->live &= ~(1u << (t % 32));
    if (warp->arrived)
        die("a thread has ended while its warp waits for it", warp->site.file, warp->site.line);
    if (block.waiting)
        die("a thread has ended while its block waits for it", block.barrier.file,
            block.barrier.line);
}

/* Where to go on: a waiting thread's fiber, an idle one for a fresh thread, main, or NULL to start
 * a fresh thread on the fiber that asks. */
static struct fiber *next_fiber(bool can_start)
{
    bool fresh = !block.fresh.empty(), ready = !block.ready.empty();
    if (fresh && ready && (chosen_order != RANDOM || draw(2)))
        ready = false;
    if (ready) {
        int t = take(block.ready);
        be_thread(t);
        block.thread[t].state = RUNNING;
        return block.thread[t].fiber;
    }
    if (!fresh)
        return &block.main;
    if (can_start)
        return NULL;
    struct fiber *idle = block.idle.back();
    block.idle.pop_back();
    return idle;
}

static void fiber_main(unsigned high, unsigned low)
{
    struct fiber *self = (struct fiber *)(((uintptr_t)high << 16 << 16) | low);
    for (;;) {
        int t = take(block.fresh);
        block.thread[t].fiber = self;
        run_thread(t);
        if (!reuse && block.idle.empty())
            make_fiber();
        struct fiber *next = next_fiber(reuse);
        if (next) {
            (reuse ? block.idle : block.spent).push_back(self);
            switch_fiber(self, next);
        }
    }
}

static void make_fiber(void)
{
    struct fiber *f = new fiber();
    uintptr_t address = (uintptr_t)f;
    f->stack = take_area(stack_bytes);
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = stack_bytes;
    f->context.uc_link = NULL;
    makecontext(&f->context, (void (*)(void))fiber_main, 2, (unsigned)(address >> 16 >> 16),
                (unsigned)address);
    block.idle.push_back(f);
    RELEASE(block.begin);
}

static void free_spent(void)
{
    for (struct fiber *f : block.spent) {
        munmap(f->stack, stack_bytes);
        delete f;
    }
    block.spent.clear();
}

/* The current thread stops until it is in block.ready and chosen. */
static void suspend(enum state state, struct site place)
{
    struct thread *self = &block.thread[block.current];
    self->state = state;
    self->site = place;
#if defined(EMULATE_TSAN)
    sanitizer_be(main_sanitizer);
#endif
    if (block.idle.empty())
        make_fiber();
    struct fiber *next = next_fiber(false);
    if (next == &block.main)
        die("threads wait for each other in vain", place.file, place.line);
    if (next != self->fiber)
        switch_fiber(self->fiber, next);
}

/* Back from suspend(): to the sanitizer, this is the thread again. */
static void resume(void)
{
#if defined(EMULATE_TSAN)
    sanitizer_be(block.thread[block.current].sanitizer);
#endif
}

/* ---- waiting ---- */

static void make_ready(int t)
{
    block.thread[t].state = READY;
    if (chosen_order == ASCENDING)
        block.ready.insert(block.ready.begin(), t);
    else
        block.ready.push_back(t);
}

void wait_block(struct site place)
{
    if (block.waiting && block.barrier.number != place.number)
        die("threads of a block wait at different places", place.file, place.line);
    if (block.live != block.threads)
        die("a barrier after threads of the block have ended", place.file, place.line);
    block.barrier = place;
    int turn = block.turn;
    RELEASE(block.token[turn]);
    if (++block.waiting == block.live) {
        block.waiting = 0;
        block.turn ^= 1;
        for (int t = 0; t < block.threads; t++)
            if (t == block.current || block.thread[t].state == AT_BARRIER)
                make_ready(t);
    }
    suspend(block.waiting ? AT_BARRIER : READY, place);
    resume();
    ACQUIRE(block.token[turn]);
    (void)turn;
}

/* All lanes of the mask give a value; what each gave, until the lane's next exchange.  Shuffles and
 * votes order no access to memory: only __syncwarp() does. */
static const uint64_t *exchange(unsigned mask, uint64_t value, bool orders, struct site place)
{
    int first = block.current & ~31, l = block.current & 31;
    struct warp *warp = &block.warp[first / 32];
    if (!(mask >> l & 1))
        die("a lane takes part in an exchange that does not name it", place.file, place.line);
    if (mask != warp->live)
        die("an exchange names not just the threads of the warp", place.file, place.line);
    if (warp->arrived && warp->site.number != place.number)
        die("threads of a warp wait at different places", place.file, place.line);
    warp->site = place;
    int turn = warp->turn;
    warp->value[turn][l] = value;
    warp->arrived |= 1u << l;
    if (orders)
        RELEASE(warp->token[turn]);
    if (warp->arrived == mask) {
        warp->arrived = 0;
        warp->turn ^= 1;
        for (int i = 0; i < 32; i++)
            if (mask >> i & 1)
                make_ready(first + i);
    }
    suspend(warp->arrived ? AT_EXCHANGE : READY, place);
    resume();
    if (orders)
        ACQUIRE(warp->token[turn]);
    return warp->value[turn];
}

void wait_warp(unsigned mask, struct site place)
{
    exchange(mask, 0, true, place);
}

uint64_t value_of_lane(unsigned mask, uint64_t value, int from, struct site place)
{
    if (!(mask >> (from & 31) & 1))
        die("a shuffle reads a lane that does not take part", place.file, place.line);
    return exchange(mask, value, false, place)[from & 31];
}

unsigned ballot(unsigned mask, int predicate, struct site place)
{
    const uint64_t *all = exchange(mask, predicate != 0, false, place);
    unsigned votes = 0;
    for (int l = 0; l < 32; l++)
        votes |= mask >> l & 1 ? (unsigned)all[l] << l : 0;
    return votes;
}

int lane()
{
    return block.current & 31;
}

/* ---- blocks ---- */

unsigned char *shared_memory()
{
    return block.shared;
}

/* Where shared memory ends, a page without access begins. */
static void place_shared(void)
{
    static const size_t most = 256 * 1024;
    static unsigned char *area;
    if (area && reuse)
        return;
    if (area)
        munmap(area, most + 4096);
    area = take_area(most + 4096);
    mprotect(area + most, 4096, PROT_NONE);
    RELEASE(block.begin);
    block.end_of_shared = area + most;
}

/* Not by memset, which the sanitizer would see. */
static void poison_shared(size_t bytes)
{
    volatile uint64_t *word = (volatile uint64_t *)(void *)block.shared;
    for (size_t i = 0; i < (bytes + 15) / 16 * 2; i++)
        word[i] = UINT64_MAX;
}

static void run_block(size_t number, dim3 blocks, size_t shared)
{
    unsigned x = (unsigned)(number % blocks.x), y = (unsigned)(number / blocks.x % blocks.y);
    blockIdx = uint3{x, y, (unsigned)(number / blocks.x / blocks.y)};
    place_shared();
    block.shared = block.end_of_shared - (shared + 15) / 16 * 16;
    poison_shared(shared);
    block.live = block.threads;
    block.waiting = 0;
    fill_order(block.fresh, (size_t)block.threads);
    block.ready.clear();
    for (int t = 0; t < block.threads; t++)
        block.thread[t] = thread{FRESH, NULL, {0, "", 0}, NULL};
    for (int w = 0; w < (block.threads + 31) / 32; w++) {
        int lanes = block.threads - w * 32;
        block.warp[w].live = lanes >= 32 ? 0xffffffffu : (1u << lanes) - 1;
        block.warp[w].arrived = 0;
    }
    if (block.idle.empty())
        make_fiber();
    struct fiber *first = block.idle.back();
    block.idle.pop_back();
    switch_fiber(&block.main, first);
    free_spent();
    if (block.live)
        die("threads of the block still wait", "end of kernel", 0);
}

void run_blocks(const char *name, dim3 blocks, dim3 threads, size_t shared,
                const emulate::body &body)
{
    std::vector<int> order;
    choose_order();
    block.name = name;
    block.body = &body;
    block.threads = (int)(threads.x * threads.y * threads.z);
    blockDim = uint3{threads.x, threads.y, threads.z};
    gridDim = uint3{blocks.x, blocks.y, blocks.z};
    block.main.entered = true;
    block.ready.reserve(most_threads);
#if defined(EMULATE_TSAN)
    main_sanitizer = __tsan_get_current_fiber();
#endif
    RELEASE(block.begin);
    fill_order(order, (size_t)blocks.x * blocks.y * blocks.z);
    for (; !order.empty(); order.pop_back())
        run_block((size_t)order.back(), blocks, shared);
    ACQUIRE(block.end);
}

} /* namespace emulate */
