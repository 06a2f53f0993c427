/* NPY files: versions, byte orders, element types, and what is refused. */
#include "host.h"
#include <stdint.h>
#include "core/arith.h"
#include "host/csv.h"

static const struct inv_file npy = { "x", "x", INV_NPY, INV_F32, 0, { 0 }, NULL };

/* Writes a file of that version with the dictionary and the bytes of data behind it. */
static const char *make(int version, const char *dictionary, const void *data, size_t bytes)
{
    unsigned char file[600];
    size_t width = version == 1 ? 2 : 4, length = strlen(dictionary) + 1;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (unsigned char)version;
    file[7] = 0;
    for (size_t i = 0; i < width; i++)
        file[8 + i] = (unsigned char)(length >> (8 * i));
    memcpy(file + 8 + width, dictionary, length - 1);
    file[8 + width + length - 1] = '\n';
    if (bytes > 0)
        memcpy(file + 8 + width + length, data, bytes);
    return host_write("x.npy", file, 8 + width + length + bytes);
}

static void check(int version, const char *dictionary, const void *data, size_t bytes,
                  const float *want, int rows, int cells)
{
    struct inv_array a;
    struct host_errors e;
    float row[8] = { 0 };
    host_errors_begin(&e);
    int opened = inv_array_open(&a, &npy, make(version, dictionary, data, bytes), 0, NULL,
                                &e.errors);
    CU_ASSERT_TRUE(opened);
    CU_ASSERT_EQUAL(a.rows, rows);
    CU_ASSERT_EQUAL(a.row_cells, cells);
    for (int r = 0; opened && r < rows; r++) {
        CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, row), 1);
        for (int c = 0; c < cells; c++)
            CU_ASSERT_EQUAL(inv_bits(row[c]), inv_bits(want[r * cells + c]));
    }
    CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, row), 0);
    CU_ASSERT_EQUAL(e.errors.count, 0);
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

#define DICT(descr, shape)                                                                      \
    "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }"

static void check_bad(const char *path, enum inv_dtype dtype, const char *part)
{
    struct inv_array a;
    struct host_errors e;
    float row[8];
    host_errors_begin(&e);
    if (inv_array_open(&a, &npy, path, 0, NULL, &e.errors))
        while (inv_array_next(&a, dtype, row) > 0 && e.errors.count == 0)
            continue;
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

#define FORTRAN(descr, shape)                                                                   \
    "{'descr': '" descr "', 'fortran_order': True, 'shape': " shape ", }"

/* A first axis that varies fastest: element (r, i, j) lies at r + rows * (i + 2 * j). */
static void test_fortran_order(void)
{
    static const unsigned char u1[] = { 0, 1, 10, 11, 100, 101, 110, 111 };
    static const float want[] = { 0, 100, 10, 110, 1, 101, 11, 111 };
    check(1, FORTRAN("|u1", "(2, 2, 2)"), u1, 8, want, 2, 4);
    check(1, FORTRAN("|u1", "(2, 4)"), u1, 8, (const float[]){ 0, 10, 100, 110, 1, 11, 101, 111 },
          2, 4);
    check(1, FORTRAN("|u1", "(4, 2)"), u1, 8, (const float[]){ 0, 100, 1, 101, 10, 110, 11, 111 },
          4, 2);
    check(1, FORTRAN("<u2", "(2, 2)"), u1, 8,
          (const float[]){ 0x100, 0x6564, 0x0b0a, 0x6f6e }, 2, 2);
    check(1, FORTRAN("|u1", "(0, 3)"), u1, 0, want, 0, 3);
}

static void test_halves(void)
{
    static const unsigned char f2[] = { 0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0x80, 0, 0x04 };
    static const float want[] = { 1, -2, 0x1p-24f, 65504, -0.0f, 0x1p-14f };
    static const unsigned char infinite[] = { 0, 0x7c }, nan[] = { 1, 0x7c };
    check(1, DICT("<f2", "(6,)"), f2, 12, want, 6, 1);
    check(1, DICT(">f2", "(1,)"), (const unsigned char[]){ 0x3c, 0 }, 2, want, 1, 1);
    check_bad(make(1, DICT("<f2", "(1,)"), infinite, 2), INV_F32, "not a finite number");
    check_bad(make(1, DICT("<f2", "(1,)"), nan, 2), INV_F32, "not a finite number");
}

static void test_versions(void)
{
    static const unsigned char f4[] = { 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0,
                                        0, 0, 0, 0x3f, 0, 0, 0x20, 0x41 };
    static const float want[] = { 1, -2, 0.5f, 10 };
    check(1, DICT("<f4", "(2, 2)"), f4, 16, want, 2, 2);
    check(2, DICT("<f4", "(2, 2)"), f4, 16, want, 2, 2);
    check(3, DICT("<f4", "(2, 2)"), f4, 16, want, 2, 2);
    check(1, DICT("<f4", "(4,)"), f4, 16, want, 4, 1);
    check(1, DICT("<f4", "(1, 2, 2, 1)"), f4, 16, want, 1, 4);
    check(1, "{'shape': (4,), 'fortran_order': True, 'descr': '<f4'}", f4, 16, want, 4, 1);
    check(1, DICT("<f4", "(0, 3)"), f4, 0, want, 0, 3);
}

static void test_types(void)
{
    static const unsigned char f4[] = { 0x3f, 0x80, 0, 0 }, f8[] = { 0, 0, 0, 0, 0, 0, 4, 0xc0 };
    static const unsigned char wide[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    static const unsigned char near[] = { 1, 0, 0, 1, 0, 0, 0, 0 };
    check(1, DICT(">f4", "(1,)"), f4, 4, (const float[]){ 1 }, 1, 1);
    check(1, DICT("<f8", "(1,)"), f8, 8, (const float[]){ -2.5f }, 1, 1);
    check(1, DICT("|u1", "(1,)"), wide, 1, (const float[]){ 255 }, 1, 1);
    check(1, DICT("|i1", "(1,)"), wide, 1, (const float[]){ -1 }, 1, 1);
    check(1, DICT("|b1", "(1,)"), near, 1, (const float[]){ 1 }, 1, 1);
    check(1, DICT("<u2", "(1,)"), wide, 2, (const float[]){ 65535 }, 1, 1);
    check(1, DICT("<i2", "(1,)"), wide, 2, (const float[]){ -1 }, 1, 1);
    check(1, DICT(">i2", "(1,)"), near, 2, (const float[]){ 256 }, 1, 1);
    check(1, DICT("<u4", "(1,)"), wide, 4, (const float[]){ 4294967296.0f }, 1, 1);
    check(1, DICT("<i4", "(1,)"), near, 4, (const float[]){ 16777216 }, 1, 1);
    check(1, DICT("<u8", "(1,)"), wide, 8, (const float[]){ 0x1p64f }, 1, 1);
    check(1, DICT("<i8", "(1,)"), wide, 8, (const float[]){ -1 }, 1, 1);
}

static void test_bad(void)
{
    static const unsigned char f4[] = { 0, 0, 0x80, 0x7f, 0, 0, 0, 0x3f };
    static const unsigned char wide[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    check_bad(make(1, DICT("<c8", "(1,)"), f4, 8), INV_F32, "element type '<c8' cannot be read");
    check_bad(make(1, DICT("|O8", "(1,)"), f4, 8), INV_F32, "'|O8' cannot be read");
    check_bad(make(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", f4, 8),
              INV_F32, "is no plain number");
    check_bad(make(1, FORTRAN("<f4", "(2, 3)"), f4, 8), INV_F32,
              "ends within the row (8 of 24 bytes)");
    check_bad(make(1, FORTRAN("<f4", "(2147483647, 9)"), f4, 8), INV_F32,
              "ends within the row");
    check_bad(make(1, FORTRAN("<f4", "(1, 1)"), (const char[8]){ 0 }, 8), INV_F32,
              "data follow the 1 rows");
    check_bad(make(1, DICT("<f4", "()"), f4, 4), INV_F32, "needs an axis of rows");
    check_bad(make(1, "{'descr': '<f4', 'fortran_order': False}", f4, 4), INV_F32, "has no shape");
    check_bad(make(1, DICT("<f4", "(2,)"), f4, 8), INV_F32, "row 0, byte ");
    check_bad(make(1, DICT("<f4", "(2, 3)"), f4, 8), INV_F32,
              "ends within the row (8 of 12 bytes)");
    check_bad(make(1, DICT("<f4", "(1, 1)"), (const char[8]){ 0 }, 8), INV_F32,
              "data follow the 1 rows");
    check_bad(make(1, DICT("<u8", "(1,)"), wide, 8), INV_I32, "not a whole number of 32 bits");
    check_bad(make(1, DICT("<f4", "(1,)"), f4 + 4, 4), INV_I32, "not a whole number of 32 bits");
    check_bad(make(1, "{'shape'", f4, 8), INV_F32, "is no plain number");
    check_bad(make(4, DICT("<f4", "(2,)"), f4, 8), INV_F32, "NPY version not known");
    check_bad(host_write_text("t.npy", "a,b\n1,2\n"), INV_F32, "not an NPY file");
    check_bad(host_write("t.npy", "\x93NUMPY\1\0\x76\0{'descr'", 18), INV_F32,
              "ends within its NPY header");
}

/* The cells of an array that is read as a table, "|" behind each and "/" behind each row. */
static void check_table(const char *path, char decimal, const char *want)
{
    struct inv_dialect dialect = { .delimiter = ',', .skip = 1, .decimal = decimal };
    struct inv_csv csv;
    struct host_errors e;
    char got[300] = "";
    host_errors_begin(&e);
    CU_ASSERT_TRUE(inv_csv_open(&csv, path, &dialect, &e.errors));
    for (int row = 1; inv_csv_next(&csv) > 0; row++) {
        CU_ASSERT_EQUAL(csv.line, row);
        for (int i = 0; i < csv.count; i++) {
            strcat(got, inv_csv_cell(&csv, i));
            strcat(got, "|");
        }
        strcat(got, "/");
    }
    CU_ASSERT_STRING_EQUAL(got, want);
    CU_ASSERT_EQUAL(e.errors.count, 0);
    inv_csv_close(&csv, NULL);
    host_errors_end(&e);
}

static void check_no_table(const char *path, const char *part)
{
    struct inv_dialect dialect = { .delimiter = ',', .decimal = '.' };
    struct inv_csv csv;
    struct host_errors e;
    host_errors_begin(&e);
    int good = inv_csv_open(&csv, path, &dialect, &e.errors);
    while (good > 0)
        good = inv_csv_next(&csv);
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    inv_csv_close(&csv, NULL);
    host_errors_end(&e);
}

/* Numbers have the fewest digits that give them back; a double between two f32, which these digits
 * would send to the other one, those of its f32. */
static void test_tables(void)
{
    static const float f4[] = { 0.1f, -2.5f, 3e-45f, 16777216, -0.0f, 1e30f };
    static const double f8[] = { 0.1, 1 + 0x1p-24, 1e300, 2147483647, INFINITY, NAN };
    static const unsigned char f2[] = { 0x66, 0x2e, 0, 0xfc }, bytes[] = { 1, 0, 255, 7 };
    static const int64_t i8[] = { -9007199254740993, 1 };
    check_table(make(1, DICT("<f4", "(2, 3)"), f4, 24), '.',
                "0.1|-2.5|2.8026e-45|/16777216|-0|1e+30|/");
    check_table(make(1, DICT("<f4", "(2,)"), f4, 8), ',', "0,1|/-2,5|/");
    check_table(make(1, DICT("<f8", "(3, 2)"), f8, 48), '.',
                "0.1|1|/1e+300|2147483647|/inf|nan|/");
    check_table(make(1, DICT("<f2", "(1, 2)"), f2, 4), '.', "0.099975586|-inf|/");
    check_table(make(1, DICT("|b1", "(1, 2)"), bytes, 2), '.', "1|0|/");
    check_table(make(1, FORTRAN("|u1", "(2, 2)"), bytes, 4), '.', "1|255|/0|7|/");
    check_table(make(1, DICT("<i8", "(1, 2)"), i8, 16), '.', "-9007199254740993|1|/");
    check_table(make(1, DICT("<u8", "(1, 1)"), i8, 8), '.', "18437736874454810623|/");
    check_table(make(1, DICT("<f4", "(0, 3)"), f4, 0), '.', "");
    check_no_table(make(1, DICT("<f4", "(1, 2, 3)"), f4, 24), "is an array of 3 axes");
    check_no_table(make(1, DICT("<f4", "(2, 3)"), f4, 16), "ends within the row (4 of 12 bytes)");
    check_no_table(make(1, DICT("<f4", "(2,)"), f4, 12), "data follow the 2 rows");
    check_no_table(make(1, DICT("<c8", "(2,)"), f4, 16), "cannot be read");
    check_no_table(host_write("x.npz", "PK\3\4....", 8), "is a zip or NPZ archive");
}

HOST_MAIN("npy", { "tables", test_tables }, { "versions", test_versions }, { "types", test_types },
          { "Fortran order", test_fortran_order }, { "halves", test_halves }, { "bad", test_bad })
