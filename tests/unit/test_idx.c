/* IDX files: every element type, plain and gzipped, and what is refused. */
#include "host.h"
#include "host/array.h"

static const struct inv_file idx = { "x", "x", INV_IDX, INV_F32, 0, { 0 }, NULL };

static int open_idx(struct inv_array *a, const char *path, struct host_errors *e)
{
    return inv_array_open(a, &idx, path, 0, NULL, &e->errors);
}

/* Two rows of two cells, of an element type with its bytes, must read as `want`. */
static void check_type(int code, const unsigned char *cells, size_t bytes, const float *want)
{
    unsigned char file[64] = { 0, 0, (unsigned char)code, 2, 0, 0, 0, 2, 0, 0, 0, 2 };
    struct inv_array a;
    struct host_errors e;
    float row[2];
    host_errors_begin(&e);
    memcpy(file + 12, cells, bytes);
    for (int packed = 0; packed < 2; packed++) {
        const char *path = packed ? host_write_gzip("t.gz", file, 12 + bytes)
                                  : host_write("t.idx", file, 12 + bytes);
        CU_ASSERT_TRUE(open_idx(&a, path, &e));
        CU_ASSERT_EQUAL(a.rows, 2);
        CU_ASSERT_EQUAL(a.rank, 1);
        CU_ASSERT_EQUAL(a.dim[0], 2);
        for (int r = 0; r < 2; r++) {
            CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, row), 1);
            CU_ASSERT_EQUAL(row[0], want[r * 2]);
            CU_ASSERT_EQUAL(row[1], want[r * 2 + 1]);
        }
        CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, row), 0);
        inv_array_close(&a, NULL);
    }
    CU_ASSERT_EQUAL(e.errors.count, 0);
    host_errors_end(&e);
}

static void test_types(void)
{
    static const unsigned char u8[] = { 0, 1, 200, 255 };
    static const unsigned char i16[] = { 0, 1, 0xff, 0xff, 0x7f, 0xff, 0x80, 0 };
    static const unsigned char i32[] = { 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xf9,
                                         1, 0, 0, 1, 0, 0, 1, 0 };
    static const unsigned char f32[] = { 0x3f, 0x80, 0, 0, 0xbf, 0, 0, 0,
                                         0, 0, 0, 1, 0x80, 0, 0, 0 };
    static const unsigned char f64[] = {
        0x3f, 0xf0, 0, 0, 0, 0, 0, 0,   0xc0, 0x04, 0, 0, 0, 0, 0, 0,
        0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a,   0x3f, 0xf0, 0, 0, 0x10, 0, 0, 1,
    };
    check_type(0x08, u8, 4, (const float[]){ 0, 1, 200, 255 });
    check_type(0x09, u8, 4, (const float[]){ 0, 1, -56, -1 });
    check_type(0x0b, i16, 8, (const float[]){ 1, -1, 32767, -32768 });
    check_type(0x0c, i32, 16, (const float[]){ 7, -7, 16777216, 256 });
    check_type(0x0d, f32, 16, (const float[]){ 1, -0.5f, 0x1p-149f, -0.0f });
    check_type(0x0e, f64, 32, (const float[]){ 1, -2.5f, 0.1f, 0x1.000002p+0f });
}

static void test_classes(void)
{
    static const unsigned char file[] = { 0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 255 };
    struct inv_array a;
    struct host_errors e;
    int32_t label;
    host_errors_begin(&e);
    CU_ASSERT_TRUE(open_idx(&a, host_write("l.idx", file, sizeof file), &e));
    CU_ASSERT_EQUAL(a.rank, 0);
    CU_ASSERT_EQUAL(a.row_cells, 1);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(inv_array_next(&a, INV_I32, &label), 1);
        CU_ASSERT_EQUAL(label, file[8 + i]);
    }
    CU_ASSERT_EQUAL(inv_array_next(&a, INV_I32, &label), 0);
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

static void check_bad(const unsigned char *file, size_t bytes, const char *part)
{
    struct inv_array a;
    struct host_errors e;
    float row[8];
    host_errors_begin(&e);
    if (open_idx(&a, host_write("bad.idx", file, bytes), &e))
        while (inv_array_next(&a, INV_F32, row) > 0)
            continue;
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

static void test_bad(void)
{
    static const unsigned char good[] = { 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5 };
    unsigned char file[sizeof good];
    memcpy(file, good, sizeof good);
    check_bad(file, 0, "bad.idx: is empty");
    check_bad(file, 3, "not an IDX file");
    check_bad(file, 10, "ends within its IDX header");
    check_bad(file, 15, "row 1, byte 14: the file ends within the row (1 of 2 bytes)");
    check_bad(file, 17, "byte 16: data follow the 2 rows");
    file[0] = 0x1e;
    check_bad(file, 16, "byte 0: not an IDX file");
    file[0] = 0;
    file[2] = 0x0a;
    check_bad(file, 16, "byte 2: no IDX element type");
    file[2] = 8;
    file[3] = 9;
    check_bad(file, 16, "byte 3: an IDX file of data has 1 to 8 axes");
    file[3] = 2;
    file[11] = 0;
    check_bad(file, 16, "has no cells");
    static const unsigned char nan[] = { 0, 0, 13, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x7f, 0xc0, 0, 0 };
    check_bad(nan, sizeof nan, "row 1, byte 12: not a finite number");
}

/* What a header says takes no memory before a row is asked for. */
static void test_lying(void)
{
    static const unsigned char wide[] = { 0, 0, 14, 2, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff, 1 };
    struct inv_array a;
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_TRUE(open_idx(&a, host_write("wide.idx", wide, sizeof wide), &e));
    CU_ASSERT_EQUAL(a.row_cells, INT32_MAX);
    CU_ASSERT_PTR_NULL(a.bytes);
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

HOST_MAIN("idx", { "types", test_types }, { "classes", test_classes }, { "bad", test_bad },
          { "lying", test_lying })
