/* Checkpoints of a model written by hand: what is in the file, and that no damage goes unseen. */
#include "host.h"
#include "fake_model.h"
#include "core/exact.h"
#include "host/checkpoint_file.h"

static unsigned char arena[FAKE_ARENA] __attribute__((aligned(64)));
static int64_t sums[4 * INV_EXACT_WORDS];
static unsigned char kept[28];

/* A run after some steps of 15 an epoch. */
struct run {
    struct inv_model model;
    struct inv_session s;
    struct inv_order order;
    struct inv_pass pass;
    struct inv_watch watch;
    struct inv_checkpoint c;
    struct host_errors e;
};

static void begin(struct run *r)
{
    memset(r, 0, sizeof *r);
    host_errors_begin(&r->e);
    r->model = fake_model();
    r->s.model = &r->model;
    r->s.run.arena = arena;
    r->s.seed = 42;
    r->s.data.fitted.parts = (char *)(size_t)"11";
    r->s.errors = r->e.errors;
    r->order = (struct inv_order){ .rows = 60, .batch = FAKE_BATCH, .per_epoch = 15 };
    r->pass.sum = sums;
    r->pass.rows = 2 * FAKE_BATCH;
    r->watch.kept = kept;
    r->c = (struct inv_checkpoint){ .s = &r->s, .order = &r->order, .pass = &r->pass,
                                    .watch = &r->watch, .steps = 30 };
}

static void end(struct run *r)
{
    r->e.errors = r->s.errors;
    host_errors_end(&r->e);
}

/* Values that differ from one another, in the arena and all else. */
static void fill(struct run *r)
{
    for (int i = 0; i < FAKE_ARENA; i++)
        arena[i] = (unsigned char)(i * 7 % 64);
    for (int i = 0; i < 4 * INV_EXACT_WORDS; i++)
        sums[i] = i * 1000003 - 50;
    for (int i = 0; i < 28; i++)
        kept[i] = (unsigned char)(i + 1);
    r->watch.best = 0.5f;
    r->watch.mark = 0.75f;
    r->watch.epoch = 1;
    r->watch.misses = 3;
}

static char *write_good(size_t *size)
{
    struct run r;
    begin(&r);
    fill(&r);
    struct inv_snapshot *shot = inv_checkpoint_copy(&r.c, 17);
    memset(arena, 0x3f, sizeof arena);  /* the run goes on */
    memset(sums, 0, sizeof sums);
    memset(kept, 0, sizeof kept);
    r.watch.best = 0.25f;
    CU_ASSERT_TRUE_FATAL(inv_snapshot_write(shot, host_path("c.st"), 0, &r.s.errors));
    end(&r);
    return host_read(host_path("c.st"), size);
}

/* Whether what the file holds has come back; the rest of the arena has not been touched. */
static void check_back(const struct run *r, const struct run *want, const unsigned char *before)
{
    static const int back[] = { FAKE_W, FAKE_BIAS, FAKE_MEAN, FAKE_DEVIATION, FAKE_AVERAGE,
                                FAKE_ERROR_SUM };
    unsigned char full[FAKE_ARENA];
    memcpy(full, before, FAKE_ARENA);
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        const struct inv_variable *v = &fake_variables[back[i]];
        for (int64_t b = 0; b < 4 * (v->rank ? v->dim[0] : 1); b++)
            full[v->offset + b] = (unsigned char)((v->offset + b) * 7 % 64);
    }
    CU_ASSERT_EQUAL(memcmp(arena, full, FAKE_ARENA), 0);
    for (int i = 0; i < 4 * INV_EXACT_WORDS; i++)
        CU_ASSERT_EQUAL(sums[i], i * 1000003 - 50);
    for (int i = 0; i < 28; i++)
        CU_ASSERT_EQUAL(kept[i], i + 1);
    CU_ASSERT_EQUAL(r->watch.best, want->watch.best);
    CU_ASSERT_EQUAL(r->watch.mark, want->watch.mark);
    CU_ASSERT_EQUAL(r->watch.epoch, want->watch.epoch);
    CU_ASSERT_EQUAL(r->watch.misses, want->watch.misses);
    CU_ASSERT_EQUAL(r->pass.rows, 2 * FAKE_BATCH);
}

static void test_round_trip(void)
{
    struct run r, want;
    size_t size, again;
    int64_t step = 0;
    unsigned char before[FAKE_ARENA];
    char *good = write_good(&size);
    begin(&want);
    fill(&want);
    begin(&r);
    memset(arena, 0x3f, sizeof arena);
    memcpy(before, arena, sizeof arena);
    memset(sums, 0, sizeof sums);
    memset(kept, 0, sizeof kept);
    FILE *file = fopen(host_path("c.st"), "rb");
    CU_ASSERT_PTR_NULL(inv_checkpoint_damage(file));
    CU_ASSERT_TRUE(inv_checkpoint_read(&r.c, "c.st", file, &step));
    CU_ASSERT_EQUAL(step, 17);
    check_back(&r, &want, before);
    fclose(file);
    CU_ASSERT_TRUE(inv_snapshot_write(inv_checkpoint_copy(&r.c, 17), host_path("d.st"), 0,
                                      &r.s.errors));
    char *second = host_read(host_path("d.st"), &again);
    CU_ASSERT_TRUE(size == again && memcmp(good, second, size) == 0);
    free(good);
    free(second);
    end(&want);
    end(&r);
}

static int is_damaged(const char *bytes, size_t size)
{
    FILE *file = fmemopen((char *)(size_t)bytes, size, "rb");
    char *why = inv_checkpoint_damage(file);
    int damaged = why != NULL;
    free(why);
    fclose(file);
    return damaged;
}

/* Every bit, every length. */
static void test_damage(void)
{
    size_t size, missed = 0;
    char *good = write_good(&size);
    CU_ASSERT_FALSE(is_damaged(good, size));
    CU_ASSERT_TRUE(8 * size > 10000);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        good[bit / 8] = (char)(good[bit / 8] ^ 1 << bit % 8);
        missed += !is_damaged(good, size);
        good[bit / 8] = (char)(good[bit / 8] ^ 1 << bit % 8);
    }
    CU_ASSERT_EQUAL(missed, 0);
    for (size_t length = 1; length < size; length++)
        missed += !is_damaged(good, length);
    CU_ASSERT_EQUAL(missed, 0);
    char *longer = calloc(size + 1, 1);
    memcpy(longer, good, size);
    CU_ASSERT_TRUE(is_damaged(longer, size + 1));
    free(longer);
    free(good);
}

/* Reads the good file as a run that differs; whether it is refused with that text. */
static int refused(struct run *r, const char *text)
{
    int64_t step;
    FILE *file = fopen(host_path("c.st"), "rb");
    int good = inv_checkpoint_read(&r->c, "c.st", file, &step);
    fclose(file);
    r->e.errors.count = r->s.errors.count;
    return !good && host_errors_have(&r->e, text);
}

static void test_of_another(void)
{
    struct run r;
    size_t size;
    free(write_good(&size));
    begin(&r);
    r.s.seed = 43;
    CU_ASSERT_TRUE(refused(&r, "c.st: the seed is '42' there and '43' in this run; give what it "
                               "was made with, or begin without --resume"));
    end(&r);
    begin(&r);
    r.model.numerics = 2;
    CU_ASSERT_TRUE(refused(&r, "c.st: the version of numerics is '1' there and '2' in this run"));
    end(&r);
    begin(&r);
    r.s.data.fitted.parts = (char *)(size_t)"12";
    CU_ASSERT_TRUE(refused(&r, "c.st: the data (SHA-256 of files and parts of the rows) is '11' "));
    end(&r);
    begin(&r);
    r.order.per_epoch = 16;
    CU_ASSERT_TRUE(refused(&r, "c.st: the number of steps in an epoch is '15' there and '16'"));
    end(&r);
    begin(&r);
    r.watch.kept = NULL;
    CU_ASSERT_TRUE(refused(&r, "c.st: tensor best/data/x/deviation is not in the model"));
    end(&r);
    begin(&r);
    r.model.sha256 = "01";
    r.s.options.resume_anyway = 1;
    r.model.average = 0.5f;
    r.watch.report = -1;
    CU_ASSERT_TRUE(refused(&r, "c.st: tensor watch/best is not in the model"));
    end(&r);
}

HOST_MAIN("checkpoint", { "round trip", test_round_trip }, { "damage", test_damage },
          { "of another run", test_of_another })
