/* Data as the trainer loads them: cells, splits, fitted statistics, and every error with its
 * place. */
#include "host.h"
#include <math.h>
#include "fake_model.h"
#include "host/dataset.h"
#include "host/feed.h"
#include "host/missing.h"
#include "host/split.h"

struct loaded {
    struct inv_model model;
    struct inv_dataset data;
    struct inv_run run;
    struct host_errors e;
    unsigned char arena[FAKE_ARENA] __attribute__((aligned(64)));
};

static void begin(struct loaded *l)
{
    memset(l, 0, sizeof *l);
    host_errors_begin(&l->e);
    l->model = fake_model();
    l->run.arena = l->arena;
    l->data = (struct inv_dataset){ .model = &l->model, .errors = &l->e.errors, .seed = 42,
                                    .given = host_folder };
}

static int load(struct loaded *l, const char *csv)
{
    if (csv)
        host_write_text("fake.csv", csv);
    return inv_dataset_load(&l->data, &l->run);
}

static void end(struct loaded *l)
{
    inv_dataset_free(&l->data);
    host_errors_end(&l->e);
}

static float value(const struct loaded *l, int field, int64_t row, int64_t cell)
{
    float x;
    memcpy(&x, l->data.value[field] + (size_t)row * l->data.bytes[field] + cell * 4, sizeof x);
    return x;
}

static void test_cells(void)
{
    struct loaded l;
    begin(&l);
    CU_ASSERT_TRUE(load(&l, "1,2,3\n4,5,6\n7,8,9\n10,11,12\n13,14,15\n16,17,18\n"));
    CU_ASSERT_EQUAL(l.data.rows, 6);
    for (int r = 0; r < 6; r++) {
        CU_ASSERT_EQUAL(value(&l, 0, r, 0), (float)(3 * r + 1) / 2);
        CU_ASSERT_EQUAL(value(&l, 0, r, 1), (float)(3 * r + 2) / 2);
        CU_ASSERT_EQUAL(value(&l, 1, r, 0), (float)(3 * r + 3));
    }
    CU_ASSERT_EQUAL(l.run.key[0], 0);
    int32_t rows[3] = { 4, 0, 5 };
    inv_dataset_gather(&l.data, &l.run, rows, 3, NULL);
    CU_ASSERT_EQUAL(l.run.rows, 3);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_X)[2 * i + 1], (float)(3 * rows[i] + 2) / 2);
        CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_Y)[i], (float)(3 * rows[i] + 3));
    }
    CU_ASSERT_EQUAL(memcmp(fake_at(&l.run, FAKE_SAMPLE), rows, sizeof rows), 0);
    end(&l);
}

static void test_header(void)
{
    static const struct { int header; const char *csv; int rows; } cases[] = {
        { -1, "a,b,c\n1,2,3\n", 1 }, { -1, "1,2,3\n1,2,3\n", 2 }, { 0, "1,2,3\n", 1 },
        { 1, "9,8,7\n1,2,3\n", 1 }, { -1, "\"a\",b,c\n1,2,3\n4,5,6\n", 2 },
        { 0, "0,1,2\n1,2,2.5\n", 2 }, { 1, "0,1,2\n1,2,2.5\n", 1 }, { -1, "0,1,2\n3,4,5\n", 2 },
        { -1, "0,1,3\n1,2,2.5\n", 2 }, { -1, "1,0,-1\n1,2,2.5\n", 2 }, { -1, "1,2,3\n", 1 },
        { 0, "a,b,c\n1,2,3\n", -1 }, { 1, ",b,c\n1,2,3\n", 1 }, { -1, "1e3,2,3\n1,2,5\n", 2 },
        { -1, ",b,c\n1,2,3\n", -1 }, { -1, "NA,NA,NA\n1,2,3\n", -1 }, { -1, ",,\n1,2,3\n", -1 },
        { -1, "nan,nan,nan\n1,2,3\n", -1 }, { -1, "0,1,2\n1,2,2.5\n", -1 },
        { -1, "2019,2020,2021\n3,1,2\n", -1 }, { -1, "a,b,2019\n1,2,3\n", -1 },
        { -1, "1,,3\n1,2,3\n", -1 }, { -1, "yes,no,yes\n1,2,3\n", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded l;
        begin(&l);
        l.model.data.header = cases[i].header;
        CU_ASSERT_EQUAL(load(&l, cases[i].csv), cases[i].rows >= 0);
        CU_ASSERT_TRUE(cases[i].rows < 0 || l.data.rows == cases[i].rows);
        if (cases[i].rows < 0 && cases[i].header < 0)
            CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:1: the first line may be a header or a "
                                                  "row; say which in the model"));
        end(&l);
    }
}

/* ---- files as people have them ---- */

static void test_options(void)
{
    static const char *const na[] = { "?", "-999" };
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    begin(&l);
    field[0].missing = INV_MISSING_VALUE;
    field[0].missing_value = -2;
    l.model.data.field = field;
    l.model.data.delimiter = ';';
    l.model.data.decimal = ',';
    l.model.data.comment = '#';
    l.model.data.skip = 1;
    l.model.data.na_count = 2;
    l.model.data.na = na;
    CU_ASSERT_TRUE(load(&l, "weather\na;b;c\n\"1,5\";YES;3\n#;;\n?;-999;fAlse\n"));
    CU_ASSERT_EQUAL(l.data.rows, 2);
    CU_ASSERT_EQUAL(value(&l, 0, 0, 0), 0.75f);
    CU_ASSERT_EQUAL(value(&l, 0, 0, 1), 0.5f);
    CU_ASSERT_EQUAL(value(&l, 0, 1, 0), -1.0f);
    CU_ASSERT_EQUAL(value(&l, 0, 1, 1), -1.0f);
    CU_ASSERT_EQUAL(value(&l, 1, 1, 0), 0.0f);
    end(&l);
    begin(&l);
    l.model.data.decimal = ',';
    l.model.data.delimiter = ';';
    CU_ASSERT_FALSE(load(&l, "1;2;3\n1;2.5;3\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "\"2.5\" is not a number, where ',' is the decimal"));
    end(&l);
}

static void check_ranges(const struct inv_range *range, int count, const char *csv, float first,
                         float second, const char *part)
{
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    field[0].range = range;
    field[0].range_count = count;
    begin(&l);
    l.model.data.field = field;
    CU_ASSERT_EQUAL(load(&l, csv), part == NULL);
    CU_ASSERT_TRUE(part ? host_errors_have(&l.e, part)
                        : value(&l, 0, 0, 0) == first / 2 && value(&l, 0, 0, 1) == second / 2);
    end(&l);
}

static void test_ranges(void)
{
    static const struct inv_range mixed[] = { { -1, -1, "d", "d" }, { 0, 0, NULL, NULL } };
    static const struct inv_range backward[] = { { -1, -1, "d", "a" } };
    static const struct inv_range many[] = { { 0, 1, NULL, NULL }, { 3, 3, NULL, NULL } };
    const char *csv = "a,b,c,d\n1,2,3,4\n";
    check_ranges(mixed, 2, csv, 4, 1, NULL);
    check_ranges(many, 2, csv, 0, 0, "the columns hold 3 cells, but field x has 2");
    check_ranges(backward, 1, csv, 0, 0, "column \"a\" stands before \"d\", so nothing lies");
}

/* Files of a source are one table; a pattern's come in byte order of their names. */
static void test_several_files(void)
{
    static const struct inv_file files[] = {
        { .name = "", .path = "z.csv", .kind = INV_CSV },
        { .name = "", .path = "part-*.csv", .kind = INV_CSV },
    };
    struct loaded l;
    for (int bad = 0; bad < 4; bad++) {
        begin(&l);
        l.model.data.file = files;
        l.model.data.file_count = l.model.data.source[0].file_count = 2;
        host_write_text("z.csv", bad == 3 ? "a,b,c\n" : "a,b,c\n1,1,1\n2,2,2\n");
        host_write_text("part-10.csv", bad == 1 ? "c,b,e\n3,3,3\n" : "c,b,a\n3,2,1\n");
        host_write_text("part-9.csv", bad == 0   ? "a,x,b,c\n4,0,y,4\n5,0,5,5\n"
                                      : bad == 2 ? "4,4,4\n"
                                                 : "a,b,c\n4,4,4\n");
        int good = load(&l, NULL);
        CU_ASSERT_EQUAL(good, bad == 3);
        if (bad == 0)
            CU_ASSERT_TRUE(host_errors_have(&l.e, "part-9.csv:2: column \"b\": \"y\" is not"));
        if (bad == 1)
            CU_ASSERT_TRUE(host_errors_have(&l.e, "part-10.csv:1: no column is named \"a\""));
        if (bad == 2)
            CU_ASSERT_TRUE(host_errors_have(&l.e, "part-9.csv:1: none of the 3 columns that"));
        if (bad == 3) {
            CU_ASSERT_EQUAL(l.data.rows, 2);
            CU_ASSERT_EQUAL(value(&l, 0, 0, 0), 0.5f);
            CU_ASSERT_EQUAL(value(&l, 1, 1, 0), 4.0f);
            CU_ASSERT_EQUAL(strlen(l.data.hash[1]), 64);
        }
        end(&l);
    }
    begin(&l);
    l.model.data.file = files + 1;
    unlink(host_path("part-9.csv"));
    unlink(host_path("part-10.csv"));
    CU_ASSERT_FALSE(load(&l, NULL));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "part-*.csv: no file has such a name"));
    end(&l);
}

static void check_date(const char *cell, enum inv_cell_form form, float want, const char *part)
{
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    char csv[100];
    field[1].form = form;
    begin(&l);
    l.model.data.field = field;
    snprintf(csv, sizeof csv, "a,b,c\n1,2,%s\n", cell);
    CU_ASSERT_EQUAL(load(&l, csv), part == NULL);
    CU_ASSERT_TRUE(part ? host_errors_have(&l.e, part) : value(&l, 1, 0, 0) == want);
    end(&l);
}

static void test_dates(void)
{
    check_date("1970-01-01", INV_CELL_DAYS, 0, NULL);
    check_date("1969-12-31", INV_CELL_DAYS, -1, NULL);
    check_date("2000-03-01", INV_CELL_DAYS, 11017, NULL);
    check_date("0001-01-01", INV_CELL_DAYS, -719162, NULL);
    check_date("2024-05-17T13:45:07.25Z", INV_CELL_SECONDS, 49507.25f, NULL);
    check_date("13:45", INV_CELL_SECONDS, 49500, NULL);
    check_date(" 2024-05-17 00:00 ", INV_CELL_WEEKDAY, 4, NULL);
    check_date("1969-12-28", INV_CELL_WEEKDAY, 6, NULL);
    check_date("2024-05-17", INV_CELL_MONTH, 5, NULL);
    check_date("2024-05-17", INV_CELL_YEAR, 2024, NULL);
    check_date("2024-12-31", INV_CELL_DAY_OF_YEAR, 366, NULL);
    check_date("2023-02-29", INV_CELL_DAYS, 0, "\"2023-02-29\" is no date or time");
    check_date("2024-05-17T13:45+02:00", INV_CELL_DAYS, 0, "without a zone or with Z");
    check_date("13:45", INV_CELL_DAYS, 0, "column \"c\": \"13:45\" has no date");
    check_date("2024-05-17", INV_CELL_SECONDS, 0, "has no time of day");
    check_date("", INV_CELL_DAYS, 0, "is a missing value");
    check_date("NA", INV_CELL_MISSING, 1, NULL);
    check_date("anything", INV_CELL_MISSING, 0, NULL);
}

/* The first field filled by a statistic, which lies where the mean of zscore does. */
static void load_filled(struct loaded *l, struct inv_field field[2], enum inv_missing missing,
                        const char *csv, int good)
{
    field[0] = fake_fields[0];
    field[1] = fake_fields[1];
    field[0].missing = missing;
    field[0].fill = FAKE_MEAN;
    begin(l);
    l->model.data.field = field;
    l->model.data.header = 0;
    CU_ASSERT_EQUAL(load(l, csv), good);
}

static void test_missing(void)
{
    struct inv_field field[2];
    struct loaded l;
    const char *csv = "1,NA,0\n,4,0\n5,8,0\n3,nan,0\n4,6,0\n";
    load_filled(&l, field, INV_MISSING_ERROR, csv, 0);
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:2: column(0): \"\" is a missing value; say "
                                    "what "
                                          "becomes of those: column(..., missing = drop), mean"));
    end(&l);
    load_filled(&l, field, INV_MISSING_DROP, csv, 1);
    CU_ASSERT_EQUAL(l.data.rows, 2);
    CU_ASSERT_EQUAL(value(&l, 0, 1, 1), 3.0f);
    fflush(l.e.errors.to);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.e.text, "fake.csv: 3 rows with a missing cell are left out"));
    end(&l);
    load_filled(&l, field, INV_MISSING_DROP, "1,1,0\n,2,x\n3,3,0\n", 1);
    CU_ASSERT_EQUAL(l.data.rows, 2);    /* of a row left out nothing else is read */
    end(&l);
    load_filled(&l, field, INV_MISSING_DROP, "1,1,0\n2,2,x\n3,,0\n", 0);
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:2: column(2): \"x\" is not a number"));
    end(&l);
    for (int median = 0; median < 2; median++) {
        load_filled(&l, field, median ? INV_MISSING_MEDIAN : INV_MISSING_MEAN, csv, 1);
        l.data.order = memcpy(l.data.order, (const int32_t[]){ 0, 1, 2, 3, 4 }, 20);
        CU_ASSERT_NOT_EQUAL(value(&l, 0, 1, 0), value(&l, 0, 1, 0)); /* not filled yet */
        CU_ASSERT_TRUE(inv_missing_fit(&l.data, l.arena));
        CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[0], 1.5f); /* of 1, 5 in halves */
        CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[1], 3.0f); /* of 4, 8 */
        inv_missing_fill(&l.data, l.arena);
        CU_ASSERT_EQUAL(value(&l, 0, 1, 0), 1.5f);
        CU_ASSERT_EQUAL(value(&l, 0, 3, 1), 3.0f);
        CU_ASSERT_EQUAL(value(&l, 0, 2, 0), 2.5f);
        end(&l);
    }
    load_filled(&l, field, INV_MISSING_MEDIAN, "9,1,0\n1,,0\n2,,0\n0,0,0\n0,0,0\n", 1);
    l.data.order = memcpy(l.data.order, (const int32_t[]){ 1, 2, 0, 3, 4 }, 20);
    CU_ASSERT_TRUE(inv_missing_fit(&l.data, l.arena));
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[0], 1.0f); /* the middle of 0.5, 1, 4.5 */
    end(&l);
    load_filled(&l, field, INV_MISSING_MEDIAN, "9,,0\n1,,0\n2,,0\n0,0,0\n0,0,0\n", 1);
    l.data.order = memcpy(l.data.order, (const int32_t[]){ 1, 2, 0, 3, 4 }, 20);
    CU_ASSERT_FALSE(inv_missing_fit(&l.data, l.arena));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "points: element 1 of field x has no value in any row of "
                                          "the train part, so there is no median"));
    end(&l);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The median is the middle of the sorted values, of either sign. */
static void test_missing_median(void)
{
    static char text[100000];
    struct inv_field field[2];
    struct loaded l;
    float sorted[3000];
    uint32_t state = 5;
    for (int rows = 1999; rows <= 2000; rows++) {
        char *to = text;
        for (int i = 0; i < rows; i++, state = state * 1664525u + 1013904223u) {
            float x = (float)((int)(state >> 8) % 2001 - 1000) / (i % 3 ? 64 : 0.0078125f);
            to += sprintf(to, "%.9g,0,0\n", (double)x);
            sorted[i] = x / 2;
        }
        load_filled(&l, field, INV_MISSING_MEDIAN, text, 1);
        l.data.learnt_count = rows;
        qsort(sorted, (size_t)rows, sizeof *sorted, by_value);
        CU_ASSERT_TRUE(inv_missing_fit(&l.data, l.arena));
        CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[0],
                        sorted[(rows - 1) / 2] / 2 + sorted[rows / 2] / 2);
        end(&l);
    }
}

/* The mean is right to an ulp where plain sums are far off. */
static void test_missing_mean(void)
{
    static char text[200000];
    struct inv_field field[2];
    struct loaded l;
    char *to = text;
    for (int i = 0; i < 10000; i++)
        to += sprintf(to, i == 7 ? ",0,0\n" : "2000000.2,0,0\n");
    load_filled(&l, field, INV_MISSING_MEAN, text, 1);
    CU_ASSERT_TRUE(inv_missing_fit(&l.data, l.arena));
    CU_ASSERT_DOUBLE_EQUAL(fake_at(&l.run, FAKE_MEAN)[0], 1000000.125, 0.07); /* an ulp */
    end(&l);
}

static void test_named_columns(void)
{
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    struct inv_range x = { -1, -1, "b", "c" }, y = { -1, -1, "a", "a" };
    field[0].range = &x;
    field[1].range = &y;
    begin(&l);
    l.model.data.field = field;
    CU_ASSERT_TRUE(load(&l, "a,b,c\n1,2,3\n"));
    CU_ASSERT_EQUAL(value(&l, 0, 0, 0), 1.0f);
    CU_ASSERT_EQUAL(value(&l, 0, 0, 1), 1.5f);
    CU_ASSERT_EQUAL(value(&l, 1, 0, 0), 1.0f);
    end(&l);
    x.last_name = "cc";
    begin(&l);
    l.model.data.field = field;
    CU_ASSERT_FALSE(load(&l, "a,b,c\n1,2,3\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:1: no column is named \"cc\" (field x); "
                                            "there are \"a\", \"b\", \"c\""));
    end(&l);
    x.last_name = "b";
    begin(&l);
    l.model.data.field = field;
    CU_ASSERT_FALSE(load(&l, NULL));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "columns 1 to 1 hold 1 cells, but field x has 2"));
    end(&l);
}

/* What the training data fixed, as text: names of columns, field by field, then of classes. */
static void check_fitted(const struct loaded *l, const char *want)
{
    char text[256] = "";
    for (int f = 0; f < 2; f++) {
        const struct inv_fitted_field *fitted = &l->data.fitted.field[f];
        for (int i = 0; i < fitted->columns; i++)
            strcat(strcat(text, fitted->column[i]), " ");
        for (int i = 0; i < fitted->classes; i++)
            strcat(strcat(text, fitted->class_name[i]), "! ");
        strcat(text, "/ ");
    }
    CU_ASSERT_STRING_EQUAL(text, want);
}

/* Loads `csv` with the names that loading `before` fixed: as weights are used on new data. */
static void load_again(struct loaded *l, const char *before, const char *csv, const char *part)
{
    CU_ASSERT_TRUE(load(l, before));
    struct inv_fitted fitted = l->data.fitted;
    l->data.fitted = (struct inv_fitted){ .known = 0 };
    fitted.known = 1;
    inv_dataset_free(&l->data);
    l->data = (struct inv_dataset){ .model = &l->model, .errors = &l->e.errors, .seed = 42,
                                    .given = host_folder, .fitted = fitted };
    CU_ASSERT_EQUAL(load(l, csv), part == NULL);
    if (part)
        CU_ASSERT_TRUE(host_errors_have(&l->e, part));
}

static void check_again(const char *before, const char *csv, const char *part)
{
    struct loaded l;
    begin(&l);
    load_again(&l, before, csv, part);
    for (int i = 0; !part && i < 3; i++)
        CU_ASSERT_EQUAL(value(&l, i == 2, 0, i % 2), i == 2 ? 3.0f : (float)(i + 1) / 2);
    end(&l);
}

/* Columns of a new header are found by the names of the training's, whatever their order. */
static void test_fitted_columns(void)
{
    struct loaded l;
    begin(&l);
    CU_ASSERT_TRUE(load(&l, "a,b,c,d\n1,2,3,4\n"));
    check_fitted(&l, "a b / c / ");
    end(&l);
    check_again("a,b,c\n9,9,9\n", "c,b,a\n3,2,1\n", NULL);
    check_again("a,b,c\n9,9,9\n", "e,c,b,a\n0,3,2,1\n", NULL);
    check_again("9,9,9\n", "1,2,3\n", NULL);
    check_again("a,b,c\n9,9,9\n", "a,e,c\n1,2,3\n", "fake.csv:1: no column is named \"b\" (fi");
    check_again("a,b,c\n9,9,9\n", "1,2,3\n", "fake.csv:1: none of the 3 columns that are");
    check_again("a,b,c\n9,9,9\n", "a,b,b,c\n1,2,3,4\n",
                "fake.csv:1: two columns are named \"b\", so field x cannot find");
    begin(&l);
    load_again(&l, "a,b,c\n9,9,9\n", "b,a\n2,1\n", "no column is named \"c\" (field y)");
    end(&l);
}

static void test_doubled_names(void)
{
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    struct inv_range y = { -1, -1, "y", "y" };
    field[1].range = &y;
    for (int doubled = 0; doubled < 2; doubled++) {
        begin(&l);
        l.model.data.field = field;
        const char *csv = doubled ? "a,b,y,y\n1,2,3,4\n" : "a,b,y,c,c\n1,2,3,4,5\n";
        CU_ASSERT_EQUAL(load(&l, csv), !doubled);
        CU_ASSERT_TRUE(!doubled || host_errors_have(&l.e, "two columns are named \"y\""));
        end(&l);
    }
    begin(&l);
    CU_ASSERT_FALSE(load(&l, "a,a,y\n1,2,3\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "two columns are named \"a\", so field x"));
    end(&l);
}

static void check_bad(const char *csv, const char *part)
{
    struct loaded l;
    begin(&l);
    CU_ASSERT_FALSE(load(&l, csv));
    CU_ASSERT_TRUE(host_errors_have(&l.e, part));
    end(&l);
}

static void test_bad_cells(void)
{
    check_bad("", "fake.csv: is empty");
    check_bad("a,b,c\n", "fake.csv: has no rows of data");
    check_bad("1,2,3\n1,,3\n", "fake.csv:2: column(1): \"\" is a missing value");
    check_bad("a,b,c\n1,x,3\n", "fake.csv:2: column \"b\": \"x\" is not a number");
    check_bad("1,2,3\n1,2,nan\n", "fake.csv:2: column(2): \"nan\" is no number to train on");
    check_bad("1,2,-inf\n", "column(2): \"-inf\" is not finite");
    check_bad("1,2,1e50\n", "column(2): \"1e50\" is beyond the largest");
    check_bad("1,2,3\n1,2\n", "fake.csv:2: has 2 cells, but the first line has 3");
    check_bad("1,2,3\n1,2,3,4\n", "fake.csv:2: has 4 cells, but the first line has 3");
    check_bad("1;2;3\n", "fake.csv:1: the line is one cell, in which ';' stands; say what stands "
                         "between cells: csv(..., delimiter = \";\")");
    check_bad("1\t2\t3\n", "in which 'tab' stands; say what stands between cells: csv(..., "
                           "delimiter = tab)");
    check_bad("1\n2\n", "field x takes column 1, but there are only columns 0 to 0");
    check_bad("1,2,3\n1,2,3,\n", "fake.csv:2: has 4 cells, but the first line has 3; a separator "
                                 "ends the line; remove it");
    check_bad("a,b,c,\n1,2,3\n", "fake.csv:1: a separator ends the header");
    check_bad("a,b,c,\n1,2,3,\n", "fake.csv:1: a separator ends the header");
    check_bad("1,2,3\n1,2,\"4,5\"\n", "\"4,5\" is not a number; if ',' is its decimal point, say "
                                      "so: csv(..., decimal = \",\")");
    check_bad("1,2\n3,4\n", "field y takes column 2, but there are only columns 0 to 1");
}

static void test_many_errors(void)
{
    struct loaded l;
    begin(&l);
    CU_ASSERT_FALSE(load(&l, "1,2,3\nx,2,3\n1,y,3\n1,2,z\n1\nx,x,x\nx,x,x\nx,x,x\nx,x,x\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:2: column(0)"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:3: column(1)"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:5: has 1 cells"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:7: column(2)"));
    CU_ASSERT_PTR_NULL(strstr(l.e.text, "fake.csv:8"));
    end(&l);
}

static void overflow(const struct inv_run *run)
{
    for (int64_t i = 0; i < run->rows * 2; i++)
        fake_at(run, FAKE_X)[i] = inv_div(1.0f, fake_at(run, FAKE_RAW_X)[i]);
}

static void test_prepared(void)
{
    struct loaded l;
    begin(&l);
    l.model.phase[INV_PREPARE] = overflow;
    CU_ASSERT_FALSE(load(&l, "1,2,3\n\n4,5,6\n7,8,9\n1,0,3\n5,5,5\n5,5,5\n6,0,0\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:5: element 1 of field x is not finite"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "fake.csv:8: element 1 of field x is not finite"));
    CU_ASSERT_EQUAL(l.e.errors.count, 2);
    end(&l);
}

/* The second field as a class of three, of numbers or of text. */
static void begin_classes(struct loaded *l, struct inv_variable *v, struct inv_field *field,
                          int text, const char *const *name, int names)
{
    memcpy(v, fake_variables, sizeof fake_variables);
    memcpy(field, fake_fields, sizeof fake_fields);
    v[FAKE_RAW_Y].dtype = v[FAKE_Y].dtype = INV_I32;
    v[FAKE_RAW_Y].classes = v[FAKE_Y].classes = 3;
    field[1].text = text;
    field[1].class_name = name;
    field[1].class_count = names;
    begin(l);
    l->model.variable = v;
    l->model.data.field = field;
}

static void check_classes(int text, const char *const *name, int names, const char *csv,
                          const int32_t *want, const char *part)
{
    struct inv_variable v[FAKE_VARIABLES];
    struct inv_field field[2];
    struct loaded l;
    begin_classes(&l, v, field, text, name, names);
    CU_ASSERT_EQUAL(load(&l, csv), part == NULL);
    if (part)
        CU_ASSERT_TRUE(host_errors_have(&l.e, part));
    for (int64_t r = 0; want && r < l.data.rows; r++)
        CU_ASSERT_EQUAL(memcmp(l.data.value[1] + r * 4, &want[r], 4), 0);
    end(&l);
}

static void test_classes(void)
{
    static const char *const name[] = { "rose", "lily", "tulip" };
    check_classes(0, NULL, 0, "1,1,0\n1,1,2\n1,1,1.0\n", (const int32_t[]){ 0, 2, 1 }, NULL);
    check_classes(0, NULL, 0, "1,1,0\n1,1,3\n", NULL,
                  "fake.csv:2: column(2): \"3\" is out of range; class[3] has 0 to 2");
    check_classes(0, NULL, 0, "1,1,-1\n", NULL, "\"-1\" is out of range");
    check_classes(0, NULL, 0, "1,1,0.5\n", NULL, "\"0.5\" is not a whole number");
    check_classes(0, NULL, 0, "1,1,1\n1,1,\n", NULL, "\"\" is a missing value");
    check_classes(1, name, 3, "1,1,lily\n1,1,tulip\n1,1,rose\n", (const int32_t[]){ 1, 2, 0 },
                  NULL);
    check_classes(1, name, 3, "1,1,lily\n1,1,tulp\n", NULL,
                  "fake.csv:2: column(2): \"tulp\" is none of the names of field y; did you "
                  "mean \"tulip\"?");
    check_classes(1, name, 3, "1,1,oak\n1,1,cactus\n", NULL,
                  "\"cactus\" is none of the names of field y; add");
    check_classes(1, NULL, 0, "1,1,c\n1,1,a\n1,1,b\n1,1,c\n", (const int32_t[]){ 2, 0, 1, 2 },
                  NULL);
    check_classes(1, NULL, 0, "h,i,j\n1,1,c\n1,1,a\n1,1,b\n", (const int32_t[]){ 2, 0, 1 }, NULL);
    check_classes(1, NULL, 0, "1,1,c\n1,1,a\n", NULL,
                  "field y has 2 distinct labels, but the model declares 3 classes");
}

/* Text labels keep the numbers of the training's names; another name is an error. */
static void test_fitted_classes(void)
{
    struct inv_variable v[FAKE_VARIABLES];
    struct inv_field field[2];
    struct loaded l;
    int32_t number;
    begin_classes(&l, v, field, 1, NULL, 0);
    load_again(&l, "1,1,a\n1,1,b\n1,1,c\n", "1,1,c\n", NULL);
    check_fitted(&l, "/ a! b! c! / ");
    memcpy(&number, l.data.value[1], sizeof number);
    CU_ASSERT_EQUAL(number, 2);
    end(&l);
    begin_classes(&l, v, field, 1, NULL, 0);
    load_again(&l, "h,i,j\n1,1,aa\n1,1,bb\n1,1,cc\n", "j,h,i\nbb,1,1\ndd,1,1\n",
               "fake.csv:3: column \"j\": \"dd\" is none of the names of field y: the training");
    end(&l);
    begin_classes(&l, v, field, 1, NULL, 0);
    l.data.fitted.known = 1;
    CU_ASSERT_FALSE(load(&l, "1,1,a\n1,1,b\n1,1,c\n"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "names of the classes that the weights were trained on"));
    end(&l);
}

static void test_parts(void)
{
    struct loaded l;
    int32_t order[10];
    uint32_t key[2] = { 7, 0 };
    begin(&l);
    l.model.data.has_seed = 1;
    l.model.data.seed = 7;
    CU_ASSERT_TRUE(load(&l, "1,1,0\n1,1,1\n1,1,2\n1,1,3\n1,1,4\n"
                            "1,1,5\n1,1,6\n1,1,7\n1,1,8\n1,1,9\n"));
    inv_split_permute(order, 10, 0, l.model.data.stream_split, key);
    CU_ASSERT_EQUAL(memcmp(order, l.data.order, sizeof order), 0);
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_TRAIN), 6);
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_VAL), 2);
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_TEST), 2);
    end(&l);
    begin(&l);
    l.model.data.shuffle = 0;
    CU_ASSERT_TRUE(load(&l, NULL));
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(l.data.order[i], i);
    end(&l);
}

static void test_part_file(void)
{
    struct loaded l;
    begin(&l);
    host_write_text("test.csv", "5,5,5\n6,6,6\n7,7,7\n");
    l.model.data.file_count = 2;
    l.model.data.source[INV_OF_TEST] = (struct inv_source){ 1, 1 };
    l.model.data.train_share = 0.75;
    l.model.data.val_share = 0.25;
    l.model.data.test_share = 0;
    CU_ASSERT_TRUE(load(&l, "0,0,0\n1,1,1\n2,2,2\n3,3,3\n"));
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_TRAIN), 3);
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_VAL), 1);
    CU_ASSERT_EQUAL(inv_dataset_part_rows(&l.data, INV_PART_TEST), 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(l.data.order[l.data.begin[INV_PART_TEST] + i], 4 + i);
    CU_ASSERT_EQUAL(value(&l, 1, 4, 0), 5.0f);
    CU_ASSERT_STRING_NOT_EQUAL(l.data.hash[0], l.data.hash[1]);
    end(&l);
    begin(&l);
    l.model.data.file_count = 2;
    l.model.data.source[INV_OF_TEST] = (struct inv_source){ 1, 1 };
    host_write_text("test.csv", "5,5,5\n6,x,6\n");
    CU_ASSERT_FALSE(load(&l, NULL));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "test.csv:2: column(1)"));
    end(&l);
}

/* Mean and deviation of the training rows only, near those computed in double; a column that never
 * changes has deviation 1. */
static void test_fit(void)
{
    static char text[64000];
    struct loaded l;
    double mean = 0, square = 0;
    begin(&l);
    char *to = text;
    for (int i = 0; i < 2000; i++)
        to += sprintf(to, "%d.%d,3,0\n", i % 37, i % 10);
    CU_ASSERT_TRUE(load(&l, text));
    inv_dataset_fit(&l.data, &l.run);
    for (int i = 0; i < 1200; i++)
        mean += (double)value(&l, 0, l.data.order[i], 0) / 1200;
    for (int i = 0; i < 1200; i++)
        square += pow((double)value(&l, 0, l.data.order[i], 0) - mean, 2) / 1200;
    CU_ASSERT_DOUBLE_EQUAL(fake_at(&l.run, FAKE_MEAN)[0], mean, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(fake_at(&l.run, FAKE_DEVIATION)[0], sqrt(square), 1e-5);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[1], 1.5f);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_DEVIATION)[1], 1.0f);
    float before = value(&l, 0, 1999, 0);
    CU_ASSERT_TRUE(inv_dataset_normalise(&l.data, &l.run));
    CU_ASSERT_EQUAL(value(&l, 0, 1999, 0), inv_div(inv_sub(before, fake_at(&l.run, FAKE_MEAN)[0]),
                                                  fake_at(&l.run, FAKE_DEVIATION)[0]));
    CU_ASSERT_EQUAL(value(&l, 0, 7, 1), 0.0f);
    end(&l);
}

/* The mean is the exact one, rounded: binary64 holds the sum of 900 such numbers. */
static void test_fit_exact(void)
{
    static char text[64000];
    struct loaded l;
    begin(&l);
    fake_points(text, 1500);
    CU_ASSERT_TRUE(load(&l, text));
    inv_dataset_fit(&l.data, &l.run);
    double sum = 0;
    for (int i = 0; i < 900; i++)
        sum += (double)value(&l, 0, l.data.order[i], 1);
    CU_ASSERT_EQUAL(inv_bits(fake_at(&l.run, FAKE_MEAN)[1]), inv_bits((float)(sum / 900)));
    end(&l);
}

static void test_minmax(void)
{
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    field[0].fit = INV_FIT_MINMAX;
    begin(&l);
    l.model.data.field = field;
    l.model.data.shuffle = 0;
    CU_ASSERT_TRUE(load(&l, "4,2,0\n-6,2,0\n8,2,0\n99,99,0\n99,99,0\n"));
    inv_dataset_fit(&l.data, &l.run);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[0], -3.0f);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_DEVIATION)[0], 7.0f);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_MEAN)[1], 1.0f);
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_DEVIATION)[1], 1.0f);
    end(&l);
}

/* Rows come a batch at a time, without labels, and with the text of a column. */
static void test_feed(void)
{
    struct loaded l;
    begin(&l);
    char text[256] = "id,b,a\n", *at = text + strlen(text);
    for (int i = 0; i < 6; i++)
        at += sprintf(at, "r%d,%d,%d\n", i, i, 10 * i);
    struct inv_field field[2] = { l.model.data.field[0], l.model.data.field[1] };
    const struct inv_range range = { 1, 2, NULL, NULL };
    field[0].range = &range;
    field[0].range_count = 1;
    l.model.data.field = field;
    l.model.data.header = 1;
    struct inv_feed feed = { .rows = { .model = &l.model, .arena = l.arena, .inputs_only = 1,
        .errors = &l.e.errors, .given = host_write_text("new.csv", text),
        .fitted = &l.data.fitted } };
    CU_ASSERT_TRUE(inv_feed_open(&feed, &l.run));
    CU_ASSERT_TRUE(inv_feed_keep(&feed, "id"));
    CU_ASSERT_EQUAL(inv_feed_next(&feed), FAKE_BATCH);
    CU_ASSERT_STRING_EQUAL(feed.kept[3], "r3");
    CU_ASSERT_EQUAL(fake_at(&l.run, FAKE_X)[7], 15.0f);
    CU_ASSERT_EQUAL(inv_feed_next(&feed), 6 - FAKE_BATCH);
    CU_ASSERT_STRING_EQUAL(feed.kept[1], "r5");
    CU_ASSERT_EQUAL(inv_feed_next(&feed), 0);
    CU_ASSERT_FALSE(inv_feed_keep(&feed, "ib"));
    CU_ASSERT_TRUE(host_errors_have(&l.e, "no column is named \"ib\""));
    check_fitted(&l, "b a / / ");
    inv_feed_close(&feed, NULL);
    inv_table_free(&feed.rows);
    end(&l);
}

/* ---- arrays ---- */

static const struct inv_file array_files[] = {
    { "points", "p.npy", INV_NPY, INV_F32, 0, { 0 }, NULL },
    { "labels", "l.npy", INV_NPY, INV_F32, 0, { 0 }, NULL },
};

static void write_npy(const char *name, const char *shape, const float *data, size_t count)
{
    unsigned char file[512];
    int length = snprintf((char *)file + 10, 400, "{'descr': '<f4', 'fortran_order': False, "
                                                  "'shape': %s}\n", shape);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (unsigned char)length;
    file[9] = 0;
    memcpy(file + 10 + length, data, count * 4);
    host_write(name, file, 10 + (size_t)length + count * 4);
}

static void check_arrays(const char *x_shape, const char *y_shape, int x, int y, const char *part)
{
    static const float data[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    struct loaded l;
    field[0].file = "points";
    field[1].file = "labels";
    begin(&l);
    l.model.data.kind = INV_NPY;
    l.model.data.file = array_files;
    l.model.data.file_count = 2;
    l.model.data.source[INV_MAIN].file_count = 2;
    l.model.data.field = field;
    write_npy("p.npy", x_shape, data, (size_t)x);
    write_npy("l.npy", y_shape, data, (size_t)y);
    CU_ASSERT_EQUAL(load(&l, NULL), part == NULL);
    if (part)
        CU_ASSERT_TRUE(host_errors_have(&l.e, part));
    for (int r = 0; !part && r < 6; r++) {
        CU_ASSERT_EQUAL(value(&l, 0, r, 1), (float)(2 * r + 2) / 2);
        CU_ASSERT_EQUAL(value(&l, 1, r, 0), (float)(r + 1));
    }
    end(&l);
}

static void test_arrays(void)
{
    check_arrays("(6, 2)", "(6,)", 12, 6, NULL);
    check_arrays("(6, 1, 2, 1)", "(6, 1)", 12, 6, NULL);
    check_arrays("(6, 2)", "(5,)", 12, 5, "l.npy: has 5 rows, but ");
    check_arrays("(4, 3)", "(4,)", 12, 4, "p.npy: a row has shape [3], but field x wants [2]");
    check_arrays("(6, 2)", "(6,)", 11, 6, "p.npy: row 5, byte ");
    check_arrays("(0, 2)", "(0,)", 0, 0, "p.npy: has no rows of data");
}

/* Bare bytes take their row shape from the field; the rows end with the file. */
static void test_bare(void)
{
    static const float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const struct inv_file files[] = {
        { "points", "p.raw", INV_FILE_RAW, INV_F32, 0, { 0 }, NULL },
        { "labels", "l.raw", INV_FILE_RAW, INV_I32, 0, { 0 }, NULL },
    };
    struct inv_field field[2] = { fake_fields[0], fake_fields[1] };
    field[0].file = "points";
    field[1].file = "labels";
    for (int labels = 4; labels >= 3; labels--) {
        struct loaded l;
        begin(&l);
        l.model.data.kind = INV_FILE_RAW;
        l.model.data.file = files;
        l.model.data.file_count = 2;
        l.model.data.source[INV_MAIN].file_count = 2;
        l.model.data.field = field;
        host_write("p.raw", x, sizeof x);
        host_write("l.raw", "\1\2\3\377", (size_t)labels);
        CU_ASSERT_EQUAL(load(&l, NULL), labels == 4);
        CU_ASSERT_TRUE(labels == 4 ||
                       host_errors_have(&l.e, "different numbers of rows: one ends after 3"));
        CU_ASSERT_TRUE(labels == 3 || value(&l, 1, 3, 0) == 255.0f);
        end(&l);
    }
}

HOST_MAIN("dataset", { "cells", test_cells }, { "header", test_header },
          { "named columns", test_named_columns }, { "bad cells", test_bad_cells },
          { "options", test_options }, { "ranges", test_ranges }, { "dates", test_dates },
          { "several files", test_several_files }, { "missing", test_missing },
          { "mean of missing", test_missing_mean },
          { "median of missing", test_missing_median },
          { "fitted columns", test_fitted_columns }, { "doubled names", test_doubled_names },
          { "many errors", test_many_errors }, { "prepared", test_prepared },
          { "classes", test_classes }, { "fitted classes", test_fitted_classes },
          { "parts", test_parts }, { "part file", test_part_file },
          { "fit", test_fit }, { "fit order", test_fit_exact }, { "minmax", test_minmax },
          { "feed", test_feed }, { "arrays", test_arrays }, { "bare", test_bare })
