/* Mutation fuzzing of invar import, of ONNX and Keras, to be built with ASan and UBSan:
 *     fuzz_onnx SECONDS SEED FILE...       of processor time
 * The files are damaged and imported.  Every outcome but a crash or a hang is right.  The input at
 * hand lies in fuzz_onnx.onnx, and what was said of it in fuzz_onnx.said, which stay behind after a
 * crash. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convert/import.h"
#include "draw.h"
#include "watch.h"

enum { ROOM = 1 << 18, EDITS = 6, HANG_SECONDS = 20 };

struct seed { unsigned char *bytes; size_t size; };

static struct seed read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct seed s = {.bytes = malloc(ROOM)};
    if (!file || !s.bytes) {
        fprintf(stderr, "fuzz_onnx: cannot read %s\n", path);
        exit(1);
    }
    s.size = fread(s.bytes, 1, ROOM, file);
    fclose(file);
    return s;
}

/* Changes a bit or a byte, writes what extents or lengths may be, moves a piece, or cuts. */
static size_t edit(unsigned char *bytes, size_t size)
{
    static const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff, 2, 8, 10, 18};
    size_t at = draw(size), from = draw(size), n = 1 + draw(16);
    n = n < size - at ? n : size - at;
    n = n < size - from ? n : size - from;
    switch (draw(6)) {
    case 0: bytes[at] ^= (unsigned char)(1 << draw(8)); break;
    case 1: bytes[at] = odd[draw(sizeof odd)]; break;
    case 2: memmove(bytes + at, bytes + from, n); break;
    case 3: memset(bytes + at, 0xff, n); break;
    case 4: bytes[at] = (unsigned char)draw(256); break;
    default: return draw(20) ? size : draw(size) + 1;
    }
    return size;
}

static void damage(const struct seed *s, const char *path)
{
    static unsigned char bytes[ROOM];
    size_t size = s->size;
    memcpy(bytes, s->bytes, size);
    for (uint32_t i = 1 + draw(EDITS); i > 0 && size; i--)
        size = edit(bytes, size);
    if (!put_file(path, bytes, size))
        exit(1);
}

/* As of a file that the compiler would refuse, at some line, or not: what it does is for
 * fuzz_grammar. */
static bool compiles(const char *path, const char *text, int *line)
{
    unsigned lines = 1;
    (void)path;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    *line = 1 + (int)draw(lines);
    return draw(8) > 0;
}

static bool import_damaged(const char *path)
{
    struct inv_errors errors = {.to = stderr};
    struct inv_claims claims = {.errors = &errors};
    struct import_request request = {.folder = "fuzz_onnx.out", .claims = &claims,
                                     .compiles = compiles, .infer = draw(2),
                                     .rows = (enum import_rows)draw(3)};
    rewind(stderr);
    if (ftruncate(fileno(stderr), 0) != 0)
        exit(1);
    unlink("fuzz_onnx.out/fuzz_onnx.inv"); /* of the file before, not written over */
    unlink("fuzz_onnx.out/fuzz_onnx.safetensors");
    watch(HANG_SECONDS);
    int status = import_file(path, &request);
    watch(0);
    inv_claims_free(&claims);
    return status == 0;
}

int main(int argc, char **argv)
{
    static const char path[] = "fuzz_onnx.onnx";
    if (argc < 4) {
        fprintf(stderr, "usage: fuzz_onnx SECONDS SEED FILE...\n");
        return 2;
    }
    double seconds = atof(argv[1]);
    state = strtoull(argv[2], NULL, 10) * 2 + 1;
    struct seed *seed = calloc((size_t)argc, sizeof *seed);
    for (int i = 3; seed && i < argc; i++)
        seed[i - 3] = read_seed(argv[i]);
    if (!seed || !freopen("fuzz_onnx.said", "w", stderr))
        return 1;
    long runs = 0, good = 0;
    for (; time_left(seconds); runs++) {
        damage(&seed[draw((size_t)argc - 3)], path);
        good += import_damaged(path);
    }
    printf("fuzz_onnx: %ld inputs, %ld imported\n", runs, good);
    for (int i = 3; i < argc; i++)
        free(seed[i - 3].bytes);
    free(seed);
    unlink(path);
    unlink("fuzz_onnx.said");
    return 0;
}
