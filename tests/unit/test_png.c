/* Pictures: chunks with right checksums, whose data inflate to the pixels given. */
#include "host.h"
#include <fcntl.h>
#include <stdint.h>
#include "host/png.h"

static uint32_t load_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The data of the chunk at `at`, whose type and checksum are checked; *length gets its size. */
static const unsigned char *chunk(const unsigned char *at, const char *type, uint32_t *length)
{
    *length = load_u32(at);
    CU_ASSERT_EQUAL(memcmp(at + 4, type, 4), 0);
    CU_ASSERT_EQUAL(load_u32(at + 8 + *length), (uint32_t)crc32(0, at + 4, *length + 4));
    return at + 8;
}

static void check(uint32_t width, uint32_t height, int channels, int colour)
{
    size_t line = width * (size_t)channels, count = 0;
    unsigned char *pixel = malloc(line * height), *plain = malloc((line + 1) * height);
    struct inv_output out;
    struct host_errors e;
    char digest[65];
    host_errors_begin(&e);
    for (size_t i = 0; i < line * height; i++)
        pixel[i] = (unsigned char)(i * 31 + i / 256);
    CU_ASSERT_TRUE(inv_output_open(&out, host_path("p.png"), &e.errors));
    inv_png_write(&out, pixel, width, height, channels);
    CU_ASSERT_TRUE(inv_output_close(&out, digest));
    unsigned char *file = (unsigned char *)host_read(host_path("p.png"), &count);
    uint32_t length;
    CU_ASSERT_EQUAL(memcmp(file, "\x89PNG\r\n\x1a\n", 8), 0);
    const unsigned char *head = chunk(file + 8, "IHDR", &length);
    CU_ASSERT_EQUAL(length, 13);
    CU_ASSERT_EQUAL(load_u32(head), width);
    CU_ASSERT_EQUAL(load_u32(head + 4), height);
    CU_ASSERT_EQUAL(head[8], 8);
    CU_ASSERT_EQUAL(head[9], colour);
    const unsigned char *body = chunk(head + 13 + 4, "IDAT", &length);
    uLongf plain_length = (uLongf)((line + 1) * height);
    CU_ASSERT_EQUAL(uncompress(plain, &plain_length, body, length), Z_OK);
    CU_ASSERT_EQUAL(plain_length, (line + 1) * height);
    for (uint32_t y = 0; y < height; y++) {
        CU_ASSERT_EQUAL(plain[y * (line + 1)], 0);
        CU_ASSERT_EQUAL(memcmp(plain + y * (line + 1) + 1, pixel + y * line, line), 0);
    }
    const unsigned char *end = chunk(body + length + 4, "IEND", &length);
    CU_ASSERT_EQUAL((size_t)(end + 4 - file), count);
    free(file);
    free(pixel);
    free(plain);
    host_errors_end(&e);
}

static void test_colours(void)
{
    check(1, 1, 1, 0);
    check(7, 5, 1, 0);
    check(7, 5, 3, 2);
    check(7, 5, 4, 6);
}

/* More than one stored block, and just as much as one holds. */
static void test_blocks(void)
{
    check(300, 300, 3, 2);
    check(65534, 1, 1, 0);
    check(65535, 1, 1, 0);
}

/* A failing write keeps the old file and leaves no other behind. */
static void test_replace(void)
{
    struct inv_output out;
    struct host_errors e;
    char digest[65], *text;
    size_t count = 0;
    host_errors_begin(&e);
    host_write_text("old", "old");
    CU_ASSERT_TRUE(inv_output_open(&out, host_path("old"), &e.errors));
    inv_output_print(&out, "%s %d", "new", 7);
    text = host_read(host_path("old"), &count);
    CU_ASSERT_STRING_EQUAL(text, "old");
    free(text);
    CU_ASSERT_TRUE(inv_output_close(&out, digest));
    text = host_read(host_path("old"), &count);
    CU_ASSERT_STRING_EQUAL(text, "new 7");
    free(text);
    CU_ASSERT_TRUE(inv_output_open(&out, host_path("old"), &e.errors));
    fclose(out.file);
    out.file = fopen("/dev/full", "w");
    inv_output_print(&out, "lost");
    CU_ASSERT_FALSE(inv_output_close(&out, digest));
    CU_ASSERT_TRUE(host_errors_have(&e, "old: cannot write: No space left on device; free some "
                                        "space; the old"));
    text = host_read(host_path("old"), &count);
    CU_ASSERT_STRING_EQUAL(text, "new 7");
    free(text);
    char command[128];
    snprintf(command, sizeof command, "ls %s | grep -q part", host_folder);
    CU_ASSERT_NOT_EQUAL(system(command), 0);
    host_errors_end(&e);
}

/* A write that failed before, outside of inv_output_write(), is seen though all later ones work. */
static void test_torn(void)
{
    struct inv_output out;
    struct host_errors e;
    host_errors_begin(&e);
    host_write_text("old", "old");
    CU_ASSERT_TRUE_FATAL(inv_output_open(&out, host_path("old"), &e.errors));
    int whole = dup(fileno(out.file)), full = open("/dev/full", O_WRONLY);
    setvbuf(out.file, NULL, _IONBF, 0);
    dup2(full, fileno(out.file));
    fputs("lost", out.file);
    dup2(whole, fileno(out.file));
    close(full);
    close(whole);
    inv_output_print(&out, "and found");
    CU_ASSERT_FALSE(inv_output_close(&out, NULL));
    CU_ASSERT_TRUE(host_errors_have(&e, "old: cannot write: Input/output error; the old file"));
    host_errors_end(&e);
}

HOST_MAIN("png", { "colours", test_colours }, { "blocks", test_blocks },
          { "replace", test_replace }, { "torn", test_torn })
