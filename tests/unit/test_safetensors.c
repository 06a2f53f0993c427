/* Weights: the exact bytes written, reading back, and files that must be refused. */
#include "host.h"
#include <stdint.h>
#include "core/arith.h"
#include "core/sha256.h"
#include "host/safetensors.h"

static const struct inv_variable variables[] = {
    { "dense1/w", INV_PARAM, INV_F32, 2, -1, { 2, 2 }, 0, 0, 0 },
    { "dense1/bias", INV_PARAM, INV_F32, 1, -1, { 2 }, 0, 16, 0 },
    { "x/mean", INV_BUFFER, INV_F32, 0, -1, { 0 }, 0, 24, 0 },
    { "a/count", INV_BUFFER, INV_I64, 1, -1, { 1 }, 0, 28, 0 },
    { "a/seen", INV_BUFFER, INV_BOOL, 1, -1, { 2 }, 0, 36, 0 },
    { "group1", INV_BLOCK, INV_F32, 1, -1, { 6 }, 0, 0, 0 },
    { "state", INV_STATE, INV_F32, 1, -1, { 6 }, 0, 44, 0 },
};

static const struct inv_model model = { .variable_count = 7, .variable = variables,
                                        .arena_bytes = 68, .saved_bytes = 44 };

static void fill(unsigned char arena[68])
{
    float w[7] = { 1, -2, 0.5f, 0, 3, 4, 5 };
    int64_t count = -3;
    int32_t seen[2] = { 1, 0 };
    w[3] = inv_from_bits(0xffc12345u);
    memset(arena, 0x77, 68);
    memcpy(arena, w, sizeof w);
    memcpy(arena + 28, &count, sizeof count);
    memcpy(arena + 36, seen, sizeof seen);
}

static const char header[] =
    "{\"a/count\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
    "\"a/seen\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[8,10]},"
    "\"dense1/bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[10,18]},"
    "\"dense1/w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[18,34]},"
    "\"x/mean\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[34,38]}}";

static const unsigned char data[38] = {
    0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0,
    0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40,
    0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0xc0, 0x7f,
    0, 0, 0xa0, 0x40,
};

static void test_bytes(void)
{
    unsigned char arena[68];
    char digest[65], want_digest[65];
    uint8_t bytes[32];
    size_t count = 0, padded = (sizeof header - 1 + 7) / 8 * 8;
    struct host_errors e;
    host_errors_begin(&e);
    fill(arena);
    CU_ASSERT_TRUE(inv_safetensors_save(&model, arena, host_path("w.safetensors"), &e.errors,
                                        digest));
    char *file = host_read(host_path("w.safetensors"), &count);
    CU_ASSERT_EQUAL_FATAL(count, 8 + padded + sizeof data);
    CU_ASSERT_EQUAL((unsigned char)file[0], padded % 256);
    CU_ASSERT_EQUAL((unsigned char)file[1], padded / 256);
    CU_ASSERT_EQUAL(memcmp(file + 2, "\0\0\0\0\0", 6), 0);
    CU_ASSERT_EQUAL(memcmp(file + 8, header, sizeof header - 1), 0);
    for (size_t i = sizeof header - 1; i < padded; i++)
        CU_ASSERT_EQUAL(file[8 + i], ' ');
    CU_ASSERT_EQUAL(memcmp(file + 8 + padded, data, sizeof data), 0);
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, file, count);
    inv_sha256_final(&sha, bytes);
    inv_sha256_hex(bytes, want_digest);
    CU_ASSERT_STRING_EQUAL(digest, want_digest);
    free(file);
    host_errors_end(&e);
}

static int load(unsigned char *arena, const char *path, struct host_errors *e)
{
    return inv_safetensors_load(&model, arena, path, "train first", &e->errors);
}

static void test_round_trip(void)
{
    unsigned char arena[68], again[68];
    char digest[65], second[65];
    struct host_errors e;
    host_errors_begin(&e);
    fill(arena);
    memset(again, 0x33, sizeof again);
    CU_ASSERT_TRUE(inv_safetensors_save(&model, arena, host_path("w"), &e.errors, digest));
    CU_ASSERT_TRUE(load(again, host_path("w"), &e));
    CU_ASSERT_TRUE(inv_safetensors_save(&model, again, host_path("w2"), &e.errors, second));
    CU_ASSERT_STRING_EQUAL(digest, second);
    CU_ASSERT_EQUAL(memcmp(again, arena, 12), 0);
    CU_ASSERT_EQUAL(memcmp(again + 16, arena + 16, 28), 0);
    CU_ASSERT_EQUAL(again[44], 0x33);
    host_errors_end(&e);
}

/* A file with that header and `bytes` of data behind it. */
static const char *make(const char *text, size_t bytes)
{
    unsigned char file[4096] = { 0 };
    size_t length = strlen(text);
    file[0] = (unsigned char)length;
    file[1] = (unsigned char)(length >> 8);
    memcpy(file + 8, text, length);
    if (bytes <= sizeof data)
        memcpy(file + 8 + length, data, bytes);
    return host_write("made", file, 8 + length + bytes);
}

/* The good header with the first occurrence of `old` replaced. */
static const char *changed(const char *old, const char *new)
{
    static char text[2048];
    const char *at = strstr(header, old);
    if (!at)
        abort();
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - header), header, new, at + strlen(old));
    return text;
}

static void check_good(const char *text)
{
    unsigned char arena[68] = { 0 };
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_TRUE(load(arena, make(text, sizeof data), &e));
    CU_ASSERT_EQUAL(arena[3], 0x3f);
    host_errors_end(&e);
}

static void check_bad(const char *text, size_t bytes, const char *part)
{
    unsigned char arena[68] = { 0 };
    struct host_errors e;
    host_errors_begin(&e);
    CU_ASSERT_FALSE(load(arena, make(text, bytes), &e));
    CU_ASSERT_TRUE(host_errors_have(&e, part));
    host_errors_end(&e);
}

static void test_accepted(void)
{
    check_good(header);
    check_good(changed("{\"a", " { \n\"__metadata__\" : {\"format\":\"pt\", \"a\":\"b\"} , \"a"));
    check_good(changed("{\"a", "{\"__metadata__\":{},\"a"));
    check_good(changed("dense1/w", "dense1\\/\\u0077"));
    check_good(changed("\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]",
                       "\"data_offsets\": [0, 8], \"shape\": [ 1 ], \"dtype\": \"I64\""));
}

static void test_refused(void)
{
    size_t all = sizeof data;
    check_bad(header, all - 1, "leave a gap, overlap or pass the file's end");
    check_bad(header, all + 1, "1 bytes follow the last tensor");
    check_bad(changed("[8,10]", "[9,10]"), all, "leave a gap");
    check_bad(changed("[8,10]", "[7,10]"), all, "leave a gap, overlap");
    check_bad(changed("[8,10]", "[10,8]"), all, "leave a gap, overlap");
    check_bad(changed("[34,38]", "[34,18446744073709551615]"), all, "too large");
    check_bad(changed("[2,2]", "[4]"), all, "tensor dense1/w is F32[4] in 16 bytes; the model's is "
                                            "F32[2, 2]");
    check_bad(changed("[2,2]", "[2,3]"), all, "F32[2, 3]");
    check_bad(changed("F32", "F16"), all, "tensor dense1/bias is F16[2]");
    check_bad(changed("dense1/w", "dense1/v"), all, "tensor dense1/v is not in the model; did you "
                                                    "mean dense1/w?");
    check_bad(changed("dense1/w", "dense1/v"), all, "lacks tensor dense1/w");
    check_bad(changed("dense1/bias", "dense1/w"), all, "tensor dense1/w stands there twice");
    check_bad("{}", 0, "lacks tensor dense1/w");
    check_bad("{", 0, "not a safetensors file");
    check_bad("{\"a\"", 0, "byte 4 of the safetensors header: ':' expected");
    check_bad("{\"a}       ", 0, "a string without end");
    check_bad("{\"\\u12\":{}}", 0, "no such escape");
    check_bad("{\"\\ud83d\":{}}", 0, "no such escape");
    check_bad("{\"\\ud83d\\u0041\":{}}", 0, "no such escape");
    check_bad(changed("dense1/w", "\\ud83d\\ude00\\u00e4\\u20ac"), all,
              "tensor \xf0\x9f\x98\x80\xc3\xa4\xe2\x82\xac is not in the model");
    check_bad("{} x", 0, "text follows the header's end");
    check_bad("{\"a\":{\"dtype\":\"F32\"}}", 0, "a tensor lacks a key");
    check_bad("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "each once");
    check_bad("{\"a\":{\"type\":\"F32\"}}", 0, "dtype, shape and data_offsets expected");
    check_bad("{\"a\":{\"shape\":[-1]}}", 0, "a whole number expected");
    check_bad("{\"a\":{\"shape\":[1,1,1,1,1,1,1,1,1]}}", 0, "more than 8 axes");
    check_bad(changed("{\"a", "{\"__metadata__\":{\"a\":1},\"a"), all, "'\"' expected");
}

static void test_no_file(void)
{
    unsigned char arena[68], zeros[9] = { 0 }, huge[16] = { 0, 0, 0, 0, 1, 0, 0, 0, '{', '}' };
    struct host_errors e;
    char digest[65];
    host_errors_begin(&e);
    CU_ASSERT_FALSE(load(arena, host_path("none"), &e));
    CU_ASSERT_TRUE(host_errors_have(&e, "none: cannot read weights: No such file"));
    CU_ASSERT_TRUE(host_errors_have(&e, "; train first"));
    CU_ASSERT_FALSE(load(arena, host_write("z", zeros, 9), &e));
    CU_ASSERT_TRUE(host_errors_have(&e, "z: not a safetensors file, or cut short"));
    CU_ASSERT_FALSE(load(arena, host_write("h", huge, 16), &e));
    CU_ASSERT_TRUE(host_errors_have(&e, "4294967296 of 16 bytes"));
    CU_ASSERT_FALSE(inv_safetensors_save(&model, arena, host_path("no/folder/w"), &e.errors,
                                         digest));
    CU_ASSERT_TRUE(host_errors_have(&e, "no/folder/w: cannot write: No such file"));
    host_errors_end(&e);
}

/* A device takes what is written, and stays a device; one that is full is an error. */
static void test_devices(void)
{
    unsigned char arena[68];
    char digest[65];
    struct host_errors e;
    host_errors_begin(&e);
    fill(arena);
    CU_ASSERT_TRUE(inv_safetensors_save(&model, arena, "/dev/null", &e.errors, digest));
    CU_ASSERT_EQUAL(e.errors.count, 0);
    CU_ASSERT_FALSE(inv_safetensors_save(&model, arena, "/dev/full", &e.errors, digest));
    CU_ASSERT_TRUE(host_errors_have(&e, "/dev/full: cannot write: No space left"));
    host_errors_end(&e);
}

HOST_MAIN("safetensors", { "bytes", test_bytes }, { "round trip", test_round_trip },
          { "accepted", test_accepted }, { "refused", test_refused }, { "no file", test_no_file },
          { "devices", test_devices })
