/* Mutation fuzzing of what trainers read, to be built with ASan and UBSan:
 *     fuzz_data [SECONDS [SEED [FORMAT]]]     of processor time; SEED 0: any; FORMAT: one alone
 * Good files of every format are damaged and read; every outcome but a crash, a leak or a hang is
 * right.  The input at hand lies in fuzz_data.input, which stays behind after a crash. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "../unit/fake_model.h"
#include "../unit/make_zip.h"
#include "core/exact.h"
#include "cuda/library/library.h"
#include "host/array.h"
#include "host/characters.h"
#include "host/checkpoint_file.h"
#include "host/dataset.h"
#include "host/fields.h"
#include "host/missing.h"
#include "host/row_file.h"
#include "host/safetensors.h"
#include "host/series.h"
#include "host/statement.h"
#include "draw.h"
#include "watch.h"

enum { INPUT_BYTES = 1 << 14, EDITS = 6, HANG_SECONDS = 20 };
enum format { CSV, CSV_GZIP, JSON_LINES, IDX, NPY, CIFAR, NPZ, WEIGHTS, NAMES, PNG, JPEG, RECEIPT,
              CHECKPOINT, ROWS, LOCK, TEXT, RAW, WAV, FORMATS };

struct input {
    size_t size;
    unsigned char data[INPUT_BYTES];
};

static struct input seed[FORMATS];
static const char path[] = "fuzz_data.input";
static unsigned char arena[FAKE_ARENA] __attribute__((aligned(64)));

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_data: %s\n", what);
    exit(1);
}

static void write_file(const char *name, const struct input *input)
{
    if (!put_file(name, input->data, input->size))
        fail("cannot write its input");
}

static void read_file(struct input *input, const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        fail("cannot read its seed");
    input->size = fread(input->data, 1, INPUT_BYTES, file);
    fclose(file);
}

/* ---- good files ---- */

static void add(struct input *input, const void *bytes, size_t count)
{
    memcpy(input->data + input->size, bytes, count);
    input->size += count;
}

static void make_csv(void)
{
    char line[64];
    add(&seed[CSV], "a,b,c\n", 6);
    for (int i = 0; i < 40; i++)
        add(&seed[CSV], line,
            (size_t)snprintf(line, sizeof line, "%d.5,\"%de-1\",-%d\r\n", i, i, i));
    gzFile file = gzopen(path, "wb");
    if (!file || gzwrite(file, seed[CSV].data, (unsigned)seed[CSV].size) <= 0 ||
        gzclose(file) != Z_OK)
        fail("cannot write its seed");
    read_file(&seed[CSV_GZIP], path);
}

static void make_lines(void)
{
    char line[64];
    for (int i = 0; i < 40; i++)
        add(&seed[JSON_LINES], line,
            (size_t)snprintf(line, sizeof line, "{\"a\":%d.5,\"c\": \"-\\u003%d\",\"b\":null}\n", i,
                             i % 10));
}

static void make_arrays(void)
{
    static const unsigned char idx[] = { 0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2 };
    static const char npy[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }\n";
    static const unsigned char head[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, sizeof npy - 1, 0 };
    static const float cells[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    add(&seed[IDX], idx, sizeof idx);
    add(&seed[IDX], "abcdefghijklmnop", 16);
    add(&seed[NPY], head, sizeof head);
    add(&seed[NPY], npy, sizeof npy - 1);
    add(&seed[NPY], cells, sizeof cells);
    for (int i = 0; i < 2 * 3074; i++)
        add(&seed[CIFAR], &(unsigned char){ (unsigned char)(i % 251) }, 1);
}

/* Lines of one to four bytes a character; numbers of as many. */
static void make_texts(void)
{
    static const char text[] =
        "anna\r\n\njos\xc3\xa9\n\xe4\xb8\xad\xe2\x82\xac\n\xf0\x9f\x98\x80 end";
    add(&seed[TEXT], text, sizeof text - 1);
    for (uint32_t i = 0; i < 24; i++)
        add(&seed[RAW], &(uint32_t){ i * 0x01020408u }, 4);
}

static void make_archive(void)
{
    struct bytes zip = { .count = 0 }, list = { .count = 0 };
    struct bytes a = npy((const unsigned char *)"abcdefgh", 8);
    add_member(&zip, &list, "a.npy", &a, 0);
    add_member(&zip, &list, "b.npy", &a, DEFLATED | ZIP64);
    end_zip(&zip, &list, 2, ZIP64);
    add(&seed[NPZ], zip.at, zip.count);
}

static void make_weights(const struct inv_model *model)
{
    struct inv_errors errors = { .to = stderr };
    char digest[65];
    if (!inv_safetensors_save(model, arena, path, &errors, digest))
        fail("cannot write its seed");
    read_file(&seed[WEIGHTS], path);
}

static void make_names(void)
{
    static const char text[] =
        "{\"fields\": {\"x\": {\"columns\": [\"a\", \"b \\u00e4\\ud83d\\ude00\\n\"]},\n"
        "  \"y\": {\"columns\": [\"c\"], \"classes\": []}}, \"weights\": \"00\"}\n";
    add(&seed[NAMES], text, sizeof text - 1);
}

/* Those that suite cases has, of 13 x 19 pixels. */
static void make_picture(enum format format)
{
    const char *const all = INVAR_SOURCE_DIR "/tests/cases/image-files/all/";
    char pattern[1024];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s*.%s", all, format == PNG ? "png" : "jpg");
    if (glob(pattern, 0, NULL, &found))
        fail("finds no images");
    read_file(&seed[format], found.gl_pathv[draw(found.gl_pathc)]);
    globfree(&found);
}

/* Five frames of two channels, behind a chunk of an odd size. */
static void make_sound(void)
{
    static const char head[] = "RIFF\x44\0\0\0WAVELIST\3\0\0\0abc\0fmt \x10\0\0\0\1\0\2\0"
                               "\x40\x1f\0\0\0\x7d\0\0\4\0\x10\0data\x14\0\0\0";
    add(&seed[WAV], head, sizeof head - 1);
    add(&seed[WAV], "abcdefghijklmnopqrst", 20);
}

/* Of 3 steps. */
static void make_receipt(void)
{
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char text[] =
        "{\"_type\": \"" INV_STATEMENT_TYPE "\",\n"
        " \"subject\": [{\"name\": \"w\", \"digest\": {\"sha256\": \"" HASH "\"}}],\n"
        " \"predicateType\": \"" INV_RECEIPT_PREDICATE "\", \"predicate\": {\n"
        " \"buildDefinition\": {\"buildType\": \"" INV_RECEIPT_BUILD "\",\n"
        "  \"externalParameters\": {\"model\": \"m.inv\", \"train\": \"m\",\n"
        "   \"define\": [\"a=1\"], \"target\": \"c\", \"kernels\": \"exact\",\n"
        "   \"seed\": \"42\", \"steps\": 3, \"onNan\": \"stop\"},\n"
        "  \"internalParameters\": {\"numerics\": 1}, \"resolvedDependencies\": [\n"
        "   {\"name\": \"m.inv\", \"digest\": {\"invarModel\": \"" HASH "\"},\n"
        "    \"annotations\": {\"kind\": \"model\"}},\n"
        "   {\"name\": \"d.csv\", \"digest\": {\"sha256\": \"" HASH "\"},\n"
        "    \"annotations\": {\"kind\": \"data\"}}]},\n"
        " \"runDetails\": {\"builder\": {\"id\": \"" INV_RECEIPT_BUILDER "\"}, \"metadata\": {\n"
        "  \"startedOn\": \"2026-01-31T12:00:00Z\", \"finishedOn\": \"2026-01-31T12:00:00Z\"},\n"
        "  \"byproducts\": [{\"name\": \"chain\", \"digest\": {\"sha256\": \"" HASH "\"},\n"
        "  \"annotations\": {\"format\": \"" INV_CHAIN_FORMAT "\", \"start\": \"" HASH "\",\n"
        "   \"steps\": 3, \"skipped\": 0, \"every\": 1,\n"
        "   \"links\": \"0011223344556677" "01234567\",\n"
        "   \"marks\": [{\"steps\": 3, \"weights\": \"" HASH "\", \"link\": \"" HASH "\"}]}},\n"
        "   {\"name\": \"metrics\", \"uri\": \"" INV_RECEIPT_METRICS "\",\n"
        "    \"annotations\": {\"loss\": 1}}]}}}\n";
    add(&seed[RECEIPT], text, sizeof text - 1);
}

/* A run that checkpoints are of, in an epoch of 15 steps. */
struct run {
    struct inv_session s;
    struct inv_order order;
    struct inv_pass pass;
    struct inv_watch watch;
    struct inv_checkpoint c;
};

static void begin_run(struct run *r, const struct inv_model *model)
{
    static int64_t sums[4 * INV_EXACT_WORDS];
    static unsigned char kept[28];
    static char parts[] = "11";
    *r = (struct run){ .s = { .model = model, .run = { .arena = arena } },
        .order = { .rows = 60, .batch = FAKE_BATCH, .per_epoch = 15 }, .pass = { .sum = sums },
        .watch = { .kept = kept } };
    r->s.data.fitted.parts = parts;
    r->s.options.resume_anyway = (int)draw(2);
    r->s.options.receipt = draw(2) ? "r" : NULL;
    r->s.receipt.chain.every = 1;
    r->s.receipt.chain.prefix = inv_allocate(31 * sizeof *r->s.receipt.chain.prefix);
    r->c = (struct inv_checkpoint){ .s = &r->s, .order = &r->order, .pass = &r->pass,
                                    .watch = &r->watch, .steps = 30 };
}

static void make_checkpoint(const struct inv_model *model)
{
    struct run r;
    struct inv_errors errors = { .to = stderr };
    begin_run(&r, model);
    r.s.options.receipt = "r";
    r.s.receipt.chain.prefixes = 17;
    if (!inv_snapshot_write(inv_checkpoint_copy(&r.c, 17), path, 0, &errors))
        fail("cannot write its seed");
    inv_chain_free(&r.s.receipt.chain);
    read_file(&seed[CHECKPOINT], path);
}

/* ---- row files ---- */

static const char table[] = "fuzz_data.csv"; /* what their rows are read from */

/* A data set of that table whose rows lie at `path`. */
struct rows {
    struct inv_model model;
    struct inv_file file;
    struct inv_dataset data;
    struct inv_row_place place;
    struct inv_run run;
};

static void begin_rows(struct rows *r, const struct inv_model *model, struct inv_errors *errors)
{
    int fields = model->data.field_count;
    *r = (struct rows){ .model = *model, .file = { "", table, INV_CSV, INV_F32, 0, { 0 }, NULL },
        .run = { .arena = arena } };
    r->model.data.file = &r->file;
    r->model.data.rows_key = "key";
    r->data = (struct inv_dataset){ .model = &r->model, .errors = errors, .rows_given = path,
        .rows_memory = draw(2) ? 1 : 0 };
    if (inv_row_place_find(&r->data, &r->place) <= 0)
        fail("finds no place for rows");
    r->data.value = inv_allocate((size_t)fields * sizeof *r->data.value);
    r->data.bytes = inv_allocate((size_t)fields * sizeof *r->data.bytes);
    r->data.step = inv_allocate((size_t)fields * sizeof *r->data.step);
    r->data.hash = inv_allocate(2 * sizeof *r->data.hash);
    inv_fitted_begin(&r->data.fitted, fields);
    r->data.bytes[0] = 8;
    r->data.bytes[1] = 4;
}

static void end_rows(struct rows *r)
{
    inv_row_place_free(&r->place);
    inv_dataset_free(&r->data);
}

static int load_rows(const struct inv_model *model, struct inv_errors *errors)
{
    static const int32_t row[] = { 0, 1, 2 };
    struct rows r;
    begin_rows(&r, model, errors);
    int good = inv_row_file_open(&r.data, &r.place) > 0;
    if (good && r.data.rows > 2) {
        inv_dataset_gather(&r.data, &r.run, row, 1, &(struct inv_row_ahead){ .rest = 2 });
        inv_dataset_gather(&r.data, &r.run, row + 1, 2, NULL);
    }
    end_rows(&r);
    return good;
}

static void make_rows(const struct inv_model *model)
{
    struct inv_errors errors = { .to = fopen("/dev/null", "w") };
    struct rows r;
    write_file(table, &seed[CSV]);
    remove(path);
    begin_rows(&r, model, &errors);
    free(r.data.value), free(r.data.bytes), free(r.data.step), free(r.data.hash);
    inv_fitted_free(&r.data.fitted, model->data.field_count);
    if (!inv_dataset_load(&r.data, &r.run))
        fail("cannot write its seed");
    end_rows(&r);
    read_file(&seed[ROWS], path);
    if (!load_rows(model, &errors))
        fail("its row file is none");
    fclose(errors.to);
}

/* Gives a damaged row file the hashes that it should have. */
static void mend_rows(struct input *input)
{
    enum { FIRST = 4096, COUNT = 80, BYTES = 88, OF_ROWS = 104, OF_ALL = 136 };
    int64_t rows, bytes;
    struct inv_sha256 sha;
    memcpy(&rows, input->data + COUNT, sizeof rows);
    memcpy(&bytes, input->data + BYTES, sizeof bytes);
    if (input->size < FIRST || rows < 0 || bytes < 0 || rows > INPUT_BYTES || bytes > INPUT_BYTES
        || (size_t)(rows * bytes) > input->size - FIRST)
        return;
    size_t tail = FIRST + (size_t)(rows * bytes);
    int64_t left = (int64_t)(input->size - tail);
    memcpy(input->data + BYTES + 8, &left, sizeof left);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, input->data + FIRST, tail - FIRST);
    inv_sha256_final(&sha, input->data + OF_ROWS);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, input->data, OF_ALL);
    inv_sha256_update(&sha, input->data + tail, input->size - tail);
    inv_sha256_final(&sha, input->data + OF_ALL);
}

/* Nothing of the zeros between head and rows is changed. */
static void edit_rows(struct input *input)
{
    size_t at = draw(2) ? draw(168) : 4096 + draw(input->size - 4096);
    if (at < input->size)
        input->data[at] = (unsigned char)(draw(2) ? draw(256) : input->data[at] ^ 1u << draw(8));
    if (draw(8) == 0)
        input->size -= draw(32);
}

/* ---- locks ---- */

static int64_t lock_version(void *none)
{
    (void)none;
    return 130100;
}

static int lock_propose(void *none, const struct inv_contraction *c, struct inv_candidate *list)
{
    (void)none, (void)c;
    *list = (struct inv_candidate){ .text = "algorithm 21 tile 20", .config = { 21, 20 } };
    return 1;
}

static void lock_examine(void *none, const struct inv_contraction *c, struct inv_candidate *one)
{
    (void)none, (void)c;
    one->traits = one->config[0] == 21 ? 0 : INV_UNTOLD;
}

/* Opens the lock that lies there and asks for a contraction; one that it has not goes into it. */
static void load_lock(struct inv_errors *errors)
{
    static const struct inv_library_type type = { .name = "cublasLt", .version = lock_version,
        .propose = lock_propose, .examine = lock_examine };
    static const struct inv_machine machine = { "Some GPU", "sm_90", 132 };
    static const struct inv_contraction contraction = {
        1, 32, 128, 64, { 512, 0, 64, 1 }, { 1024, 0, 1, 128 }
    };
    struct inv_candidate candidate;
    struct inv_library *lock = inv_library_open(&type, NULL, &machine, path, 0, errors);
    if (!lock)
        return;
    inv_library_choose(lock, &contraction, &candidate);
    inv_library_close(lock);
}

static void make_lock(void)
{
    remove(path);
    load_lock(&(struct inv_errors){ .to = stderr });
    read_file(&seed[LOCK], path);
}

/* ---- damage ---- */

static void edit(struct input *input)
{
    size_t at = draw(input->size), from = draw(input->size), length = 1 + draw(16);
    if (input->size < 32 || at + length > input->size || from + length > input->size)
        return;
    switch (draw(6)) {
    case 0: input->data[at] = (unsigned char)draw(256); break;
    case 1: input->data[at] ^= (unsigned char)(1u << draw(8)); break;
    case 2: input->size = at; break;
    case 3: memmove(input->data + at, input->data + from, length); break;
    case 4:
        memmove(input->data + at, input->data + at + length, input->size - at - length);
        input->size -= length;
        break;
    default:
        if (input->size + length > INPUT_BYTES)
            break;
        memmove(input->data + at + length, input->data + at, input->size - at);
        input->size += length;
    }
}

/* Gives a damaged checkpoint the hash that it should have, so that its reader is reached. */
static void mend_hash(struct input *input)
{
    static const char key[] = "\"sha256\":\"";
    struct inv_sha256 sha;
    uint8_t bytes[32];
    char digest[65];
    unsigned char *at = memmem(input->data, input->size, key, sizeof key - 1);
    if (!at || (size_t)(at - input->data) + sizeof key - 1 + 64 > input->size)
        return;
    at += sizeof key - 1;
    memset(at, '0', 64);
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, input->data, input->size);
    inv_sha256_final(&sha, bytes);
    inv_sha256_hex(bytes, digest);
    memcpy(at, digest, 64);
}

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Gives the chunks of a damaged PNG the sums that they should have. */
static void mend_png(struct input *input)
{
    for (size_t at = 8; at + 12 <= input->size;) {
        size_t length = big_endian(input->data + at);
        if (length > input->size - at - 12)
            return;
        uLong sum = crc32(0, input->data + at + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            input->data[at + 8 + length + (size_t)i] = (unsigned char)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}

/* ---- reading ---- */

/* The table as a model would have it that says other things of its files. */
static void load_table(const struct inv_model *model, struct inv_errors *errors)
{
    static const char *const na[] = { "1.5", "-3" };
    struct inv_model other = *model;
    struct inv_field field[2] = { model->data.field[0], model->data.field[1] };
    struct inv_run run = { .arena = arena };
    struct inv_dataset data = { .model = &other, .errors = errors, .given = ".", .seed = 1 };
    field[0].missing = (enum inv_missing)draw(INV_MISSING_MEDIAN + 1);
    field[0].fill = FAKE_MEAN;
    field[1].form = draw(4) ? INV_CELL_NUMBER : (enum inv_cell_form)draw(INV_CELL_DAY_OF_YEAR + 1);
    other.data.field = field;
    other.data.delimiter = ",,,;\t"[draw(6)];
    other.data.comment = (char)(draw(3) ? 0 : '#');
    other.data.skip = draw(3);
    other.data.header = (int)draw(3) - 1;
    other.data.na_count = draw(3) ? -1 : 2;
    other.data.na = na;
    if (inv_dataset_load(&data, &run) && inv_missing_fit(&data, arena))
        inv_missing_fill(&data, arena);
    inv_dataset_free(&data);
}

static void load_array(enum inv_source_kind kind, const char *member, struct inv_errors *errors)
{
    struct inv_file file = { .kind = kind, .member = member };
    struct inv_array a;
    if (inv_array_open(&a, &file, path, 0, NULL, errors) && a.row_cells < 1 << 20) {
        enum inv_dtype dtype = draw(2) ? INV_F32 : INV_I32;
        void *row = inv_allocate((size_t)a.row_cells * 4);
        for (int i = 0; i < 1000 && inv_array_next(&a, dtype, row) > 0; i++)
            continue;
        free(row);
    }
    inv_array_close(&a, NULL);
}

/* Characters in windows of 5, or 6 of each line from its second on; they are the text's own or,
 * sometimes, those of the good one. */
static void load_text(struct inv_errors *errors)
{
    struct inv_file file = { .kind = draw(2) ? INV_FILE_TEXT : INV_FILE_LINES };
    struct inv_series s;
    int32_t row[6];
    int lines = file.kind == INV_FILE_LINES;
    const int64_t dim[] = { lines ? 6 : 5 };
    int good = inv_series_open(&s, &file, 0, path, 1, dim, errors);
    s.line_from = 1;
    s.line_reach = lines ? 7 : 0;
    for (size_t at = 0; good && draw(4) == 0 && at < seed[TEXT].size;) {
        char text[INV_CHARACTER];
        at += (size_t)inv_character_of((const char *)seed[TEXT].data + at, seed[TEXT].size - at,
                                       text);
        inv_names_add(&s.characters, text);
    }
    good = good && (s.characters.count > 0 ||
                    inv_characters_collect(&s.paths, lines, &s.characters, errors));
    if (good)
        inv_series_read_characters(&s);
    for (int i = 0; good && i < 1000 && inv_series_next(&s, INV_I32, row) > 0; i++)
        for (int k = 0; k < dim[0]; k++)
            if (row[k] < 0 || row[k] >= s.characters.count)
                fail("a character has a number that is none");
    inv_series_close(&s, NULL, NULL);
}

/* Bytes without a header: one of three kinds of tokens, or numbers. */
static void load_raw(struct inv_errors *errors)
{
    static const enum inv_source_kind kinds[] = { INV_TOKENS_U8, INV_TOKENS_U16, INV_TOKENS_U32,
                                                  INV_FILE_RAW };
    struct inv_file file = { .kind = kinds[draw(4)], .dtype = draw(2) ? INV_F32 : INV_I32 };
    const int64_t dim[] = { 1 + draw(3), 2 };
    int32_t row[6];
    struct inv_array a;
    if (inv_array_open(&a, &file, path, 2, dim, errors))
        while (inv_array_next(&a, file.dtype, row) > 0)
            continue;
    inv_array_close(&a, NULL);
}

/* An array as a table. */
static void load_records(struct inv_errors *errors)
{
    struct inv_dialect dialect = { .delimiter = ',', .decimal = draw(2) ? '.' : ',' };
    struct inv_csv csv;
    if (inv_csv_open(&csv, path, &dialect, errors))
        for (int i = 0; i < 1000 && inv_csv_next(&csv) > 0; i++)
            continue;
    inv_csv_close(&csv, NULL);
}

/* Names for the weights in the file fuzz_data, which is not there. */
static void load_names(const struct inv_model *model, const struct input *input,
                       struct inv_errors *errors)
{
    struct inv_fitted fitted = { .known = 0 };
    char *beside = inv_fields_path("fuzz_data");
    write_file(beside, input);
    inv_fields_load(model, &fitted, "fuzz_data", errors);
    inv_fitted_free(&fitted, model->data.field_count);
    remove(beside);
    free(beside);
}

/* Twice: the second time as the file that was read last. */
static void read_named(const struct inv_reader *reader, int64_t first,
                       const struct inv_field *field, const int64_t *dim, float *to,
                       struct inv_errors *errors)
{
    struct inv_named named = { .where = "", .first = first };
    for (int i = 0; i < 2; i++)
        reader->read(&named, path, field, dim, to, errors);
    free(named.path);
    free(named.bytes);
}

static void load_picture(struct inv_errors *errors)
{
    const int64_t dim[] = { 13, 19, (int64_t[]){ 1, 3, 4 }[draw(3)] };
    float to[13 * 19 * 4];
    char *text = NULL;
    if (inv_images.list(path, &text, 0, errors) >= 0)
        read_named(&inv_images, 0, NULL, dim, to, errors);
    free(text);
}

/* Of a size that the good one has, or another. */
static void load_sound(struct inv_errors *errors)
{
    struct inv_field field = { .sound = { .samples = draw(2) ? 5 : 1 + draw(9), .rate = 8000,
        .channels = (int)draw(2) + 1, .fill = draw(2) != 0, .cut = draw(2) != 0,
        .pieces = draw(2) != 0 } };
    float to[9 * 2];
    char *text = NULL;
    if (inv_sounds.list(path, &text, 0, errors) >= 0)
        read_named(&inv_sounds, field.sound.pieces ? draw(8) : 0, &field, &field.sound.samples, to,
                   errors);
    free(text);
}

static int load_receipt(struct inv_errors *errors)
{
    struct inv_statement said;
    int good = inv_statement_read(&said, path, errors);
    inv_statement_free(&said);
    return good;
}

static void load_checkpoint(const struct inv_model *model, struct inv_errors *errors)
{
    struct run r;
    int64_t step;
    FILE *file = fopen(path, "rb");
    begin_run(&r, model);
    r.s.errors = *errors;
    char *why = inv_checkpoint_damage(file);
    if (!why)
        inv_checkpoint_read(&r.c, path, file, &step);
    free(why);
    inv_chain_free(&r.s.receipt.chain);
    fclose(file);
}

/* The file at `path`, whose bytes are the input. */
static void load(enum format format, const struct inv_model *model, const struct input *input,
                 struct inv_errors *errors)
{
    switch (format) {
    case IDX: load_array(INV_IDX, NULL, errors); break;
    case NPY: draw(2) ? load_records(errors) : load_array(INV_NPY, NULL, errors); break;
    case CIFAR:
        load_array(draw(2) ? INV_CIFAR10 : INV_CIFAR100, draw(2) ? "image" : "label", errors);
        break;
    case NPZ: load_array(INV_NPZ, draw(2) ? "a" : "b", errors); break;
    case PNG: case JPEG: load_picture(errors); break;
    case WAV: load_sound(errors); break;
    case RECEIPT: load_receipt(errors); break;
    case CHECKPOINT: load_checkpoint(model, errors); break;
    case ROWS: load_rows(model, errors); break;
    case LOCK: load_lock(errors); break;
    case TEXT: load_text(errors); break;
    case RAW: load_raw(errors); break;
    case NAMES: load_names(model, input, errors); break;
    case WEIGHTS:
        if (draw(2))
            load_array(INV_SAFETENSORS, model->variable[FAKE_W].path, errors);
        else
            inv_safetensors_load(model, arena, path, "", errors);
        break;
    default: load_table(model, errors);
    }
}

static void run_one(enum format format, const struct inv_model *model, FILE *nowhere)
{
    struct inv_errors errors = { .to = nowhere };
    if (format == PNG || format == JPEG)
        make_picture(format);
    struct input input = seed[format];
    for (uint32_t edits = 1 + draw(EDITS); edits > 0; edits--)
        (format == ROWS ? edit_rows : edit)(&input);
    if (format == ROWS && draw(8))
        mend_rows(&input);
    if (format == CHECKPOINT && draw(4))
        mend_hash(&input);
    if (format == PNG && draw(4))
        mend_png(&input);
    write_file(path, &input);
    watch(HANG_SECONDS);
    load(format, model, &input, &errors);
}

static enum format format_named(const char *name)
{
    static const char *const names[FORMATS] = { "csv", "csv.gz", "jsonl", "idx", "npy", "cifar",
        "npz", "weights", "names", "png", "jpeg", "receipt", "checkpoint", "rows", "lock", "text",
        "raw", "wav" };
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum format)i;
    fail("knows no such format");
    return FORMATS;
}

int main(int argc, char **argv)
{
    static const struct inv_file files[] = { { "", path, INV_CSV, INV_F32, 0, { 0 }, NULL } };
    struct inv_model model = fake_model();
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    enum format only = argc > 3 ? format_named(argv[3]) : FORMATS;
    state = argc > 2 && atoi(argv[2]) ? strtoull(argv[2], NULL, 10) | 1
                                      : (uint64_t)time(NULL) << 16 | 1;
    model.data.file = files;
    FILE *nowhere = fopen("/dev/null", "w");
    printf("fuzz_data: seed %llu\n", (unsigned long long)state);
    fflush(stdout);
    make_csv();
    make_lines();
    make_arrays();
    make_texts();
    make_sound();
    make_archive();
    make_weights(&model);
    make_names();
    make_checkpoint(&model);
    make_receipt();
    make_rows(&model);
    make_lock();
    write_file(path, &seed[RECEIPT]);
    if (!load_receipt(&(struct inv_errors){ .to = stderr }))
        fail("its receipt is none");
    long runs = 0;
    for (; time_left(seconds); runs++)
        run_one(only < FORMATS ? only : (enum format)draw(FORMATS), &model, nowhere);
    fclose(nowhere);
    remove(path);
    remove(table);
    printf("fuzz_data: %ld inputs\n", runs);
    return 0;
}
