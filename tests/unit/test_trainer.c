/* The trainer as a program, on a model written by hand: each run is a process of its own. */
#include "host.h"
#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>
#include "core/sha256.h"
#include "fake_model.h"
#include "host/json_list.h"
#include "host/session.h"
#include "host/split.h"

static struct inv_model model;          /* what the next run gets */
static char *output, *messages;         /* of the last run */

/* Runs the trainer with those words as arguments, in the test's folder; its exit status. */
static int run(const char *line)
{
    size_t size = 0;
    pid_t child = fork();
    if (child == 0) {
        static char text[512];
        char *argv[32] = { (char *)(size_t)"trainer" };
        int argc = 1;
        const struct inv_model *levels[] = { &model, NULL };
        snprintf(text, sizeof text, "%s", line);
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
            argv[argc++] = word;
        if (chdir(host_folder) != 0 || !freopen("out.txt", "w", stdout) ||
            !freopen("err.txt", "w", stderr))
            _exit(99);
        int status = inv_trainer_main(argc, argv, levels, NULL, NULL);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    free(output);
    free(messages);
    output = host_read(host_path("out.txt"), &size);
    messages = host_read(host_path("err.txt"), &size);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void begin(int points)
{
    static char text[200000];
    fake_points(text, points);
    host_write_text("fake.csv", text);
    model = fake_model();
    fake.rate = 0.0625f;
    fake.blow_up_at = -1;
}

/* Whether part stands in text; prints text where it does not. */
static int has(const char *text, const char *part)
{
    int found = text && strstr(text, part) != NULL;
    if (!found)
        printf("\n  no \"%s\" in: %s\n", part, text ? text : "(none)");
    return found;
}

/* The hash that a run printed last, or "". */
static const char *hash(void)
{
    static char text[4][65];
    static int next;
    const char *at = output ? strstr(output, "sha256 ") : NULL;
    next = (next + 1) % 4;
    snprintf(text[next], 65, "%s", at ? at + 7 : "");
    return text[next];
}

/* Parameters and buffers as the weights file of a name holds them. */
static void read_weights(const char *name, float bias_w[3], float statistics[4])
{
    size_t size = 0;
    char *file = host_read(host_path(name), &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    const char *data = file + size - 28;    /* deviation, mean, bias, w: byte order of names */
    memcpy(statistics, data, 16);
    memcpy(bias_w, data + 16, 12);
    free(file);
}

static void test_lines(void)
{
    begin(100);
    CU_ASSERT_EQUAL(run("--epochs 3"), 0);
    CU_ASSERT_TRUE(has(output, "epoch 1/3  loss "));
    CU_ASSERT_TRUE(has(output, "epoch 3/3  loss "));
    CU_ASSERT_TRUE(has(output, "  val.loss "));
    CU_ASSERT_TRUE(has(output, "\ntest  loss "));
    CU_ASSERT_TRUE(has(output, "\ncounts\n      1      2\n      3      4\n"));
    CU_ASSERT_TRUE(has(output, " fake.safetensors\n"));
    CU_ASSERT_PTR_NULL(strstr(output, "epoch 4/"));
    char *all = strdup(output);
    CU_ASSERT_EQUAL(run("--epochs 3 --quiet"), 0);
    CU_ASSERT_PTR_NULL(strstr(output, "epoch"));
    CU_ASSERT_TRUE(has(all, output));
    free(all);
}

/* What the contract says, step by step: order, batches, the chain of losses. */
static void train_by_hand(int points, int epochs, float w[3], float *epoch_loss,
                          float *epoch_error)
{
    static unsigned char arena[FAKE_ARENA] __attribute__((aligned(64)));
    static float x[2000][2], y[2000], statistics[4], kept[3];
    struct inv_run r = { .arena = arena };
    int32_t order[2000], shuffled[2000];
    uint32_t key[2] = { 42, 0 };
    int train = points * 60 / 100;
    char *text = host_read(host_path("fake.csv"), &(size_t){ 0 });
    char *at = text;
    for (int i = 0; i < points; i++)
        for (int c = 0; c < 3; c++, at++)
            *(c < 2 ? &x[i][c] : &y[i]) = (c < 2 ? 0.5f : 1.0f) * strtof(at, &at);
    free(text);
    read_weights("fake.safetensors", kept, statistics);
    inv_split_permute(order, points, 0, 0x1234, key);
    fake_init(&r);
    memcpy(fake_at(&r, FAKE_DEVIATION), statistics, 8);
    memcpy(fake_at(&r, FAKE_MEAN), statistics + 2, 8);
    for (int e = 0; e < epochs; e++) {
        inv_split_permute(shuffled, train, (uint32_t)e, 0x5678, key);
        double sum = *fake_at(&r, FAKE_ERROR_SUM) = 0; /* exact in binary64 */
        for (int b = 0; b < train; b += FAKE_BATCH) {
            r.rows = train - b < FAKE_BATCH ? train - b : FAKE_BATCH;
            for (int64_t i = 0; i < r.rows; i++) {
                memcpy(fake_at(&r, FAKE_X) + 2 * i, x[order[shuffled[b + i]]], 8);
                fake_at(&r, FAKE_Y)[i] = y[order[shuffled[b + i]]];
            }
            fake_normalise(&r);
            fake_train(&r);
            sum += (double)*fake_at(&r, FAKE_LOSS) * (double)r.rows;
            fake_update(&r);
        }
        *epoch_loss = (float)(sum / train);
        *epoch_error = inv_div(*fake_at(&r, FAKE_ERROR_SUM), (float)train);
    }
    memcpy(w, fake_at(&r, FAKE_BLOCK), 12);
}

static void test_by_hand(void)
{
    float own[3], want[3], statistics[4], loss, error;
    char line[96];
    /* 60 rows to train: 15 batches; then 61: 15 and one row */
    for (int points = 101; points <= 103; points++) {
        begin(points);
        CU_ASSERT_EQUAL(run("--epochs 4 --log log.json"), 0);
        read_weights("fake.safetensors", own, statistics);
        train_by_hand(points, 4, want, &loss, &error);
        CU_ASSERT_EQUAL(inv_bits(own[0]), inv_bits(want[2]));
        CU_ASSERT_EQUAL(inv_bits(own[1]), inv_bits(want[0]));
        CU_ASSERT_EQUAL(inv_bits(own[2]), inv_bits(want[1]));
        char *log = host_read(host_path("log.json"), &(size_t){ 0 });
        snprintf(line, sizeof line, "{\"epoch\":4,\"steps\":%d,\"loss\":%.9g,\"error\":%.9g,",
                 points == 101 ? 60 : 64, (double)loss, (double)error);
        CU_ASSERT_TRUE(has(log, line));
        free(log);
    }
}

static void test_same_hash(void)
{
    char first[65];
    begin(100);
    CU_ASSERT_EQUAL(run("--threads 1"), 0);
    strcpy(first, hash());
    CU_ASSERT_EQUAL(strlen(first), 64);
    CU_ASSERT_EQUAL(run("--threads 3 --quiet --weights w.st"), 0);
    CU_ASSERT_STRING_EQUAL(hash(), first);
    char command[256], line[200] = "";
    snprintf(command, sizeof command, "sha256sum %s", host_path("w.st"));
    FILE *pipe = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, pipe));
    pclose(pipe);
    CU_ASSERT_EQUAL(memcmp(line, first, 64), 0);
    CU_ASSERT_EQUAL(run("--seed 43"), 0);
    CU_ASSERT_STRING_NOT_EQUAL(hash(), first);
    CU_ASSERT_EQUAL(run("--epochs 4"), 0);
    CU_ASSERT_STRING_NOT_EQUAL(hash(), first);
    CU_ASSERT_EQUAL(run("--steps 75"), 0);      /* 5 epochs of 15 */
    CU_ASSERT_STRING_EQUAL(hash(), first);
}

/* Steps that end within an epoch; epochs 0 in the model. */
static void test_steps(void)
{
    begin(100);
    model.epochs = 0;
    model.steps = 20;
    CU_ASSERT_EQUAL(run(""), 0);
    CU_ASSERT_TRUE(has(output, "epoch 2/2"));
    CU_ASSERT_TRUE(has(output, "seen 20.0000"));
    CU_ASSERT_EQUAL(run("--epochs 3"), 0);
    CU_ASSERT_TRUE(has(output, "epoch 3/3"));
}

static void test_init(void)
{
    char first[65], test[100];
    begin(100);
    CU_ASSERT_EQUAL(run("--epochs 2 --save-init start.st --weights end.st"), 0);
    strcpy(first, hash());
    snprintf(test, sizeof test, "%.60s", strstr(output, "test  loss"));
    CU_ASSERT_EQUAL(run("--epochs 2 --init start.st"), 0);
    CU_ASSERT_STRING_EQUAL(hash(), first);
    CU_ASSERT_EQUAL(run("--epochs 2 --init end.st"), 0);
    CU_ASSERT_STRING_NOT_EQUAL(hash(), first);
    CU_ASSERT_EQUAL(run("--evaluate --init end.st"), 0);
    test[strcspn(test, " ") + 20] = 0;
    CU_ASSERT_TRUE(has(output, test));
    CU_ASSERT_TRUE(has(output, "train  loss"));
    CU_ASSERT_TRUE(has(output, "val  loss"));
    CU_ASSERT_PTR_NULL(strstr(output, "sha256"));
    CU_ASSERT_EQUAL(run("--init nothing.st"), 1);
    CU_ASSERT_TRUE(has(messages, "nothing.st: cannot read weights"));
}

/* The statistics of the weights are used, not those of the data at hand; labels are not needed. */
static void test_predict(void)
{
    float w[3], statistics[4];
    begin(100);
    CU_ASSERT_EQUAL(run("--quiet"), 0);
    read_weights("fake.safetensors", w, statistics);
    host_write_text("new.csv", "2,2\n-3,4\n5,6\n7,8\n9,10.5\n");
    CU_ASSERT_EQUAL(run("--predict new.csv"), 0);
    CU_ASSERT_EQUAL(memcmp(output, "line\n", 5), 0);
    float x0 = inv_div(inv_sub(-1.5f, statistics[2]), statistics[0]);
    float x1 = inv_div(inv_sub(2.0f, statistics[3]), statistics[1]);
    float want = inv_add(inv_add(inv_mul(x0, w[1]), inv_mul(x1, w[2])), w[0]);
    char line[64];
    int lines = 0;
    snprintf(line, sizeof line, "\n%.9g\n", (double)want);
    CU_ASSERT_TRUE(has(output, line));
    for (const char *at = output; *at; at++)
        lines += *at == '\n';
    CU_ASSERT_EQUAL(lines, 6);
    CU_ASSERT_EQUAL(run("--predict new.csv -o p.csv --weights fake.safetensors"), 0);
    char *file = host_read(host_path("p.csv"), &(size_t){ 0 });
    CU_ASSERT_TRUE(has(file, line));
    free(file);
    CU_ASSERT_EQUAL(run("--predict p.txt"), 1);
    CU_ASSERT_TRUE(has(messages, "p.txt: cannot read data: No such file or directory; --predict "
                             "takes a file that is there, and -o names the one to write"));
    model.phase[INV_PREDICT] = NULL;
    CU_ASSERT_EQUAL(run("--predict new.csv"), 2);
    CU_ASSERT_TRUE(has(messages, "model fake has no output"));
}

/* Rows of the model's own data say where they come from; a file is evaluated like a part. */
static void test_own_data(void)
{
    begin(100);
    CU_ASSERT_EQUAL(run("--quiet"), 0);
    CU_ASSERT_EQUAL(run("--predict"), 0);
    CU_ASSERT_TRUE(has(output, "row,part,line\n0,t"));
    CU_ASSERT_TRUE(has(output, "\n99,"));
    CU_ASSERT_EQUAL(run("--predict --part val --format jsonl"), 0);
    CU_ASSERT_TRUE(has(output, ",\"part\":\"val\",\"line\":"));
    CU_ASSERT_PTR_NULL(strstr(output, "train"));
    CU_ASSERT_EQUAL(run("--evaluate fake.csv"), 0);
    CU_ASSERT_TRUE(has(output, "fake.csv  loss "));
    CU_ASSERT_EQUAL(run("--evaluate --part val"), 0);
    CU_ASSERT_EQUAL(memcmp(output, "val  loss ", 10), 0);
    CU_ASSERT_PTR_NULL(strstr(output, "\ntest"));
    CU_ASSERT_EQUAL(run("--evaluate --part vol"), 2);
    CU_ASSERT_TRUE(has(messages, "--part vol: train, val, test or all expected"));
}

static void test_keep_best(void)
{
    char kept[65];
    begin(100);
    fake.rate = 1.9375f;                /* overshoots, so that the best is not the last */
    model.keep_best = "val.error";
    CU_ASSERT_EQUAL(run("--epochs 9"), 0);
    strcpy(kept, hash());
    double best = INFINITY;
    int at = 0;
    for (int e = 1; e <= 9; e++) {
        char line[32];
        snprintf(line, sizeof line, "epoch %d/9", e);
        const char *value = strstr(strstr(output, line), "val.error ") + 10;
        if (atof(value) < best) {
            best = atof(value);
            at = e;
        }
    }
    CU_ASSERT_TRUE(at < 9);
    char line[64];
    snprintf(line, sizeof line, "kept epoch %d  val.error %.4f\n", at, best);
    CU_ASSERT_TRUE(has(output, line));
    CU_ASSERT_EQUAL(run("--quiet --epochs 9 --log kept.json"), 0);
    char *log = host_read(host_path("kept.json"), &(size_t){ 0 });
    snprintf(line, sizeof line, "{\"kept_epoch\":%d,\"val.error\":", at);
    CU_ASSERT_TRUE(has(log, line));
    CU_ASSERT_PTR_NULL(strstr(output, "kept"));
    free(log);
    model.keep_best = NULL;
    snprintf(line, sizeof line, "--epochs %d", at);
    CU_ASSERT_EQUAL(run(line), 0);
    CU_ASSERT_STRING_EQUAL(hash(), kept);
}

/* The epoch after which `patience` evaluations in a row were no better, from a log; or all. */
static int stop_of(const char *log, int patience, double by, int *resets)
{
    double best = INFINITY;
    int misses = 0, epoch = 0;
    *resets = 0;
    for (const char *at = log; misses < patience && (at = strstr(at, "\"val.error\":")); at++) {
        double value = atof(at + 12);
        epoch++;
        int better = value < best - by;
        *resets += better && misses > 0;
        misses = better ? 0 : misses + 1;
        best = better ? value : best;
    }
    return epoch;
}

/* Stops where the log says, for patience 1 to 6; how many different stops. */
static int check_stops(const char *all, float by)
{
    char line[64];
    int resets = 0, any = 0, stops = 0, before = 0;
    model.patience_by = by;
    for (int patience = 1; patience <= 6; patience++) {
        model.patience = patience;
        CU_ASSERT_EQUAL(run("--epochs 60 --log some.json"), 0);
        char *some = host_read(host_path("some.json"), &(size_t){ 0 });
        int stop = stop_of(all, patience, (double)by, &resets);
        stops += stop != before;
        before = stop;
        any |= resets > 0 && stop < 60;
        snprintf(line, sizeof line, "{\"epoch\":%d,", stop);
        CU_ASSERT_TRUE(has(some, line));
        snprintf(line, sizeof line, "{\"epoch\":%d,", stop + 1);
        CU_ASSERT_PTR_NULL(strstr(some, line));
        snprintf(line, sizeof line, "stopped: %d evaluations without a better error", patience);
        CU_ASSERT_TRUE(stop == 60 || has(output, line));
        free(some);
    }
    CU_ASSERT_TRUE(any);
    return stops;
}

static void test_patience(void)
{
    begin(100);
    fake.rate = 0.5f;
    model.keep_best = "val.error";
    CU_ASSERT_EQUAL(run("--quiet --epochs 60 --log all.json"), 0);
    char *all = host_read(host_path("all.json"), &(size_t){ 0 });
    CU_ASSERT_TRUE(check_stops(all, 0.0115f) > 1);
    CU_ASSERT_TRUE(check_stops(all, 0) > 1);
    free(all);
}

/* The averages are what is evaluated and saved; training goes on with the weights themselves. */
static void test_average(void)
{
    float want[3] = { 0.25f, -0.5f, 0.125f }, own[3], w[3], statistics[4], loss, error;
    begin(103);
    model.average = 0.75f;
    CU_ASSERT_EQUAL(run("--steps 1"), 0);
    read_weights("fake.safetensors", own, statistics);
    model.average = 0;
    CU_ASSERT_EQUAL(run("--steps 1"), 0);
    read_weights("fake.safetensors", w, statistics);
    for (int i = 0; i < 3; i++) {
        float new = w[(i + 1) % 3];
        want[i] = inv_add(inv_mul(want[i], 0.75f), inv_mul(new, 0.25f));
        CU_ASSERT_EQUAL(inv_bits(own[(i + 1) % 3]), inv_bits(want[i]));
    }
    model.average = 0.75f;
    CU_ASSERT_EQUAL(run("--epochs 3 --log log.json"), 0);
    train_by_hand(103, 3, w, &loss, &error);
    char line[64], *log = host_read(host_path("log.json"), &(size_t){ 0 });
    snprintf(line, sizeof line, "\"epoch\":3,\"steps\":48,\"loss\":%.9g,", (double)loss);
    CU_ASSERT_TRUE(has(log, line));
    free(log);
}

static void test_not_finite(void)
{
    begin(100);
    fake.blow_up_at = 17;
    CU_ASSERT_EQUAL(run("--quiet"), 3);
    CU_ASSERT_TRUE(has(messages, "error: step 17 (epoch 2): the loss is not finite"));
    CU_ASSERT_TRUE(has(messages, "first NaN in element 0 of  row_sum %4 : f32\n"
                                 "  fake.inv:9: loss mse(h, y)"));
    CU_ASSERT_TRUE(has(messages, "rows of the batch, numbered from 0 as they were read: "));
    CU_ASSERT_PTR_NULL(strstr(messages, "parameter"));
    CU_ASSERT_PTR_NULL(strstr(output, "sha256"));
    CU_ASSERT_EQUAL(run("--on-nan skip --epochs 3 --log log.json"), 0);
    CU_ASSERT_TRUE(has(messages, "note: step 17 (epoch 2): the loss is not finite; its update"));
    CU_ASSERT_TRUE(has(output, "  skipped 1  ("));
    char *log = host_read(host_path("log.json"), &(size_t){ 0 });
    CU_ASSERT_TRUE(has(log, "{\"step\":17,\"not_finite\":\"loss\",\"skipped\":1,\"rows\":["));
    CU_ASSERT_TRUE(has(log, ",\"skipped\":1,\"seconds\":"));
    free(log);
    CU_ASSERT_EQUAL(run("--on-nan go --epochs 3"), 2);
    CU_ASSERT_TRUE(has(messages, "--on-nan go: stop or skip expected"));
    fake.blow_up_at = -1;
    fake.rate = 1e30f;
    CU_ASSERT_EQUAL(run("--quiet"), 3);
    CU_ASSERT_TRUE(has(messages, "the loss is not finite"));
}

static void test_log(void)
{
    begin(100);
    CU_ASSERT_EQUAL(run("--epochs 2 --log log.json --log-every 10"), 0);
    char *log = host_read(host_path("log.json"), &(size_t){ 0 });
    static const char *const parts[] = {
        "{\"model\":\"fake\",\"model_sha256\":\"00\",\"data_sha256\":\"",
        "\"seed\":42,\"numerics\":1,",
        "\"compiler\":\"by hand\"", "\"c_compiler\":\"", "\"instruction_set\":\"portable\"",
        "\"kernel\":\"", "\"cpu\":\"",
        "\"train_rows\":60,\"val_rows\":20,\"test_rows\":20,\"epochs\":2,\"batch\":4}\n",
        "{\"step\":0,\"loss\":", "{\"step\":10,\"loss\":", "{\"step\":20,\"loss\":",
        "{\"epoch\":1,\"steps\":15,\"loss\":", "{\"epoch\":2,\"steps\":30,", "\"val.error\":",
        "{\"test.loss\":", "{\"weights\":\"fake.safetensors\",\"sha256\":\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        CU_ASSERT_TRUE(has(log, parts[i]));
    CU_ASSERT_PTR_NULL(strstr(log, "\"step\":5,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log, hash()));
    free(log);
    CU_ASSERT_EQUAL(run("--log no/folder/log.json"), 1);
    CU_ASSERT_TRUE(has(messages, "no/folder/log.json: cannot write: No such file"));
    CU_ASSERT_EQUAL(run("--log /dev/full"), 1);
    CU_ASSERT_TRUE(has(messages, "/dev/full: cannot write the log: No space left"));
}

static void brighten(const struct inv_run *r)
{
    for (int64_t i = 0; i < r->rows * 2; i++)
        fake_at(r, FAKE_X)[i] = inv_add(fake_at(r, FAKE_X)[i], (float)(r->epoch * 1000));
}

/* Step 17 lies in epoch 1: its batch is drawn augmented, and nothing is trained. */
static void test_dump(void)
{
    struct inv_variable v[FAKE_VARIABLES];
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    char first[1000], command[256], line[200] = "";
    memcpy(v, fake_variables, sizeof v);
    v[FAKE_X] = (struct inv_variable){ "x", INV_INPUT, INV_F32, 4, 0, { 1, 1, 2, 1 }, 0,
                                       fake_variables[FAKE_X].offset, 0 };
    field[0].image = 1;
    begin(100);
    CU_ASSERT_EQUAL(run("--dump-batch 17"), 0);
    CU_ASSERT_TRUE(has(output, "batch 17  x  4 rows  values sha256 "));
    CU_ASSERT_TRUE(has(output, "no picture"));
    snprintf(first, sizeof first, "%s", output);
    model.variable = v;
    model.data.field = field;
    CU_ASSERT_EQUAL(run("--dump-batch 17"), 0);
    CU_ASSERT_EQUAL(strncmp(output, first, 60), 0);
    const char *hash_line = strstr(output, "\nsha256 ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(hash_line);
    CU_ASSERT_TRUE(has(output, " fake-batch-17.png\n"));
    snprintf(command, sizeof command, "sha256sum %s", host_path("fake-batch-17.png"));
    FILE *pipe = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, pipe));
    pclose(pipe);
    CU_ASSERT_EQUAL(strncmp(line, hash_line + 8, 64), 0);
    CU_ASSERT_NOT_EQUAL(access(host_path("fake.safetensors"), F_OK), 0);
    model.phase[INV_AUGMENT] = brighten;
    CU_ASSERT_EQUAL(run("--dump-batch 17"), 0);
    CU_ASSERT_NOT_EQUAL(strncmp(output, first, 60), 0);
    CU_ASSERT_EQUAL(run("--dump-batch 3"), 0);
    CU_ASSERT_TRUE(has(output, "batch 3  x  4 rows"));
}

static const char *broken_selftest(void)
{
    return "broken on purpose";
}

static void test_machine(void)
{
    begin(20);
    CU_ASSERT_EQUAL(run("--selftest"), 0);
    CU_ASSERT_TRUE(has(output, "self-test passed: numerics 1, level portable"));
    CU_ASSERT_EQUAL(run("--version"), 0);
    CU_ASSERT_TRUE(has(output, "fake  by hand  numerics 1  level portable"));
    CU_ASSERT_EQUAL(run("--help"), 0);
    CU_ASSERT_EQUAL(run("--what"), 2);
    model.selftest = broken_selftest;
    CU_ASSERT_EQUAL(run(""), 4);
    CU_ASSERT_TRUE(has(messages, "error: self-test: broken on purpose"));
    model.abi = INV_ABI + 1;            /* nothing else of it is where it is expected */
    CU_ASSERT_EQUAL(run(""), 4);
    CU_ASSERT_TRUE(has(messages, "model and runtime are of different versions"));
    model.selftest = NULL;
    model.abi = INV_ABI;
    setenv("INVAR_ISA", "v9", 1);
    CU_ASSERT_EQUAL(run(""), 2);
    CU_ASSERT_TRUE(has(messages, "INVAR_ISA=v9: this trainer was not compiled for it; it has: "
                                 "portable"));
    setenv("INVAR_ISA", "portable", 1);
    CU_ASSERT_EQUAL(run("--quiet"), 0);
    unsetenv("INVAR_ISA");
    static const char *const costs[] = { "0", "-1", "x", "1e9", "99999999999999999999" };
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        setenv("INVAR_THREAD_COST", costs[i], 1);
        CU_ASSERT_EQUAL(run("--quiet"), 2);
        CU_ASSERT_TRUE(has(messages, ": a whole number from 1 on expected"));
    }
    setenv("INVAR_THREAD_COST", "1", 1);
    CU_ASSERT_EQUAL(run("--quiet"), 0);
    unsetenv("INVAR_THREAD_COST");
}

static void test_files(void)
{
    begin(100);
    CU_ASSERT_EQUAL(run("--weights no/folder/w"), 1);
    CU_ASSERT_TRUE(has(messages, "no/folder/w: cannot write"));
    CU_ASSERT_EQUAL(run("--data nowhere"), 1);
    CU_ASSERT_TRUE(has(messages, "nowhere: cannot read data: No such file or directory; "
                                 "give its folder or another file with --data"));
    begin(1);
    CU_ASSERT_EQUAL(run(""), 1);
    CU_ASSERT_TRUE(has(messages, "the train part has no rows"));
}

/* ---- receipts ---- */

/* The text after `before` in a file, up to a quote; "" where it is not there. */
static const char *text_in(const char *name, const char *before)
{
    static char found[4][80];
    static int next;
    char *file = host_read(host_path(name), &(size_t){ 0 });
    char *at = file ? strstr(file, before) : NULL;
    next = (next + 1) % 4;
    size_t length = at ? strcspn(at + strlen(before), "\"") : 0;
    snprintf(found[next], 80, "%.*s", (int)length, at ? at + strlen(before) : "");
    free(file);
    return found[next];
}

/* The losses of the steps in a log; how many there are. */
static int losses_in(const char *name, float *loss)
{
    int count = 0;
    char *log = host_read(host_path(name), &(size_t){ 0 }), *at = log;
    while (at && (at = strstr(at, "{\"step\":")) != NULL) {
        at = strstr(at, "\"loss\":") + 7;
        loss[count++] = strtof(at, NULL);
    }
    free(log);
    return count;
}

static void put_words(struct inv_sha256 *sha, int count, const int32_t *word)
{
    for (int i = 0; i < count; i++)
        for (int b = 0; b < 32; b += 8)
            inv_sha256_update(sha, &(uint8_t){ (uint8_t)((uint32_t)word[i] >> b) }, 1);
}

/* Bytes of 64 hexadecimal digits. */
static void put_digest(struct inv_sha256 *sha, const char *text)
{
    for (int i = 0; i < 64; i += 2) {
        char pair[3] = { text[i], text[i + 1], 0 };
        inv_sha256_update(sha, &(uint8_t){ (uint8_t)strtoul(pair, NULL, 16) }, 1);
    }
}

/* The chain as docs/receipts.md says, of 60 rows of 100 in batches of 4: the link before step 0 and
 * that after each of 30 steps, weights[e] after epoch e. */
static void chain_by_hand(const float *loss, char weights[3][65], char link[31][65])
{
    uint8_t digest[32];
    uint32_t key[2] = { 42, 0 };
    int32_t order[100], shuffled[60], word[7];
    char *head = inv_text("invar chain 1\n00\n%s\n%s\n",
                          text_in("fake.fields.json", "\"parts\": \""), weights[0]);
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, head, strlen(head));
    free(head);
    inv_split_permute(order, 100, 0, 0x1234, key);
    for (int step = 0; step <= 30; step++) {
        inv_sha256_final(&sha, digest);
        inv_sha256_hex(digest, link[step]);
        inv_split_permute(shuffled, 60, (uint32_t)(step / 15), 0x5678, key);
        word[0] = step;
        word[1] = 4;
        for (int i = 0; i < 4; i++)
            word[2 + i] = order[shuffled[step % 15 * 4 + i]];
        memcpy(&word[6], &loss[step < 30 ? step : 0], 4);
        inv_sha256_init(&sha);
        put_digest(&sha, link[step]);
        put_words(&sha, 7, word);
        if (step % 15 == 14)
            put_digest(&sha, weights[step / 15 + 1]);
    }
}

static void test_receipt(void)
{
    static char link[31][65], weights[3][65];
    float loss[64];
    begin(100);
    CU_ASSERT_EQUAL(run("--epochs 1 --save-init init.st"), 0);
    strcpy(weights[1], hash());
    strcpy(weights[0], text_in("init.st.fields.json", "\"weights\": \""));
    CU_ASSERT_EQUAL(run("--epochs 2 --receipt r.json --log log.json --log-every 1"), 0);
    strcpy(weights[2], hash());
    CU_ASSERT_EQUAL(losses_in("log.json", loss), 30);
    chain_by_hand(loss, weights, link);
    CU_ASSERT_STRING_EQUAL(text_in("r.json", "\"start\": \""), link[0]);
    CU_ASSERT_STRING_EQUAL(text_in("r.json", "{\"steps\": 15, \"weights\": \""), weights[1]);
    char *receipt = host_read(host_path("r.json"), &(size_t){ 0 });
    char *end = inv_text("\"link\": \"%s\"}\n", link[30]), *links = inv_text("%s", "");
    for (int i = 1; i <= 30; i++) {
        char *longer = inv_text("%s%.8s", links, link[i]);
        free(links);
        links = longer;
    }
    CU_ASSERT_TRUE(has(receipt, end));
    CU_ASSERT_TRUE(has(receipt, links));
    CU_ASSERT_TRUE(has(receipt, "\"seed\": \"42\""));
    free(receipt);
    free(end);
    free(links);
}

static void check_json(const char *text, const char *path, const char *found)
{
    struct host_errors e;
    struct inv_json_list list;
    host_errors_begin(&e);
    struct inv_json json = { .place = "x.json", .part = "it", .cure = "mend it",
        .errors = &e.errors, .start = text, .at = text, .limit = text + strlen(text) };
    int good = inv_json_list_read(&list, &json);
    const struct inv_json_value *value = good ? inv_json_list_find(&list, path) : NULL;
    CU_ASSERT_EQUAL(good, found != NULL);
    CU_ASSERT_EQUAL(e.errors.count, found == NULL);
    if (found && (!value || strcmp(value->text, found) != 0))
        CU_FAIL("a value of the list");
    inv_json_list_free(&list);
    host_errors_end(&e);
}

static void test_json_list(void)
{
    static char deep[200];
    check_json("{\"a\": [5, {\"b\": \"c\"}]}", "/a/1/b", "c");
    check_json("{\"a/b\": {\"~\": -1.5e+3}, \"a\": {}}", "/a~1b/~0", "-1.5e+3");
    check_json(" [true , null, 0.25 ]\n", "/1", "null");
    check_json("[]", "", "");
    check_json("{\"a\": 1, \"b\": 2, \"a\": 1}", "", NULL);
    check_json("[1, 2] 3", "", NULL);
    check_json("[01]", "", NULL);
    check_json("[1.]", "", NULL);
    check_json("[truth]", "", NULL);
    check_json("[1", "", NULL);
    check_json("{\"a\" 1}", "", NULL);
    check_json("", "", NULL);
    memset(deep, '[', sizeof deep - 1);
    check_json(deep, "", NULL);
}

/* An error does not begin behind the line of progress. */
static void test_clear_line(void)
{
    struct host_errors e;
    host_errors_begin(&e);
    struct inv_session s = { .errors = e.errors, .progress = { .to = e.errors.to, .drawn = 1 } };
    struct inv_pass pass = { .rows = 0 };
    s.errors.progress = &s.progress;
    CU_ASSERT_EQUAL(inv_skip_check(&s, &pass), INV_NOT_FINITE);
    e.errors.count = s.errors.count;
    CU_ASSERT_TRUE(host_errors_have(&e, "\r\033[Kerror: epoch 1: the loss of no step is finite"));
    host_errors_end(&e);
}

HOST_MAIN("trainer", { "dump", test_dump }, { "lines", test_lines }, { "by hand", test_by_hand },
          { "same hash", test_same_hash }, { "steps", test_steps }, { "init", test_init },
          { "predict", test_predict }, { "own data", test_own_data },
          { "keep best", test_keep_best },
          { "patience", test_patience },
          { "average", test_average }, { "not finite", test_not_finite }, { "log", test_log },
          { "machine", test_machine }, { "files", test_files }, { "receipt", test_receipt },
          { "json list", test_json_list }, { "clear line", test_clear_line })
