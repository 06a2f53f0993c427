/* A training batch as the model sees it: the images side by side, and the hash of the values. */
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "png.h"
#include "session.h"
#include "variable.h"

enum { MARGIN = 1 };                    /* pixels around each picture */

struct sheet {
    int64_t height, width, channels;    /* of one picture */
    int64_t across, down;               /* pictures */
    int64_t line;                       /* bytes of a line of the sheet */
    float low, scale;                   /* byte = (x - low) * scale */
    unsigned char *pixel;
};

static void set_scale(struct sheet *sheet, const float *x, int64_t count)
{
    float low = x[0], high = x[0];
    for (int64_t i = 1; i < count; i++) {
        low = inv_min(low, x[i]);
        high = inv_max(high, x[i]);
    }
    sheet->low = low;
    sheet->scale = high > low ? inv_div(255.0f, inv_sub(high, low)) : 0.0f;
}

static void draw(struct sheet *sheet, int64_t number, const float *x)
{
    int64_t top = number / sheet->across * (sheet->height + MARGIN) + MARGIN;
    int64_t left = number % sheet->across * (sheet->width + MARGIN) + MARGIN;
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

/* dim of the variable is [b, h, w, c]. */
static int draw_field(struct inv_session *s, const struct inv_variable *v, const char *path)
{
    int64_t rows = s->run.rows, cells = inv_variable_elements(v);
    const float *x = (const float *)(const void *)(s->run.arena + v->offset);
    struct sheet sheet = { .height = v->dim[v->rank - 3], .width = v->dim[v->rank - 2],
                           .channels = v->dim[v->rank - 1], .across = 1 };
    while (sheet.across * sheet.across < rows)
        sheet.across++;
    sheet.down = (rows + sheet.across - 1) / sheet.across;
    sheet.line = (sheet.across * (sheet.width + MARGIN) + MARGIN) * sheet.channels;
    size_t bytes = (size_t)(sheet.line * (sheet.down * (sheet.height + MARGIN) + MARGIN));
    sheet.pixel = inv_allocate(bytes);
    memset(sheet.pixel, 128, bytes);
    set_scale(&sheet, x, rows * cells);
    for (int64_t i = 0; i < rows; i++)
        draw(&sheet, i, x + i * cells);
    int ok = save(s, &sheet, path);
    free(sheet.pixel);
    return ok;
}

/* SHA-256 of a field's values of this batch, little-endian, NaN as 0x7fc00000. */
static void print_hash(struct inv_session *s, const struct inv_field *field, int64_t step)
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
    fprintf(s->out, "batch %lld  %s  %lld rows  values sha256 %s\n", (long long)step, field->name,
            (long long)s->run.rows, text);
}

static int dump_fields(struct inv_session *s, int64_t step)
{
    int images = 0, ok = 1;
    for (int f = 0; f < s->model->data.field_count && ok; f++) {
        const struct inv_field *field = &s->model->data.field[f];
        print_hash(s, field, step);
        if (!field->image)
            continue;
        char *path = images++ == 0
            ? inv_text("%s-batch-%lld.png", s->model->name, (long long)step)
            : inv_text("%s-batch-%lld-%s.png", s->model->name, (long long)step, field->name);
        ok = inv_claims_output(&s->claims, "--dump-batch", path) &&
             draw_field(s, &s->model->variable[field->input], path);
        free(path);
    }
    if (images == 0)
        fprintf(s->out, "no picture: no field has shape [height, width, 1, 3 or 4 channels]\n");
    return ok ? INV_OK : INV_BAD_DATA;
}

int inv_dump(struct inv_session *s, int64_t step)
{
    struct inv_order order;
    inv_order_begin(s, &order);
    inv_order_batch(s, &order, step);
    inv_order_free(&order);
    return dump_fields(s, step);
}
