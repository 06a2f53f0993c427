/* Arrays within NPZ (zip) and safetensors files. */
#include "host.h"
#include <stdint.h>
#include "make_zip.h"
#include "host/array.h"

static const unsigned char first[] = { 1, 2, 3 }, second[] = { 7, 7, 7, 7, 7, 7, 7, 8 };

static const char *make_zip(int how)
{
    struct bytes zip = { .count = 0 }, list = { .count = 0 };
    struct bytes a = npy(first, sizeof first), b = npy(second, sizeof second);
    add_member(&zip, &list, "first.npy", &a, how);
    add_member(&zip, &list, "second.npy", &b, how);
    end_zip(&zip, &list, 2, how);
    return host_write("x.npz", zip.at, zip.count);
}

static int open_member(struct inv_array *a, enum inv_source_kind kind, const char *path,
                       const char *member, struct host_errors *e)
{
    struct inv_file file = { "x", path, kind, INV_F32, 0, { 0 }, member };
    host_errors_begin(e);
    return inv_array_open(a, &file, path, 0, NULL, &e->errors);
}

static void check(enum inv_source_kind kind, const char *path, const char *member,
                  const unsigned char *want, int rows)
{
    struct inv_array a;
    struct host_errors e;
    unsigned char digest[32], whole[32];
    float value = -1;
    CU_ASSERT_TRUE(open_member(&a, kind, path, member, &e));
    for (int i = 0; i < rows; i++) {
        CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, &value), 1);
        CU_ASSERT_EQUAL(value, want[i]);
    }
    CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, &value), 0);
    inv_array_close(&a, digest);
    CU_ASSERT_EQUAL(e.errors.count, 0);
    host_errors_end(&e);
    size_t count = 0;
    char *text = host_read(path, &count);
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, text, count);
    inv_sha256_final(&sha, whole);
    CU_ASSERT_EQUAL(memcmp(digest, whole, sizeof whole), 0);
    free(text);
}

static void check_bad(enum inv_source_kind kind, const char *path, const char *member,
                      const char *part)
{
    struct inv_array a;
    struct host_errors e;
    float row[8];
    if (open_member(&a, kind, path, member, &e))
        while (inv_array_next(&a, INV_F32, row) > 0)
            continue;
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    inv_array_close(&a, NULL);
    host_errors_end(&e);
}

static void test_zip(void)
{
    static const int ways[] = { 0, DEFLATED, LONG_LOCAL, COMMENT, ZIP64, ZIP64 | DEFLATED,
                                DEFLATED | LONG_LOCAL | COMMENT };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        check(INV_NPZ, make_zip(ways[i]), "first", first, 3);
        check(INV_NPZ, make_zip(ways[i]), "second.npy", second, 8);
    }
}

static void test_bad_zip(void)
{
    check_bad(INV_NPZ, make_zip(0), "secund",
              "holds no array \"secund\"; did you mean \"second\"?");
    check_bad(INV_NPZ, make_zip(0), "quite another", "its first is \"first\"");
    check_bad(INV_NPZ, make_zip(ENCRYPTED), "first", "is encrypted or packed in a way");
    check_bad(INV_NPZ, make_zip(WRONG_SUM), "first", "is damaged (its check sum differs)");
    check_bad(INV_NPZ, make_zip(WRONG_SUM | DEFLATED), "second", "its check sum differs");
    check_bad(INV_NPZ, host_write_text("t.npz", "no zip at all, but text that goes on a while"),
              "first", "is no NPZ (zip) file");
    check_bad(INV_NPZ, host_write_gzip("t.npz", "a,b\n", 4), "first", "is no NPZ (zip) file");
    struct bytes zip = { .count = 0 }, list = { .count = 0 }, a = npy(first, 3);
    add_member(&zip, &list, "first", &a, 0);
    add_member(&zip, &list, "first.npy", &a, 0);
    end_zip(&zip, &list, 2, 0);
    check_bad(INV_NPZ, host_write("t.npz", zip.at, zip.count), "first",
              "two of its members have the name");
    end_zip(&zip, &list, 3, 0);
    check_bad(INV_NPZ, host_write("t.npz", zip.at, zip.count), "none",
              "list of members is damaged");
}

/* No end of the file, wherever it falls, may be read past; each but the whole is an error. */
static void test_cut_zip(void)
{
    static const int ways[] = { 0, DEFLATED, ZIP64 };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        size_t count = 0;
        char *all = host_read(make_zip(ways[i]), &count);
        for (size_t end = 0; end < count; end++)
            check_bad(INV_NPZ, host_write("cut.npz", all, end), "second", "cut.npz: ");
        free(all);
    }
}

static const char *make_safetensors(const char *header, const void *data, size_t bytes)
{
    struct bytes b = { .count = 0 };
    put(&b, strlen(header), 8);
    put_bytes(&b, header, strlen(header));
    put_bytes(&b, data, bytes);
    return host_write("x.safetensors", b.at, b.count);
}

static void test_safetensors(void)
{
    static const unsigned char data[] = { 1, 2, 3, 0x80, 0x3f, 0, 0x40, 0, 0x3c, 0, 0xc0 };
    const char *path = make_safetensors(
        "{\"b\":{\"dtype\":\"BF16\",\"shape\":[2,1],\"data_offsets\":[3,7]},"
        "\"__metadata__\":{\"by\":\"hand\"},"
        "\"h\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[7,11]},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", data, sizeof data);
    check(INV_SAFETENSORS, path, "a", data, 3);
    check(INV_SAFETENSORS, path, "b", (const unsigned char[]){ 1, 2 }, 2);
    struct inv_array a;
    struct host_errors e;
    float row[2] = { 0, 0 };
    CU_ASSERT_TRUE(open_member(&a, INV_SAFETENSORS, path, "h", &e));
    CU_ASSERT_EQUAL(inv_array_next(&a, INV_F32, row), 1);
    CU_ASSERT_TRUE(row[0] == 1 && row[1] == -2);
    inv_array_close(&a, NULL);
    host_errors_end(&e);
    check_bad(INV_SAFETENSORS, path, "c", "holds no array \"c\"; ");
    check_bad(INV_SAFETENSORS, make_safetensors("{}", "", 0), "c", "it is empty");
    check_bad(INV_SAFETENSORS, make_safetensors("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],"
              "\"data_offsets\":[0,1]}}", "", 1), "a", "array a is F8_E4M3 with 1 axes");
    check_bad(INV_SAFETENSORS, make_safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[],"
              "\"data_offsets\":[0,4]}}", data, 4), "a", "with 0 axes");
    check_bad(INV_SAFETENSORS, make_safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
              "\"data_offsets\":[0,4]}}", data, 4), "a", "ends within the row (0 of 4 bytes)");
}

HOST_MAIN("archive", { "zip", test_zip }, { "bad zip", test_bad_zip }, { "cut zip", test_cut_zip },
          { "safetensors", test_safetensors })
