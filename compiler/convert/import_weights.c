#include "convert/import_weights.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "convert/flattened.h"
#include "convert/foreign.h"
#include "convert/keras_form.h"
#include "convert/saved.h"
#include "convert/torch.h"
#include "core/arith.h"
#include "host/digest.h"
#include "host/output.h"
#include "host/suggest.h"

struct import {
    struct program *program;
    const struct import_weights *request;
    struct inv_errors *errors;
    struct foreign foreign;
    struct saved saved;
    int *source;                        /* of each of saved: 1 + the array that it gets, or 0 */
    struct keras_form *keras;           /* of each: what it is in a file of Keras's weights ... */
    bool *by_keras;                     /* ... where it was found by the name there */
    bool *turned;
    const struct foreign_array *supposed; /* was turned round because it is PyTorch's */
    const struct foreign_array *own;    /* shows that the file has axes as they are here */
    bool *fitted;                       /* of each --map: it fits a name of the file */
};

static const char *shape_text(struct arena *arena, int rank, const int64_t *dim, const int *order)
{
    const char *text = "[";
    for (int i = 0; i < rank; i++)
        text = arena_printf(arena, "%s%s%" PRId64, text, i ? ", " : "", dim[order ? order[i] : i]);
    return arena_printf(arena, "%s]", text);
}

/* ---- names ---- */

/* Whether the name fits the pattern, in which * is any text; what each of them is. */
enum { STARS = 8 };
struct fit { const char *at[STARS]; int length[STARS], count; };
static bool fits(const char *pattern, const char *name, struct fit *fit)
{
    for (; *pattern && *pattern != '=' && *pattern != '*'; pattern++, name++)
        if (*pattern != *name)
            return false;
    if (*pattern != '*')
        return *name == 0;
    if (fit->count == STARS)
        return false;
    int star = fit->count++;
    for (int length = 0; length <= (int)strlen(name); length++) {
        fit->at[star] = name;
        fit->length[star] = length;
        fit->count = star + 1;
        if (fits(pattern + 1, name + length, fit))
            return true;
    }
    return false;
}

/* The name by the first --map that fits, else as it is; "/" for "." in any case. */
static const char *own_name(struct import *i, const char *name)
{
    struct arena *arena = i->program->arena;
    const char *result = NULL;
    for (int m = 0; m < i->request->map_count; m++) {
        struct fit fit = {.count = 0};
        int star = 0;
        if (!fits(i->request->map[m], name, &fit))
            continue;
        i->fitted[m] = true;
        if (result)
            continue;
        result = "";
        for (const char *c = strchr(i->request->map[m], '=') + 1; *c; c++)
            result = *c == '*' ? arena_printf(arena, "%s%.*s", result, fit.length[star],
                                              fit.at[star])
                               : arena_printf(arena, "%s%c", result, *c),
            star += *c == '*';
    }
    char *path = arena_strndup(arena, result ? result : name, strlen(result ? result : name));
    for (char *c = path; *c; c++)
        *c = *c == '.' ? '/' : *c;
    return path;
}

static int count_of(const char *text, char wanted)
{
    int count = 0;
    for (; *text; text++)
        count += *text == wanted;
    return count;
}

/* Each has one =, and as many stars behind it as before. */
static bool check_maps(const struct import *i)
{
    bool good = true;
    for (int m = 0; m < i->request->map_count; m++) {
        const char *map = i->request->map[m], *equals = strchr(map, '=');
        int all = count_of(map, '*'), behind = equals ? count_of(equals, '*') : 0;
        if (equals && equals > map && equals[1] && count_of(map, '=') == 1 && 2 * behind == all &&
            behind <= STARS)
            continue;
        inv_error(i->errors, "--map %s: 'layer1.*=stage/0/*' expected: names of the file, =, names "
                  "of the model, with as many * on both sides", map);
        good = false;
    }
    return good;
}

/* ---- which array is which parameter ---- */

/* Does the array have the shape whose axis k is axis order[k] of the tensor? */
static bool has_shape(const struct foreign_array *a, const struct inv_tensor *t, const int *order)
{
    bool same = a->rank == t->rank;
    for (int k = 0; k < t->rank && same; k++)
        same = a->dim[k] == t->dim[order ? order[k] : k];
    return same;
}

/* Whether turning it round changes anything. */
static bool turns(const struct inv_tensor *t, const int *order)
{
    for (int k = 0; k < t->rank; k++)
        if (order[k] != k && t->dim[k] > 1)
            return true;
    return false;
}

/* How the array lies: as the parameter, or as PyTorch has it. */
static bool find_layout(struct import *i, int at, const struct foreign_array *a,
                        const struct torch_form *form)
{
    const struct inv_tensor *t = &i->saved.tensor[at];
    struct arena *arena = i->program->arena;
    bool own = has_shape(a, t, NULL), torch = form->known && has_shape(a, t, form->order);
    bool both = own && torch && turns(t, form->order);
    enum weights_layout layout = i->request->layout;
    if (both && layout == LAYOUT_ASK && i->foreign.kind == FOREIGN_TORCH)
        layout = LAYOUT_TORCH;
    if (both && layout == LAYOUT_ASK) {
        inv_error(i->errors, "%s: array %s %s fits %s as it is, and turned round as PyTorch has "
                  "it; say which: --layout own, or --layout torch", i->foreign.path, a->name,
                  shape_text(arena, a->rank, a->dim, NULL), t->name);
        return false;
    }
    if (both && i->request->layout == LAYOUT_ASK)
        i->supposed = a;
    if (own && form->known && !torch)
        i->own = a;
    i->turned[at] = both ? layout == LAYOUT_TORCH : !own;
    if (own || torch)
        return true;
    inv_error(i->errors, "%s: array %s has shape %s, and %s has %s%s%s", i->foreign.path, a->name,
              shape_text(arena, a->rank, a->dim, NULL), t->name,
              shape_text(arena, t->rank, t->dim, NULL), form->known ? ", in PyTorch " : "",
              form->known ? shape_text(arena, t->rank, t->dim, form->order) : "");
    return false;
}

/* The parameter of that path, or of that name in PyTorch; -1. */
static int find_parameter(struct import *i, const char *path)
{
    int found = -1;
    for (int s = 0; s < i->saved.count; s++) {
        struct torch_form form = torch_form(i->program, i->saved.variable[s]);
        if (strcmp(i->saved.tensor[s].name, path) == 0)
            return s;
        if (strcmp(form.name, torch_dotted(i->program->arena, path)) == 0)
            found = s;
    }
    return found;
}

static bool is_taken(struct import *i, int at, const struct foreign_array *a)
{
    if (i->source[at] > 0)
        inv_error(i->errors, "%s: arrays %s and %s would both be %s; tell them apart by --map",
                  i->foreign.path, i->foreign.array[i->source[at] - 1].name, a->name,
                  i->saved.tensor[at].name);
    return i->source[at] > 0;
}

/* Parameters that the array holds by its name in Keras; false where there is none. */
static bool assign_keras(struct import *i, int number, const char *path)
{
    const struct foreign_array *a = &i->foreign.array[number];
    struct arena *arena = i->program->arena;
    bool found = false;
    for (int s = 0; s < i->saved.count; s++) {
        const struct keras_form *f = &i->keras[s];
        if (!f->layer || strcmp(arena_printf(arena, "%s/%s", f->layer, f->name), path) != 0)
            continue;
        struct inv_tensor there = {.rank = f->rank, .dim = f->dim};
        found = true;
        if (!has_shape(a, &there, NULL))
            inv_error(i->errors, "%s: array %s has shape %s, and in Keras that of %s has %s",
                      i->foreign.path, a->name, shape_text(arena, a->rank, a->dim, NULL),
                      i->saved.tensor[s].name, shape_text(arena, f->rank, f->dim, NULL));
        else if (!is_taken(i, s, a)) {
            i->source[s] = number + 1;
            i->by_keras[s] = true;
        }
    }
    return found;
}

static void assign(struct import *i, int number)
{
    const struct foreign_array *a = &i->foreign.array[number];
    const char *path = own_name(i, a->name);
    int at = find_parameter(i, path);
    if (i->foreign.kind == FOREIGN_KERAS && assign_keras(i, number, path))
        return;
    if (at < 0)
        return;
    if (a->why) {
        inv_error(i->errors, "%s: array %s, which would be %s, %s, which cannot be read; write it "
                  "anew as float32", i->foreign.path, a->name, i->saved.tensor[at].name, a->why);
        return;
    }
    struct torch_form form = torch_form(i->program, i->saved.variable[at]);
    if (!is_taken(i, at, a) && find_layout(i, at, a, &form))
        i->source[at] = number + 1;
}

/* ---- values ---- */

static bool store(struct import *i, int at, int64_t e, double value)
{
    const struct inv_tensor *t = &i->saved.tensor[at];
    float real = (float)value;
    int32_t whole;
    int64_t wide;
    bool good = true;
    if (t->dtype == INV_F32) {
        memcpy(t->at + 4 * e, &real, 4);
        good = isfinite(real);
    } else {
        good = value > -0x1p53 && value < 0x1p53 && value == floor(value);
        wide = good ? (int64_t)value : 0;
        good = good && (t->dtype == INV_I64 || (wide >= INT32_MIN && wide <= INT32_MAX));
        whole = (int32_t)wide;
        if (t->dtype == INV_I64)
            memcpy(t->at + 8 * e, &wide, 8);
        else
            memcpy(t->at + 4 * e, &whole, 4);
    }
    if (!good)
        inv_error(i->errors, "%s: an element of %s is %g, which %s cannot hold", i->foreign.path,
                  i->foreign.array[i->source[at] - 1].name, value, t->name);
    return good;
}

/* The elements of the array as the parameter has them. */
static bool fill(struct import *i, int at)
{
    const struct inv_tensor *t = &i->saved.tensor[at];
    const struct foreign_array *a = &i->foreign.array[i->source[at] - 1];
    struct torch_form form = torch_form(i->program, i->saved.variable[at]);
    int64_t index[INV_RANK + 1] = {0}, stride[INV_RANK + 1] = {0}, count = saved_elements(t);
    for (int k = 0; k < t->rank; k++)
        stride[i->turned[at] ? form.order[k] : k] = a->stride[k];
    for (int64_t e = 0; e < count; e++) {
        int64_t from = 0;
        for (int k = 0; k < t->rank; k++)
            from += index[k] * stride[k];
        if (i->by_keras[at])
            from = keras_form_element(&i->keras[at], e);
        if (!store(i, at, e, foreign_value(a, from)))
            return false;
        for (int k = t->rank - 1; k >= 0 && ++index[k] == t->dim[k]; k--)
            index[k] = 0;
    }
    return true;
}

/* ---- what is told ---- */

static void tell(struct import *i)
{
    struct arena *arena = i->program->arena;
    bool *used = ARENA_ARRAY(arena, bool, i->foreign.count + 1);
    for (int s = 0; s < i->saved.count; s++) {
        const struct inv_tensor *t = &i->saved.tensor[s];
        const struct foreign_array *a = i->source[s] ? &i->foreign.array[i->source[s] - 1] : NULL;
        if (a)
            used[i->source[s] - 1] = true;
        if (a)
            printf("loaded  %s %s  from %s, %s%s\n", t->name,
                   shape_text(arena, t->rank, t->dim, NULL), a->name, foreign_dtype(a->element),
                   i->turned[s] ? ", turned round" : "");
        else
            printf("kept    %s %s  of %s\n", t->name, shape_text(arena, t->rank, t->dim, NULL),
                   i->request->rest);
    }
    for (int n = 0; n < i->foreign.count; n++) {
        const struct foreign_array *a = &i->foreign.array[n];
        if (!used[n] && a->why)
            printf("left    %s, which %s\n", a->name, a->why);
        else if (!used[n])
            printf("left    %s %s\n", a->name,
                   shape_text(arena, a->rank, a->dim, NULL));
    }
}

/* Where a matrix of PyTorch's may have its rows in the order of another network. */
static void note_flattened(const struct import *i)
{
    for (int s = 0; s < i->saved.count; s++) {
        const char *order = i->source[s] && i->turned[s] && i->saved.tensor[s].rank == 2
            ? flattened_image(i->program, i->saved.variable[s]) : NULL;
        if (order)
            inv_note(i->errors, "%s: is of an image flattened with its channels last; if the "
                     "network of %s flattens it as PyTorch has it, channels first, write "
                     "'transpose(x, %s) -> flatten' in the model, or its predictions are others",
                     i->saved.tensor[s].name, i->foreign.path, order);
    }
}

/* Layers of a state dict may have weights as they are here (GPT-2's Conv1D): then nobody knows of a
 * square one. */
static bool check_layout(const struct import *i)
{
    if (!i->supposed || !i->own)
        return true;
    inv_error(i->errors, "%s: array %s is not as PyTorch's layers have it, so nobody knows whether "
              "%s is, which fits both ways; say which: --layout own, or --layout torch",
              i->foreign.path, i->own->name, i->supposed->name);
    return false;
}

/* That anything is loaded at all. */
static bool check_any(const struct import *i)
{
    for (int s = 0; s < i->saved.count; s++)
        if (i->source[s])
            return true;
    if (i->foreign.count == 0)
        inv_error(i->errors, "%s: holds no array", i->foreign.path);
    else
        inv_error(i->errors, "%s: none of its %d arrays (%s, ...) has the name of a parameter of "
                  "%s; say which is which: --map 'layer1.*=stage/0/*'", i->foreign.path,
                  i->foreign.count, i->foreign.array[0].name, i->program->name);
    return false;
}

/* Each --map is meant for something. */
static bool check_fitted(const struct import *i)
{
    int before = i->errors->count;
    for (int m = 0; m < i->request->map_count && i->foreign.count; m++)
        if (!i->fitted[m])
            inv_error(i->errors, "--map %s: none of the %d arrays of %s (%s, ...) has such a name; "
                      "leave it out, or write the name as it is there", i->request->map[m],
                      i->foreign.count, i->foreign.path, i->foreign.array[0].name);
    return i->errors->count == before;
}

/* Parameters that get nothing, and the array that is nearest in name. */
static bool check_whole(struct import *i)
{
    const char **names = ARENA_ARRAY(i->program->arena, const char *, i->foreign.count + 1);
    int before = i->errors->count;
    for (int n = 0; n < i->foreign.count; n++)
        names[n] = i->foreign.array[n].name;
    for (int s = 0; s < i->saved.count && !i->request->rest; s++) {
        const char *theirs = torch_form(i->program, i->saved.variable[s]).name;
        const char *near = inv_suggest(theirs, names, i->foreign.count);
        if (i->source[s])
            continue;
        inv_error(i->errors, "%s: has no array for %s (in PyTorch's words %s)%s%s; name it by "
                  "--map, or give --weights W for the rest", i->foreign.path,
                  i->saved.tensor[s].name, theirs, near ? "; there is " : "", near ? near : "");
    }
    return i->errors->count == before;
}

/* ---- all of it ---- */

/* Whether the file that nobody named is not there, or the same. */
static bool is_free(struct import *i)
{
    struct inv_output nowhere;
    char digest[65];
    inv_output_open_nowhere(&nowhere);
    inv_tensors_write(&nowhere, i->saved.tensor, i->saved.count, NULL, 0);
    inv_output_digest(&nowhere, digest);
    if (i->request->named || !inv_digest_differs(i->request->out, digest))
        return true;
    inv_error(i->errors, "'%s' is there already, and holds other weights; name a file by -o, or "
              "move it away", i->request->out);
    return false;
}

static int write_weights(struct import *i)
{
    struct inv_output out;
    char digest[65];
    if (!is_free(i) || !inv_output_open(&out, i->request->out, i->errors))
        return 1;
    inv_tensors_write(&out, i->saved.tensor, i->saved.count, NULL, 0);
    if (!inv_output_close(&out, digest))
        return 1;
    tell(i);
    note_flattened(i);
    printf("sha256 %s %s\n", digest, i->request->out);
    return 0;
}

int import_weights(struct program *program, const struct import_weights *request)
{
    struct inv_errors *errors = request->claims->errors;
    struct import i = {.program = program, .request = request, .errors = errors,
                       .foreign = {.arena = program->arena, .errors = errors},
                       .saved = saved_new(program)};
    i.source = ARENA_ARRAY(program->arena, int, i.saved.count + 1);
    i.turned = ARENA_ARRAY(program->arena, bool, i.saved.count + 1);
    i.by_keras = ARENA_ARRAY(program->arena, bool, i.saved.count + 1);
    i.keras = ARENA_ARRAY(program->arena, struct keras_form, i.saved.count + 1);
    for (int s = 0; s < i.saved.count; s++)
        i.keras[s] = keras_form(program, i.saved.variable[s]);
    i.fitted = ARENA_ARRAY(program->arena, bool, request->map_count + 1);
    if (!check_maps(&i) || !foreign_read(&i.foreign, request->file) ||
        (request->rest && !saved_load(program, &i.saved, request->rest, errors)))
        return 1;
    for (int n = 0; n < i.foreign.count; n++)
        assign(&i, n);
    if (!check_fitted(&i) || errors->count > 0 || !check_layout(&i) ||
        (request->rest && !check_any(&i)) || !check_whole(&i))
        return 1;
    for (int s = 0; s < i.saved.count; s++)
        if (i.source[s] && !fill(&i, s))
            return 1;
    return write_weights(&i);
}
