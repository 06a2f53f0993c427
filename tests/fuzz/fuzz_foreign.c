/* Mutation fuzzing of what reads arrays of other programs, to be built with ASan and UBSan:
 *     fuzz_foreign [SECONDS [SEED]]      of processor time
 * A state dict of PyTorch, a member of an NPZ file, a safetensors file and a zip file are damaged
 * and read; of what is still good every element is looked at.  Every outcome but a crash or a hang
 * is right.  The input at hand lies in fuzz_foreign.input, which stays behind after a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "build/zip.h"
#include "convert/foreign.h"
#include "draw.h"
#include "watch.h"

enum { ROOM = 1 << 12, EDITS = 6, HANG_SECONDS = 20, MANY = 1 << 16 };
enum seed { PICKLE, NPY, TENSORS, ZIP, SEEDS };

#define PICKLED                                                                               \
    "\x80\x02}q\x00(X\x02\x00\x00\x00wwq\x01" "ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07"   \
    "\x00\x00\x00storageq\x03" "ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x00" "0q\x05X\x03\x00"  \
    "\x00\x00"                                                                              \
    "cpuq\x06K\x06tq\x07QK\x00K\x02K\x03\x86q\x08K\x03K\x01\x86q\x09\x89"                       \
    "ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0dX\x01\x00\x00\x00nq\x0e}q\x0f(h\x01"     \
    "K\x07uu."
#define ARRAY                                                                                 \
    "\x93NUMPY\x01\x00\x3c\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n" \
    "abcdefghijklmnopqrstuvwx"
#define TENSOR                                                                                \
    "\x40\x00\x00\x00\x00\x00\x00\x00{\"a\":{\"dtype\":\"F16\",\"shape\":[2,3]," \
    "\"data_offsets\":[0,12]}}       "                                                           \
    "abcdefghijkl"

struct bytes { unsigned char at[ROOM]; size_t size; };

static struct bytes seed[SEEDS];
static const char path[] = "fuzz_foreign.input";

/* Puts up to four bytes, often ones that readers ask for, in the place of as many. */
static void edit(struct bytes *b)
{
    static const char codes[] =
        "}()]tRQqhusaebNKMJXcPK.\x80\x85\x86\x87\x8a\x88\x93\x94\x95\xff\x00\x01'<,";
    size_t at = draw((uint32_t)b->size + 1), gone = draw(5), added = draw(5);
    gone = gone < b->size - at ? gone : b->size - at;
    if (draw(40) == 0)
        b->size = at;
    if (at >= b->size || b->size - gone + added > ROOM)
        return;
    memmove(b->at + at + added, b->at + at + gone, b->size - at - gone);
    for (size_t i = 0; i < added; i++)
        b->at[at + i] = draw(3) ? (unsigned char)codes[draw(sizeof codes)]
                                : (unsigned char)draw(256);
    b->size += added - gone;
}

/* The seeds; of the zip file what the compiler itself writes. */
static void make_seeds(struct arena *arena)
{
    struct inv_errors errors = {.to = stderr};
    struct inv_output out;
    struct zip zip = {.out = &out, .arena = arena};
    seed[PICKLE].size = sizeof PICKLED - 1;
    memcpy(seed[PICKLE].at, PICKLED, seed[PICKLE].size);
    seed[NPY].size = sizeof ARRAY - 1;
    memcpy(seed[NPY].at, ARRAY, seed[NPY].size);
    seed[TENSORS].size = sizeof TENSOR - 1;
    memcpy(seed[TENSORS].at, TENSOR, seed[TENSORS].size);
    if (!inv_output_open(&out, path, &errors))
        exit(1);
    zip_add(&zip, "a/data.pkl", PICKLED, sizeof PICKLED - 1, false);
    zip_add(&zip, "a/data/0", "abcdefghijklmnopqrstuvwx", 24, false);
    if (!zip_end(&zip) || !inv_output_close(&out, NULL))
        exit(1);
    FILE *file = fopen(path, "rb");
    seed[ZIP].size = file ? fread(seed[ZIP].at, 1, ROOM, file) : 0;
    if (file)
        fclose(file);
}

static void keep(const struct bytes *b)
{
    if (!put_file(path, b->at, b->size))
        exit(1);
}

/* The bytes lie in memory of just their size, so that a sanitizer sees what is read behind them. */
static bool read_one(struct foreign *f, enum seed kind, const struct bytes *b)
{
    unsigned char *exact = malloc(b->size + !b->size), data[24] = {1};
    struct member member[] = {{"a/data.pkl", exact, b->size}, {"a/data/0", data, sizeof data},
                              {"x.npy", exact, b->size}};
    struct members all = {.member = member, .count = kind == NPY ? 3 : 2};
    double sum = 0;
    memcpy(exact, b->at, b->size);
    f->path = path;
    bool good = kind == PICKLE ? foreign_torch(f, &all, &member[0])
                : kind == NPY  ? foreign_npz(f, &all)
                               : foreign_read_bytes(f, path, exact, b->size);
    for (int i = 0; i < f->count && good; i++) {
        int64_t last = 0, count = 1;
        for (int k = 0; k < f->array[i].rank; k++) {
            count = count > MANY ? count : count * f->array[i].dim[k];
            last += (f->array[i].dim[k] - 1) * f->array[i].stride[k];
        }
        if (count > 0 && !f->array[i].why)
            sum += foreign_value(&f->array[i], 0) + foreign_value(&f->array[i], last);
    }
    volatile double seen = sum;
    (void)seen;
    free(exact);
    return good;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    state = state * 2 + 1;
    FILE *nowhere = fopen("/dev/null", "w");
    long runs = 0, read = 0;
    struct arena *arena = arena_new();
    if (!nowhere)
        return 1;
    printf("fuzz_foreign: seed %llu\n", (unsigned long long)state / 2);
    make_seeds(arena);
    for (int kind = 0; kind < SEEDS; kind++) {
        struct inv_errors errors = {.to = stderr};
        struct foreign f = {.arena = arena, .errors = &errors};
        if (!read_one(&f, (enum seed)kind, &seed[kind]) || f.count != 1) {
            printf("fuzz_foreign: seed %d is not read\n", kind);
            return 1;
        }
    }
    for (; time_left(seconds); runs++) {
        enum seed kind = (enum seed)draw(SEEDS);
        struct bytes b = seed[kind];
        struct inv_errors errors = {.to = nowhere};
        struct foreign f = {.arena = arena_new(), .errors = &errors};
        for (uint32_t i = 1 + draw(EDITS); i > 0; i--)
            edit(&b);
        keep(&b);
        watch(HANG_SECONDS);
        read += read_one(&f, kind, &b);
        watch(0);
        arena_free(f.arena);
    }
    printf("fuzz_foreign: %ld inputs, %ld read\n", runs, read);
    arena_free(arena);
    fclose(nowhere);
    unlink(path);
    return 0;
}
