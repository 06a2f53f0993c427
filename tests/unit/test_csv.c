/* CSV records: quoting, line ends, byte order mark, gzip, and where errors are said to be. */
#include "host.h"
#include "host/csv.h"

static const struct inv_dialect commas = { .delimiter = ',' };

/* All records as "a|b/c|d/", cells by |, records by /; errors go to e. */
static const char *records(const char *path, struct host_errors *e)
{
    static char text[4096];
    struct inv_csv csv;
    text[0] = 0;
    if (inv_csv_open(&csv, path, &commas, &e->errors)) {
        while (inv_csv_next(&csv) > 0) {
            for (int i = 0; i < csv.count; i++) {
                strcat(text, i ? "|" : "");
                strcat(text, inv_csv_cell(&csv, i));
            }
            strcat(text, "/");
        }
    }
    inv_csv_close(&csv, NULL);
    return text;
}

static void check(const char *content, const char *want)
{
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_STRING_EQUAL(records(host_write_text("x.csv", content), &e), want);
    CU_ASSERT_EQUAL(e.errors.count, 0);
    host_errors_end(&e);
}

static void check_bad(const char *content, const char *part)
{
    struct host_errors e;
    host_errors_begin(&e);
    records(host_write_text("x.csv", content), &e);
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    host_errors_end(&e);
}

static void test_lines(void)
{
    check("a,b\n1,2\n", "a|b/1|2/");
    check("a,b\r\n1,2\r\n", "a|b/1|2/");
    check("a,b\r1,2\r", "a|b/1|2/");
    check("a,b\n\n\n1,2", "a|b/1|2/");
    check("\n\r\n a , b \n", " a | b /");
    check("a,\n,b\n,\n", "a|/|b/|/");
    check("\xef\xbb\xbf" "a\n", "a/");
    check("", "");
    check("\n\n", "");
}

static void test_quotes(void)
{
    check("\"a,b\",c\n", "a,b|c/");
    check("\"say \"\"hi\"\"\",x\n", "say \"hi\"|x/");
    check("\"two\nlines\",x\ny,z\n", "two\nlines|x/y|z/");
    check("\"\",\"\"\n", "|/");
    check("\"a\" ,b\n", "a|b/");
    check("a\"b,c\n", "a\"b|c/");
    check("\"a\"", "a/");
}

static void test_bad(void)
{
    check_bad("a,b\nc,\"open\n", "x.csv:2: column(1): the quoted cell is never closed");
    check_bad("a,b\n\n\"x\"y,1\n", "x.csv:3: column(0): text follows the closing quote");
    struct host_errors e;
    host_errors_begin(&e);
    records(host_write("z.csv", "a\0b,c\n", 6), &e);
    CU_ASSERT_TRUE(host_errors_have(&e, "zero byte"));
    host_errors_end(&e);
    host_errors_begin(&e);
    records(host_path("not-there.csv"), &e);
    CU_ASSERT_TRUE(host_errors_have(&e, "not-there.csv: cannot read data: No such file"));
    host_errors_end(&e);
    host_errors_begin(&e);
    records(host_folder, &e);
    CU_ASSERT_TRUE(host_errors_have(&e, "is a folder"));
    host_errors_end(&e);
}

/* Line numbers count the lines inside quotes, and empty ones. */
static void test_line_numbers(void)
{
    struct inv_csv csv;
    struct host_errors e;
    host_errors_begin(&e);
    static const int want[] = { 1, 4, 6 };
    CU_ASSERT_TRUE(inv_csv_open(&csv, host_write_text("x.csv", "\"a\nb\"\n\nc\r\n\r\nd\n"),
                                &commas, &e.errors));
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(inv_csv_next(&csv), 1);
        CU_ASSERT_EQUAL(csv.line, want[i]);
    }
    CU_ASSERT_EQUAL(inv_csv_next(&csv), 0);
    inv_csv_close(&csv, NULL);
    host_errors_end(&e);
}

/* Larger than the reader's pieces, so that cells and line ends cross them. */
static size_t make_large(char *text)
{
    char *to = text;
    for (int i = 0; i < 20000; i++)
        to += sprintf(to, "%d,\"x%d\"\r\n", i, i % 7);
    return (size_t)(to - text);
}

static int count_large(const char *path, struct host_errors *e, unsigned char digest[32])
{
    struct inv_csv csv;
    int count = 0, wrong = 0;
    if (inv_csv_open(&csv, path, &commas, &e->errors)) {
        while (inv_csv_next(&csv) > 0) {
            wrong += csv.count != 2 || atoi(inv_csv_cell(&csv, 0)) != count ||
                     atoi(inv_csv_cell(&csv, 1) + 1) != count % 7;
            count++;
        }
    }
    inv_csv_close(&csv, digest);
    return wrong ? -wrong : count;
}

static void test_large_and_gzip(void)
{
    static char text[400000];
    size_t length = make_large(text), packed = 0;
    unsigned char digest[32], again[32];
    struct host_errors e;
    struct inv_sha256 sha;
    host_errors_begin(&e);
    CU_ASSERT_EQUAL(count_large(host_write("l.csv", text, length), &e, digest), 20000);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, text, length);
    inv_sha256_final(&sha, again);
    CU_ASSERT_EQUAL(memcmp(digest, again, 32), 0);
    CU_ASSERT_EQUAL(count_large(host_write_gzip("l.gz", text, length), &e, digest), 20000);
    CU_ASSERT_EQUAL(e.errors.count, 0);
    char *bytes = host_read(host_path("l.gz"), &packed);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, bytes, packed);
    inv_sha256_final(&sha, again);
    CU_ASSERT_EQUAL(memcmp(digest, again, 32), 0);
    count_large(host_write("cut.gz", bytes, packed - 9), &e, NULL);
    CU_ASSERT_TRUE(host_errors_have(&e, "cut.gz: ends in the middle of its packed data"));
    bytes[packed - 6] ^= 0x55;          /* of the checksum */
    count_large(host_write("bad.gz", bytes, packed), &e, NULL);
    CU_ASSERT_TRUE(host_errors_have(&e, "bad.gz: its packed data are damaged"));
    host_errors_end(&e);
    free(bytes);
}

/* Gzip files put end to end are one file. */
static void test_members(void)
{
    size_t first = 0, second = 0;
    struct host_errors e;
    char both[512];
    host_errors_begin(&e);
    char *a = host_read(host_write_gzip("a.gz", "1,2\n", 4), &first);
    char *b = host_read(host_write_gzip("b.gz", "3,4\n", 4), &second);
    memcpy(both, a, first);
    memcpy(both + first, b, second);
    CU_ASSERT_STRING_EQUAL(records(host_write("ab.gz", both, first + second), &e), "1|2/3|4/");
    CU_ASSERT_EQUAL(e.errors.count, 0);
    memcpy(both + first, "more", 4);
    records(host_write("more.gz", both, first + 4), &e);
    CU_ASSERT_TRUE(host_errors_have(&e, "more.gz: bytes follow the gzip data"));
    free(a);
    free(b);
    host_errors_end(&e);
}

/* Quotes, line ends and cells that lie across the end of the reader's window, wherever it falls. */
static void test_window(void)
{
    enum { NEAR = 131072 };
    char *text = malloc(NEAR + 64);
    int wrong = 0;
    for (int first = NEAR - 32; first < NEAR + 4; first++) {
        struct inv_csv csv;
        struct host_errors e;
        host_errors_begin(&e);
        memset(text, 'x', (size_t)first);
        size_t length = (size_t)first;
        length += (size_t)sprintf(text + first, ",9\r\n\"a\"\"b\" ,c\r\n\r\nd,");
        wrong += !inv_csv_open(&csv, host_write("w.csv", text, length), &commas, &e.errors);
        wrong += inv_csv_next(&csv) != 1 || strlen(inv_csv_cell(&csv, 0)) != (size_t)first ||
                 strcmp(inv_csv_cell(&csv, 1), "9") != 0;
        wrong += inv_csv_next(&csv) != 1 || strcmp(inv_csv_cell(&csv, 0), "a\"b") != 0 ||
                 strcmp(inv_csv_cell(&csv, 1), "c") != 0 || csv.line != 2;
        wrong += inv_csv_next(&csv) != 1 || csv.count != 2 || *inv_csv_cell(&csv, 1) ||
                 csv.line != 4;
        wrong += inv_csv_next(&csv) != 0;
        inv_csv_close(&csv, NULL);
        host_errors_end(&e);
    }
    free(text);
    CU_ASSERT_EQUAL(wrong, 0);
}

static const char *dialect_records(const char *content, struct inv_dialect dialect,
                                   struct host_errors *e)
{
    static char text[256];
    struct inv_csv csv;
    text[0] = 0;
    if (inv_csv_open(&csv, host_write_text("x.csv", content), &dialect, &e->errors))
        while (inv_csv_next(&csv) > 0)
            for (int i = 0; i < csv.count; i++)
                strcat(strcat(text, inv_csv_cell(&csv, i)), i == csv.count - 1 ? "/" : "|");
    inv_csv_close(&csv, NULL);
    return text;
}

static void test_dialects(void)
{
    static const struct { const char *content; struct inv_dialect dialect; const char *want; }
    cases[] = {
        { "a;b\n1,5;2\n", { .delimiter = ';' }, "a|b/1,5|2/" },
        { "a\tb\n\"1\"\t2\n", { .delimiter = '\t' }, "a|b/1|2/" },
        { "a;b,c;d\n1;2;3\n", { .delimiter = 0 }, "a|b,c|d/1|2|3/" },
        { "a\tb\n", { .delimiter = 0 }, "a|b/" },
        { "\"x;y;z\",b\n", { .delimiter = 0 }, "x;y;z|b/" },
        { "one\n2\n", { .delimiter = 0 }, "one/2/" },
        { "title\r\nof 1999\r\na,b\r\n", { .delimiter = ',', .skip = 2 }, "a|b/" },
        { "x\n", { .delimiter = ',', .skip = 5 }, "" },
        { "# a,b\n#\n1,#2\n#3,4\n5,6\n#", { .delimiter = ',', .comment = '#' }, "1|#2/5|6/" },
        { "#;;;\na,b\n", { .comment = '#' }, "a|b/" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host_errors e;
        host_errors_begin(&e);
        CU_ASSERT_STRING_EQUAL(dialect_records(cases[i].content, cases[i].dialect, &e),
                               cases[i].want);
        CU_ASSERT_EQUAL(e.errors.count, 0);
        host_errors_end(&e);
    }
    struct host_errors e;
    host_errors_begin(&e);
    dialect_records("\na;b,c\n", (struct inv_dialect){ .delimiter = 0 }, &e);
    CU_ASSERT_TRUE(host_errors_have(&e, "x.csv:2: cells may be separated by ',' or by ';'; say "
                                        "which: csv(..., delimiter = \",\")"));
    host_errors_end(&e);
}

HOST_MAIN("csv", { "window", test_window }, { "dialects", test_dialects },
          { "lines", test_lines }, { "quotes", test_quotes }, { "bad", test_bad },
          { "line numbers", test_line_numbers }, { "large and gzip", test_large_and_gzip },
          { "members", test_members })
