/* The trace of a model written by hand: what the step stores in variables is hashed once, and what
 * is told of them is what they hold when it ends. */
#include "host.h"
#include "fake_model.h"
#include "core/hash.h"
#include "host/session.h"

static unsigned char arena[FAKE_ARENA] __attribute__((aligned(64)));
enum { TEXT = 200 };
static int hashed;                      /* pieces, so far */

static uint64_t count_piece(const void *at, int64_t words, int what)
{
    hashed++;
    return inv_hash_piece(at, words, what);
}

/* So many elements, at an offset. */
struct store { int offset, count; };

/* The hashes of the variables after a step that stores so; how many had to be made in the end. */
static int trace(const struct store *store, int stores, char text[TEXT])
{
    struct host_errors e;
    struct inv_model model = fake_model();
    struct inv_session s = { .model = &model, .run = { .arena = arena } };
    host_errors_begin(&e);
    s.errors = e.errors;
    s.data.fitted.parts = (char *)(size_t)"11";
    s.options.trace = host_path("a.trace");
    s.options.trace_steps.last = -1;
    model.hash = count_piece;
    for (int i = 0; i < FAKE_ARENA; i++)
        arena[i] = (unsigned char)(i * 7 % 64);
    CU_ASSERT_TRUE_FATAL(inv_trace_begin(&s));
    inv_trace_step_begin(&s);
    for (int i = 0; i < stores; i++) {
        float *at = (float *)(void *)(arena + store[i].offset);
        for (int k = 0; k < store[i].count; k++)
            at[k] = (float)(7 - store[i].offset / 4 - k);
        s.run.trace(&s.run, 0, at, store[i].count);
    }
    hashed = 0;
    inv_trace_step_end(&s);
    CU_ASSERT_EQUAL(inv_trace_end(&s, INV_OK), INV_OK);
    size_t size;
    char *all = host_read(host_path("a.trace"), &size), *line = strstr(all, "\"hashes\":\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    snprintf(text, TEXT, "%s", line + 10 + 4 * 16);
    free(all);
    e.errors = s.errors;
    host_errors_end(&e);
    return hashed;
}

/* They are as after one store of three elements at offset 0. */
static void check(const struct store *store, int stores, int pieces)
{
    static const struct store all = { 0, 3 };
    char want[TEXT], got[TEXT];
    trace(&all, 1, want);
    CU_ASSERT_EQUAL(trace(store, stores, got), pieces);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void test_once(void)
{
    char text[TEXT];
    CU_ASSERT_EQUAL(trace(NULL, 0, text), 5); /* w, bias, mean, deviation, average */
    check(&(struct store){ 0, 3 }, 1, 5);
    CU_ASSERT_EQUAL(trace(&(struct store){ 320, 3 }, 1, text), 4);
    CU_ASSERT_EQUAL(trace((struct store[]){ { 12, 2 }, { 320, 3 } }, 2, text), 3);
    CU_ASSERT_EQUAL(trace(&(struct store){ 336, 3 }, 1, text), 5); /* none of theirs */
}

/* What was stored is stored over: as a whole, in part, beside. */
static void test_over(void)
{
    check((struct store[]){ { 0, 2 }, { 0, 3 } }, 2, 5);
    check((struct store[]){ { 8, 1 }, { 0, 3 } }, 2, 5);
    check((struct store[]){ { 0, 3 }, { 0, 2 } }, 2, 4);
    check((struct store[]){ { 0, 1 }, { 0, 3 }, { 0, 1 } }, 3, 5);
    check((struct store[]){ { 0, 2 }, { 0, 1 }, { 0, 3 }, { 4, 0 } }, 4, 5);
}

HOST_MAIN("trace", { "a variable is hashed once", test_once },
          { "what is stored over it", test_over })
