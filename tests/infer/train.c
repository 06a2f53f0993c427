/* train ROWS.csv OPTION...: trains on digits by the library and prints the hash of the weights,
 * then as many dots as there were epochs told.
 * train ROWS.csv refuse: bad calls, and what is broken off; ok where each fails as it must. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "digits.h"

enum { MOST = 2000, CELLS = 64 };

static float x[MOST][CELLS];
static int32_t y[MOST];
static int64_t rows;

static void read_rows(const char *path)
{
    FILE *file = fopen(path, "r");
    float label;
    while (file && rows < MOST && fscanf(file, "%f,", &x[rows][0]) == 1) {
        for (int i = 1; i < CELLS; i++)
            if (fscanf(file, "%f,", &x[rows][i]) != 1)
                return;
        if (fscanf(file, "%f", &label) == 1)
            y[rows++] = (int32_t)label;
    }
    if (file)
        fclose(file);
}

struct told { int epochs, stop_at, quiet; };

static int tell(void *state, const char *line)
{
    struct told *t = state;
    t->epochs += line && strstr(line, "\"epoch\":") != NULL;
    return t->stop_at > 0 && t->epochs >= t->stop_at;
}

static struct digits_data rows_of(int64_t count)
{
    return (struct digits_data){.rows = {count}, .field = {{x, y}}};
}

/* Whether the call fails and says that. */
static int fails(struct digits_data data, const char *const *options, struct told told,
                 const char *why)
{
    char error[600] = "";
    digits *model = digits_train(&data, options, tell, &told, error, sizeof error);
    int good = !model && strstr(error, why) && !strchr(error, '\n');
    if (!good)
        printf("%s: %s\n", why, model ? "did not fail" : error);
    digits_close(model);
    return good;
}

/* What is no file is no place for weights. */
static int does_not_save(const char *path)
{
    struct digits_data data = rows_of(rows);
    char error[600] = "";
    digits *model = digits_train(&data, (const char *const[]){"--epochs", "1", NULL}, NULL, NULL,
                                 error, sizeof error);
    int good = digits_save(model, path, error, sizeof error) != 0 && strstr(error, "is no file");
    digits_close(model);
    return good;
}

#define OPTIONS(...) (const char *const[]){__VA_ARGS__, NULL}

/* Options of programs, each alone; what needs another of these is refused with it. */
static int refuses_options(struct digits_data data)
{
    static const char *const option[] = {
        "--rows=x", "--rows-memory=4M", "--receipt=x", "--verify=x", "--trace=x", "--check-ranks=2",
        "--inject=0:0:0:0", "--quiet", "--plain", "--predict", "--evaluate", "--generate=a",
        "--dump-batch=0", "--check-gradients", "--device=0", "--memory-limit=4G", "--update-lock",
        "--selftest", "--verbose", "--version", "--help"};
    struct told go = {0};
    int good = 1;
    for (size_t i = 0; i < sizeof option / sizeof *option; i++) {
        char why[64];
        snprintf(why, sizeof why, "%.*s is for trainers", (int)strcspn(option[i], "="), option[i]);
        good &= fails(data, OPTIONS(option[i]), go, why);
    }
    return good;
}

static int refuse(void)
{
    static const float nan_row[CELLS] = {NAN};
    struct digits_data data = rows_of(rows), none = rows_of(0), lacking = data;
    struct told go = {0}, stop = {.stop_at = 2};
    float first = x[3][5];
    lacking.field[0][1] = NULL;
    int good = fails(none, NULL, go, "0 rows are given") &
               fails(lacking, NULL, go, "field y is given no array") &
               fails(data, OPTIONS("--epoch"), go, "did you mean --epochs?") &
               fails(data, OPTIONS("--frobnicate"), go, "--frobnicate; there are --epochs, --") &
               fails(data, OPTIONS("loose"), go, "options begin with --, there are --epochs") &
               fails(data, OPTIONS("--keep", "a"), go, "--keep is for trainers") &
               fails(data, OPTIONS("--receipt-every", "2"), go, "--receipt-every is for tr") &
               fails(data, OPTIONS("--data", "x.csv"), go, "--data is for trainers") &
               fails(data, OPTIONS("--log", "x"), go, "--log is for trainers") &
               fails(data, OPTIONS("--log=x"), go, "--log is for trainers") &
               fails(data, OPTIONS("--weights", "-"), go, "-: is no file") &
               fails(data, OPTIONS("--save-init", "-"), go, "-: is no file") &
               fails(data, OPTIONS("--shards-at-once", "2"), go, "--shards-at-once") &
               fails(data, OPTIONS("--checkpoint", "-"), go, "-: is no file; name one") &
               fails(rows_of(INT64_C(1) << 31), NULL, go, "2147483648 rows are given") &
               fails(data, OPTIONS("--checkpoint", "kept.checkpoint"), stop,
                     "stopped by its caller; --resume goes on from the checkpoint") &
               fails(data, OPTIONS("--init", "no.safetensors"), go, "no.safetensors: cannot") &
               fails(data, OPTIONS("--epochs", "2"), stop,
                     "stopped by its caller after the last step") &
               fails(data, NULL, stop, "stopped by its caller after 90 of 1350 steps");
    setenv("INVAR_THREAD_COST", "x", 1);
    good &= fails(data, NULL, go, "INVAR_THREAD_COST=x");
    unsetenv("INVAR_THREAD_COST");
    good &= refuses_options(data) & does_not_save("-") & does_not_save("/dev/null");
    y[7] = 10;
    good &= fails(data, NULL, go, "row 7: element 0 of y is 10, which is no class from 0 to 9");
    y[7] = -1;
    good &= fails(data, NULL, go, "row 7: element 0 of y is -1, which is no class from 0 to 9");
    y[7] = 0;
    memcpy(x[3] + 5, nan_row, sizeof first);
    good &= fails(data, NULL, go, "row 3: element 5 of x is not a number");
    x[3][5] = INFINITY;
    good &= fails(data, NULL, go, "row 3: element 5 of x is not finite");
    x[3][5] = first;
    good &= digits_train(&data, OPTIONS("--seed", "x"), NULL, NULL, NULL, 0) == NULL;
    good &= digits_open(NULL, NULL, 0) == NULL && strstr(digits_describe(NULL), "\"fields\"");
    return good;
}

/* At any number of rows at a time. */
static int predicts(digits *model)
{
    static float all[MOST][10], one[10];
    const void *input[] = {x};
    void *output[] = {all};
    int good = digits_predict(model, rows, input, output, NULL, 0) == 0;
    for (int64_t i = 0; i < rows && good; i += 13) {
        const void *row[] = {x[i]};
        void *to[] = {one};
        good = digits_predict(model, 1, row, to, NULL, 0) == 0 &&
               memcmp(one, all[i], sizeof one) == 0;
    }
    return good;
}

int main(int argc, char **argv)
{
    char error[600] = "";
    struct told told = {0};
    read_rows(argv[1]);
    if (argc == 3 && strcmp(argv[2], "refuse") == 0) {
        puts(refuse() ? "ok" : "bad");
        return 0;
    }
    struct digits_data data = rows_of(rows);
    digits *model = digits_train(&data, (const char *const *)(argv + 2), tell, &told, error,
                                 sizeof error);
    if (!model || !predicts(model) ||
        digits_save(model, "trained.safetensors", error, sizeof error) != 0) {
        printf("failed: %s\n", error);
        return 1;
    }
    printf("%s %.*s\n", digits_hash(model), told.epochs, "..........");
    digits_close(model);
    return 0;
}
