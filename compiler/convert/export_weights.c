/* Weights alone: as NPZ, as PyTorch has them, as constants of C. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "build/zip.h"
#include "convert/export.h"
#include "convert/flattened.h"
#include "convert/saved.h"
#include "convert/torch.h"
#include "core/arith.h"
#include "emit/text.h"
#include "host/output.h"

struct weights {
    struct program *program;
    struct saved saved;
    struct inv_output out;
};

/* The weights that are read, and the file that is written. */
static bool begin(struct weights *w, struct program *program, const struct export_request *request)
{
    struct inv_errors *errors = request->claims->errors;
    *w = (struct weights){.program = program, .saved = saved_new(program)};
    return saved_load(program, &w->saved, request->weights, errors) &&
           inv_output_open(&w->out, request->out, errors);
}

/* ---- NPZ: a zip of NPY, version 1.0 ---- */

static const char *npy_dims(struct arena *arena, const struct inv_tensor *t)
{
    const char *dims = "";
    for (int i = 0; i < t->rank; i++)
        dims = arena_printf(arena, "%s%s%" PRId64 "%s", dims, i ? " " : "", t->dim[i],
                            i < t->rank - 1 || t->rank == 1 ? "," : "");
    return dims;
}

static void put_little_endian(struct text *text, const struct inv_tensor *t)
{
    int bytes = t->dtype == INV_I64 ? 8 : 4, kept = t->dtype == INV_BOOL ? 1 : bytes;
    int64_t count = saved_elements(t);
    text_reserve(text, (size_t)(count * kept));
    for (int64_t e = 0; e < count; e++) {
        char out[8];
        uint64_t wide = 0;
        uint32_t word;
        memcpy(&word, t->at + e * bytes, 4);
        if (bytes == 8)
            memcpy(&wide, t->at + e * bytes, 8);
        else
            wide = t->dtype == INV_BOOL ? word != 0 : word;
        for (int b = 0; b < kept; b++)
            out[b] = (char)(wide >> (8 * b) & 0xff);
        text_add(text, out, (size_t)kept);
    }
}

/* What stands before the array is a multiple of 64 bytes. */
static struct text npy_of(struct arena *arena, const struct inv_tensor *t)
{
    static const char *const code[] = {"<f4", "<i4", "|b1", "<i8"};
    struct text text;
    const char *header = arena_printf(
        arena, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", code[t->dtype],
        npy_dims(arena, t));
    size_t length = (10 + strlen(header) + 1 + 63) / 64 * 64 - 10;
    char start[] = {(char)0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (char)(length & 0xff),
                    (char)(length >> 8)};
    text_init(&text, arena);
    text_add(&text, start, sizeof start);
    text_printf(&text, "%-*s\n", (int)length - 1, header);
    put_little_endian(&text, t);
    return text;
}

int export_npz(struct program *program, const struct export_request *request)
{
    struct weights w;
    if (!begin(&w, program, request))
        return 1;
    struct zip zip = {.out = &w.out, .arena = program->arena};
    for (int i = 0; i < w.saved.count; i++) {
        struct text member = npy_of(program->arena, &w.saved.tensor[i]);
        zip_add(&zip, arena_printf(program->arena, "%s.npy", w.saved.tensor[i].name), member.data,
                member.size, false);
    }
    if (zip_end(&zip))
        return !inv_output_close(&w.out, NULL);
    inv_output_abandon(&w.out);
    return 1;
}

/* ---- PyTorch ---- */

int export_torch(struct program *program, const struct export_request *request)
{
    struct weights w;
    if (!begin(&w, program, request))
        return 1;
    struct inv_tensor *list = ARENA_ARRAY(program->arena, struct inv_tensor, w.saved.count + 1);
    for (int i = 0; i < w.saved.count; i++) {
        struct torch_form form = torch_form(program, w.saved.variable[i]);
        list[i] = saved_permuted(program->arena, &w.saved.tensor[i], form.order);
        list[i].name = form.name;
        if (!form.known)
            inv_note(request->claims->errors, "%s: is written as it is: PyTorch has no layer with "
                     "weights of this form", w.saved.tensor[i].name);
        const char *turn = form.known && w.saved.tensor[i].rank == 2
            ? flattened_image(program, w.saved.variable[i]) : NULL;
        if (turn)
            inv_note(request->claims->errors, "%s: is of an image flattened with its channels "
                     "last; a network of PyTorch that flattens it has them first: turn it round "
                     "there, or train with 'transpose(x, %s) -> flatten'",
                     w.saved.tensor[i].name, turn);
    }
    inv_tensors_sort(list, w.saved.count);
    for (int i = 1; i < w.saved.count; i++)
        if (strcmp(list[i].name, list[i - 1].name) == 0)
            inv_error(request->claims->errors, "two parameters would be named %s; give one of them "
                      "another name in the model", list[i].name);
    if (request->claims->errors->count > 0) {
        inv_output_abandon(&w.out);
        return 1;
    }
    inv_tensors_write(&w.out, list, w.saved.count, NULL, 0);
    return !inv_output_close(&w.out, NULL);
}

/* ---- C ---- */

static const char *c_name(struct program *program, const char *path)
{
    char *name = arena_printf(program->arena, "%s_%s", program->name, path);
    for (char *c = name; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    return name;
}

/* "[64, 128]" */
static const char *shape_text(struct arena *arena, const struct inv_tensor *t)
{
    const char *text = "[";
    for (int i = 0; i < t->rank; i++)
        text = arena_printf(arena, "%s%s%" PRId64, text, i ? ", " : "", t->dim[i]);
    return arena_printf(arena, "%s]", text);
}

static const char *c_number(struct arena *arena, const struct inv_tensor *t, int64_t e)
{
    int32_t whole;
    int64_t wide;
    float real;
    memcpy(&whole, t->at + e * (t->dtype == INV_I64 ? 8 : 4), 4);
    if (t->dtype == INV_I64)
        return memcpy(&wide, t->at + e * 8, 8), arena_printf(arena, "%" PRId64, wide);
    if (t->dtype != INV_F32)
        return arena_printf(arena, "%" PRId32, whole);
    memcpy(&real, &whole, 4);
    return isnan(real) ? "NAN" : isinf(real) ? real > 0 ? "INFINITY" : "-INFINITY"
                                             : emit_float(arena, real);
}

static void put_constant(struct weights *w, const struct inv_tensor *t)
{
    static const char *const type[] = {"float", "int32_t", "int32_t", "int64_t"};
    struct arena *numbers = arena_new(), *arena = w->program->arena;
    int64_t count = saved_elements(t);
    if (count > 0)
        inv_output_print(&w->out, "\n/* %s: %s */\nstatic const %s %s[%" PRId64 "] = {",
                         emit_comment(arena, emit_line(arena, t->name)), shape_text(arena, t),
                         type[t->dtype], c_name(w->program, t->name), count);
    for (int64_t e = 0; e < count; e++)
        inv_output_print(&w->out, "%s%s", e % 8 ? ", " : e ? ",\n    " : "\n    ",
                         c_number(numbers, t, e));
    if (count > 0)
        inv_output_print(&w->out, "};\n");
    arena_free(numbers);
}

int export_c_header(struct program *program, const struct export_request *request)
{
    struct weights w;
    if (!begin(&w, program, request))
        return 1;
    const char *guard = c_name(program, "WEIGHTS_H");
    inv_output_print(&w.out, "/* The trained weights of model %s (its SHA-256 is\n * %s). */\n"
                     "#ifndef %s\n#define %s\n#include <math.h>\n#include <stdint.h>\n",
                     program->name, program->model_sha256, guard, guard);
    for (int i = 0; i < w.saved.count; i++)
        put_constant(&w, &w.saved.tensor[i]);
    inv_output_print(&w.out, "\n#endif\n");
    return !inv_output_close(&w.out, NULL);
}
