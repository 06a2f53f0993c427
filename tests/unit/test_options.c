/* The trainer's command line: what is taken, what is refused, and what is suggested. */
#include "host.h"
#include "host/options.h"
#include "host/suggest.h"

/* A word '' is an empty argument. */
static int read_line(struct inv_options *o, const char *line, struct host_errors *e)
{
    static char text[512];
    char *argv[32] = { (char *)(size_t)"trainer" };
    int argc = 1;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "''") == 0 ? (char *)(size_t)"" : word;
    return inv_options_read(o, argc, argv, NULL, &e->errors);
}

static void test_taken(void)
{
    struct inv_options o;
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_TRUE(read_line(&o, "", &e));
    CU_ASSERT_TRUE(o.epochs == -1 && o.steps == -1 && o.threads == -1 && o.seed == -1 &&
                   o.dump_batch == -1 && o.device == -1 && o.memory_limit == -1 && !o.quiet &&
                   !o.data && !o.init);
    CU_ASSERT_TRUE(read_line(&o, "--data d --epochs 5 --threads=3 --seed 18446744073709551615 "
                             "--init a --weights c --log l --log-every 2 --quiet "
                             "--predict - -o p.csv --format csv --keep a,b", &e));
    CU_ASSERT_STRING_EQUAL(o.data, "d");
    CU_ASSERT_STRING_EQUAL(o.init, "a");
    CU_ASSERT_STRING_EQUAL(o.weights, "c");
    CU_ASSERT_STRING_EQUAL(o.log, "l");
    CU_ASSERT_STRING_EQUAL(o.predict, "-");
    CU_ASSERT_STRING_EQUAL(o.output, "p.csv");
    CU_ASSERT_STRING_EQUAL(o.keep, "a,b");
    CU_ASSERT_FALSE(inv_options_train(&o));
    CU_ASSERT_TRUE(o.epochs == 5 && o.threads == 3 && o.log_every == 2);
    CU_ASSERT_TRUE(o.seed == 1 && o.seed_value == UINT64_MAX);
    CU_ASSERT_TRUE(o.quiet && !o.evaluate && !o.help && !o.version && !o.selftest);
    CU_ASSERT_TRUE(read_line(&o, "--dump-batch 0", &e));
    CU_ASSERT_TRUE(o.dump_batch == 0 && !inv_options_train(&o));
    CU_ASSERT_TRUE(read_line(&o, "-h --version -v --selftest", &e));
    CU_ASSERT_TRUE(o.help && o.version && o.verbose && o.selftest);
    CU_ASSERT_TRUE(read_line(&o, "--device 0 --memory-limit 3G", &e));
    CU_ASSERT_TRUE(o.device == 0 && o.memory_limit == (int64_t)3 << 30);
    CU_ASSERT_TRUE(read_line(&o, "--memory-limit 8191", &e) && o.memory_limit == 8191);
    CU_ASSERT_TRUE(read_line(&o, "--predict --part val --output=p.npy", &e));
    CU_ASSERT_STRING_EQUAL(o.predict, "");
    CU_ASSERT_STRING_EQUAL(o.part, "val");
    CU_ASSERT_TRUE(read_line(&o, "--predict --weights w new.csv", &e));
    CU_ASSERT_STRING_EQUAL(o.predict, "new.csv");
    CU_ASSERT_TRUE(read_line(&o, "--evaluate", &e));
    CU_ASSERT_STRING_EQUAL(o.evaluate, "");
    CU_ASSERT_TRUE(read_line(&o, "--evaluate=new.csv --quiet", &e));
    CU_ASSERT_STRING_EQUAL(o.evaluate, "new.csv");
    CU_ASSERT_TRUE(read_line(&o, "--quiet", &e) && inv_options_train(&o));
    CU_ASSERT_TRUE(inv_options_plain(&o) && !o.plain);
    CU_ASSERT_TRUE(read_line(&o, "--plain", &e) && inv_options_plain(&o) && !o.quiet);
    CU_ASSERT_TRUE(read_line(&o, "", &e) && !inv_options_plain(&o));
    CU_ASSERT_TRUE(read_line(&o, "--checkpoint c --resume auto --resume-anyway", &e));
    CU_ASSERT_TRUE(o.resume_anyway && o.checkpoint_every.count == 0 &&
                   inv_options_checkpoints(&o) == 2);
    CU_ASSERT_TRUE(read_line(&o, "--checkpoint c --checkpoint-every 100 --checkpoint-keep 7", &e));
    CU_ASSERT_TRUE(o.checkpoint_every.count == 100 && o.checkpoint_every.unit == INV_STEPS &&
                   inv_options_checkpoints(&o) == 7);
    CU_ASSERT_TRUE(read_line(&o, "--checkpoint c --checkpoint-every 3epochs", &e));
    CU_ASSERT_TRUE(o.checkpoint_every.count == 3 && o.checkpoint_every.unit == INV_EPOCHS);
    CU_ASSERT_TRUE(read_line(&o, "--checkpoint c --checkpoint-every 10min", &e));
    CU_ASSERT_TRUE(o.checkpoint_every.count == 600 && o.checkpoint_every.unit == INV_SECONDS);
    CU_ASSERT_TRUE(read_line(&o, "--checkpoint c --checkpoint-every 5%", &e));
    CU_ASSERT_TRUE(o.checkpoint_every.count == 5 && o.checkpoint_every.unit == INV_PERCENT);
    CU_ASSERT_TRUE(read_line(&o, "--verify r --steps 7..7", &e));
    CU_ASSERT_TRUE(o.steps == -1 && o.range.first == 7 && o.range.last == 7 &&
                   inv_options_partly(&o));
    CU_ASSERT_TRUE(read_line(&o, "--verify r --resume c --sample 3:18446744073709551615", &e));
    CU_ASSERT_TRUE(o.sample.count == 3 && o.sample.seeded && o.sample.seed == UINT64_MAX);
    CU_ASSERT_TRUE(read_line(&o, "--verify r --threads 2", &e) && !inv_options_partly(&o));
    CU_ASSERT_EQUAL(e.errors.count, 0);
    host_errors_end(&e);
}

static void check_bad(const char *line, const char *part)
{
    struct inv_options o;
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_FALSE(read_line(&o, line, &e));
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    host_errors_end(&e);
}

/* One error a mistake: an empty value is not an argument too many as well. */
static void test_empty_values(void)
{
    static const char *const lines[][2] = {
        { "--generate ''", "--generate needs a value: --generate [TEXT]" },
        { "--weights '' --quiet", "--weights needs a value: --weights FILE" },
        { "--epochs '' --predict p", "--epochs needs a value: --epochs N" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct inv_options o;
        struct host_errors e;
        host_errors_begin(&e);
        CU_ASSERT_FALSE(read_line(&o, lines[i][0], &e));
        CU_ASSERT_TRUE(host_errors_have(&e, lines[i][1]));
        CU_ASSERT_EQUAL(e.errors.count, 1);
        host_errors_end(&e);
    }
}

static void test_refused(void)
{
    check_bad("--checkpoint c --checkpoint-every 5h",
              "--checkpoint-every 5h: steps such as 100, or 2epochs, 30s, 10min or 5% expected");
    check_bad("--checkpoint c --checkpoint-every 0", "--checkpoint-every 0: steps such as");
    check_bad("--checkpoint-every 5", "--checkpoint-every needs --checkpoint FILE");
    check_bad("--checkpoint-keep 5", "--checkpoint-keep needs --checkpoint FILE");
    static const char *const keep[] = { "-1", "0", "101", "1000000", "x" };
    for (int i = 0; i < 5; i++) {
        char line[64], said[96];
        snprintf(line, sizeof line, "--checkpoint c --checkpoint-keep %s", keep[i]);
        snprintf(said, sizeof said, "--checkpoint-keep %s: a whole number from 1 to 100 expected",
                 keep[i]);
        check_bad(line, said);
    }
    check_bad("--plain=1", "--plain takes no value");
    check_bad("--resume auto", "--resume auto goes on from the file of --checkpoint; add");
    check_bad("--resume-anyway", "--resume-anyway needs --resume FILE");
    check_bad("--verify r --resume-anyway --resume c",
              "--verify trains as the receipt says: leave out --resume-anyway");
    check_bad("--verify r --resume auto", "--verify goes on from a file that is named: --resume F");
    check_bad("--verify r --steps 7", "leave out --steps, or let it say which, as in --steps 100");
    check_bad("--steps 7..9", "--steps A..B needs --verify RECEIPT");
    check_bad("--summary s", "--summary needs --verify RECEIPT");
    check_bad("--sample 3", "--sample needs --verify RECEIPT");
    check_bad("--verify r --sample 3", "--sample needs the checkpoints of the run: --resume FILE");
    check_bad("--verify r --sample 3 --steps 1..2", "--steps A..B and --sample exclude each");
    check_bad("--steps 9..7", "--steps 9..7: a first and a last step such as 100..120 expected");
    check_bad("--steps 7..x", "--steps 7..x: a first and a last step such as 100..120 expected");
    check_bad("--steps 7-9", "--steps 7-9: a whole number from 1 to 2147483647, or with --verify "
              "A..B, such as 100..120, expected");
    check_bad("--sample 3:x", "--sample 3:x: a number of stretches such as 5, or 5:1234 with a");
    check_bad("--sample 0", "--sample 0: a number of stretches");
    check_bad("--checkpoint c --evaluate",
              "--checkpoint is for training alone; leave it out, or --evaluate");
    check_bad("--resume c --predict x", "--resume is for training alone; leave it out, or --pred");
    check_bad("--receipt r --generate", "--receipt is for training alone; leave it out, or --gen");
    check_bad("--verify r --dump-batch 0", "--verify is for training alone; leave it out, or --d");
    check_bad("--trace t --evaluate", "--trace is for training alone");
    check_bad("--inject 1:2:3:4 --evaluate", "--inject is for training alone");
    check_bad("--on-nan skip --generate", "--on-nan is for training alone");
    check_bad("--save-init s --evaluate", "--save-init is for training alone");
    check_bad("--epoch 3", "unknown option --epoch; did you mean --epochs?");
    check_bad("--treads=3", "unknown option --treads; did you mean --threads?");
    check_bad("--frobnicate", "unknown option --frobnicate; --help lists them");
    check_bad("model.inv", "unexpected argument model.inv");
    check_bad("--", "unexpected argument --");
    check_bad("--epochs", "--epochs needs a value: --epochs N");
    check_bad("--epochs 0", "--epochs 0: a whole number from 1 to 2147483647 expected");
    check_bad("--epochs -1", "--epochs -1: a whole number");
    check_bad("--epochs 1.5", "--epochs 1.5: a whole number");
    check_bad("--seed 18446744073709551616", "a whole number from 0 to 18446744073709551615");
    check_bad("--memory-limit 0", "--memory-limit 0: a size such as 500000000, 800M or 4G");
    check_bad("--memory-limit 4Gi", "--memory-limit 4Gi: a size");
    check_bad("--memory-limit 9999999999G", "--memory-limit 9999999999G: a size");
    check_bad("--quiet=yes", "--quiet takes no value");
    check_bad("--epochs 1 --steps 2", "exclude each other");
    check_bad("--log-every 2", "--log-every needs --log FILE");
    check_bad("--predict new.csv more.csv", "unexpected argument more.csv");
    check_bad("--weights=", "--weights needs a value: --weights FILE");
    check_bad("--predict=", "--predict needs a value: --predict [FILE]");
    check_bad("--eval-only", "--eval-only is now --evaluate");
    check_bad("--predict --evaluate", "exclude each other");
    check_bad("--predict p --dump-batch 0", "--predict and --dump-batch exclude each other");
    check_bad("--evaluate --generate", "--generate and --evaluate exclude each other");
    check_bad("-o p.csv", "-o is for predictions");
    check_bad("--evaluate --format npy", "--format is for predictions");
    check_bad("--part val", "--part is of the model's own data");
    check_bad("--predict new.csv --part val", "--part is of the model's own data");
    check_bad("--data a --data=b", "--data is given twice; give it once; several files are a "
                                   "pattern: --data 'part-*.csv'");
    check_bad("--predict a --predict b", "--predict is given twice");
    check_bad("--predict a -o b --output c", "--output is given twice");
    check_bad("--epochs 1 --epochs=2", "--epochs is given twice; give it once");
    check_bad("--predict f --keep a --keep b", "--keep is given twice; give it once: --keep A,B");
}

static void test_several(void)
{
    struct inv_options o;
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_FALSE(read_line(&o, "--a --b --c x y --d --e --f --g --h --i --j", &e));
    CU_ASSERT_EQUAL(e.errors.count, 12);
    inv_errors_close(&e.errors);
    CU_ASSERT_TRUE(host_errors_have(&e, "error: and 2 more"));
    host_errors_end(&e);
}

static void test_suggest(void)
{
    static const char *const list[] = { "petal_length", "petal_width", "species", "x" };
    CU_ASSERT_STRING_EQUAL(inv_suggest("petal_lenght", list, 4), "petal_length");
    CU_ASSERT_STRING_EQUAL(inv_suggest("specis", list, 4), "species");
    CU_ASSERT_PTR_NULL(inv_suggest("y", list, 4)); /* one letter is near to itself only */
    CU_ASSERT_PTR_NULL(inv_suggest("colour", list, 4));
    CU_ASSERT_PTR_NULL(inv_suggest("colour", list, 0));
}

static void test_help(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    inv_options_help(to, "trainer", "digits");
    fclose(to);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "usage: trainer [options]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--epochs N"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "INVAR_ISA=portable|avx2|avx512|neon chooses"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        CU_ASSERT_TRUE(strlen(line) <= 100);
    free(text);
}

HOST_MAIN("options", { "taken", test_taken }, { "refused", test_refused },
          { "empty values", test_empty_values },
          { "several", test_several }, { "suggest", test_suggest }, { "help", test_help })
