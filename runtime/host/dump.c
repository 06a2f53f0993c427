/* A training batch as the model sees it: the images side by side, each that is augmented behind
 * what it was, and the hash of the values. */
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "png.h"
#include "session.h"
#include "variable.h"

enum { MARGIN = 1, GAP = 4 };           /* pixels around each picture; more between pairs */

struct sheet {
    int64_t height, width, channels;    /* of one picture */
    int64_t group;                      /* pictures of a row: 2 before and after, or 1 */
    int64_t across, down;               /* pictures; across is a multiple of group */
    int64_t line;                       /* bytes of a line of the sheet */
    float low, high, scale;             /* byte = (x - low) * scale */
    unsigned char *pixel;
};

/* Widens low..high, from infinity..-infinity, to hold x; scale is that of the whole. */
static void set_scale(struct sheet *sheet, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        sheet->low = inv_min(sheet->low, x[i]);
        sheet->high = inv_max(sheet->high, x[i]);
    }
    sheet->scale = sheet->high > sheet->low
        ? inv_div(255.0f, inv_sub(sheet->high, sheet->low)) : 0.0f;
}

/* Pixels to the left of a picture of that column. */
static int64_t left_of(const struct sheet *sheet, int64_t column)
{
    int64_t gap = sheet->group > 1 ? GAP : 0;
    return column * (sheet->width + MARGIN) + MARGIN + column / sheet->group * gap;
}

static void draw(struct sheet *sheet, int64_t number, const float *x)
{
    int64_t top = number / sheet->across * (sheet->height + MARGIN) + MARGIN;
    int64_t left = left_of(sheet, number % sheet->across);
    int64_t count = sheet->width * sheet->channels;
    for (int64_t y = 0; y < sheet->height; y++, x += count) {
        unsigned char *to = sheet->pixel + (top + y) * sheet->line + left * sheet->channels;
        for (int64_t i = 0; i < count; i++) {
            float level = inv_mul(inv_sub(x[i], sheet->low), sheet->scale);
            to[i] = (unsigned char)(int)inv_min(inv_add(level, 0.5f), 255.0f);
        }
    }
}

static int save(struct inv_session *s, const struct sheet *sheet, const char *path)
{
    struct inv_output out;
    char digest[65];
    if (!inv_output_open(&out, path, &s->errors))
        return 0;
    inv_png_write(&out, sheet->pixel, (uint32_t)(sheet->line / sheet->channels),
                  (uint32_t)(sheet->down * (sheet->height + MARGIN) + MARGIN),
                  (int)sheet->channels);
    if (!inv_output_close(&out, digest))
        return 0;
    fprintf(s->out, "sha256 %s %s\n", digest, path);
    return 1;
}

/* The size of a sheet of so many rows, about as many pictures across as down, and its pixels. */
static void lay_out(struct sheet *sheet, int64_t rows)
{
    sheet->across = sheet->group;
    while (sheet->across * sheet->across < rows * sheet->group)
        sheet->across += sheet->group;
    sheet->down = (rows * sheet->group + sheet->across - 1) / sheet->across;
    int64_t width = left_of(sheet, sheet->across - 1) + sheet->width + MARGIN;
    sheet->line = width * sheet->channels;
    size_t bytes = (size_t)(sheet->line * (sheet->down * (sheet->height + MARGIN) + MARGIN));
    sheet->pixel = inv_allocate(bytes);
    memset(sheet->pixel, 128, bytes);
}

/* dim of the variable is [b, h, w, c]; before: the values not augmented, or NULL where they are the
 * same. */
static int draw_field(struct inv_session *s, const struct inv_variable *v, const float *before,
                      const char *path)
{
    int64_t rows = s->run.rows, cells = inv_variable_elements(v);
    const float *x = (const float *)(const void *)(s->run.arena + v->offset);
    struct sheet sheet = { .height = v->dim[v->rank - 3], .width = v->dim[v->rank - 2],
                           .channels = v->dim[v->rank - 1], .group = before ? 2 : 1,
                           .low = INV_INFINITY, .high = -INV_INFINITY };
    lay_out(&sheet, rows);
    set_scale(&sheet, x, rows * cells);
    if (before)
        set_scale(&sheet, before, rows * cells);
    for (int64_t i = 0; i < rows; i++) {
        if (before)
            draw(&sheet, 2 * i, before + i * cells);
        draw(&sheet, sheet.group * (i + 1) - 1, x + i * cells);
    }
    int ok = save(s, &sheet, path);
    free(sheet.pixel);
    return ok;
}

/* SHA-256 of a field's values of this batch, little-endian, NaN as 0x7fc00000. */
static void print_hash(struct inv_session *s, const struct inv_field *field, const char *of)
{
    const struct inv_variable *v = &s->model->variable[field->input];
    struct inv_sha256 sha;
    uint8_t digest[32], byte[4];
    char text[65];
    inv_sha256_init(&sha);
    for (int64_t i = 0; i < s->run.rows * inv_variable_elements(v); i++) {
        uint32_t bits;
        memcpy(&bits, s->run.arena + v->offset + i * 4, sizeof bits);
        if (v->dtype == INV_F32)
            bits = inv_bits(inv_canonical(inv_from_bits(bits)));
        for (int b = 0; b < 4; b++)
            byte[b] = (uint8_t)(bits >> (8 * b));
        inv_sha256_update(&sha, byte, 4);
    }
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, text);
    fprintf(s->out, "batch %s  %s  %lld rows  values sha256 %s\n", of, field->name,
            (long long)s->run.rows, text);
}

/* What a field's values are in this batch, in new memory. */
static float *copy_of(const struct inv_session *s, const struct inv_variable *v)
{
    size_t bytes = (size_t)s->run.rows * inv_variable_bytes(v);
    return memcpy(inv_allocate(bytes), s->run.arena + v->offset, bytes);
}

/* Whether augmentation changed the values of an image. */
static int is_changed(const struct inv_session *s, const struct inv_variable *v,
                      const float *before)
{
    size_t bytes = (size_t)s->run.rows * inv_variable_bytes(v);
    return memcmp(before, s->run.arena + v->offset, bytes) != 0;
}

/* before: of each field the values not augmented, NULL where it is no image. */
static int dump_fields(struct inv_session *s, float *const *before, int64_t shard)
{
    int images = 0, ok = 1;
    char *of = s->model->shards > 1 ? inv_text("%d-shard-%lld", s->run.step, (long long)shard)
                                : inv_text("%d", s->run.step);
    for (int f = 0; f < s->model->data.field_count && ok; f++) {
        const struct inv_field *field = &s->model->data.field[f];
        const struct inv_variable *v = &s->model->variable[field->input];
        print_hash(s, field, of);
        if (!field->image)
            continue;
        char *path = images++ == 0 ? inv_text("%s-batch-%s.png", s->model->name, of)
                                   : inv_text("%s-batch-%s-%s.png", s->model->name, of,
                                              field->name);
        ok = inv_claims_output(&s->claims, "--dump-batch", path) &&
             inv_output_replaces("--dump-batch", path, &inv_png_sign, &s->errors) &&
             draw_field(s, v, is_changed(s, v, before[f]) ? before[f] : NULL, path);
        free(path);
    }
    free(of);
    if (images == 0)
        fprintf(s->out, "no picture: no field has shape [height, width, 1, 3 or 4 channels]\n");
    return ok ? INV_OK : INV_BAD_DATA;
}

static int dump_shard(struct inv_session *s, struct inv_order *order, int64_t step, int64_t shard)
{
    const struct inv_data *data = &s->model->data;
    float **before = inv_allocate((size_t)data->field_count * sizeof *before);
    inv_order_gather(s, order, step, shard);
    for (int f = 0; f < data->field_count; f++)
        before[f] = data->field[f].image
            ? copy_of(s, &s->model->variable[data->field[f].input]) : NULL;
    int status = INV_OK;
    if (s->run.rows > 0) {
        inv_device_phase(s->model, &s->run, INV_AUGMENT);
        status = dump_fields(s, before, shard);
    }
    for (int f = 0; f < data->field_count; f++)
        free(before[f]);
    free(before);
    return status;
}

int inv_dump(struct inv_session *s, int64_t step)
{
    struct inv_order order;
    inv_order_begin(s, &order);
    int status = INV_OK;
    for (int64_t shard = 0; shard < order.shards && status == INV_OK; shard++)
        status = dump_shard(s, &order, step, shard);
    inv_order_free(&order);
    return status;
}
