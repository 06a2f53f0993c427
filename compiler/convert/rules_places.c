/* Rules of operators that pick elements, at places that are known or computed. */
#include <string.h>
#include "convert/rules.h"

/* What lies above or below a diagonal, and 0 elsewhere. */
void onnx_triangle(struct call *c)
{
    struct value *x = c->in[0];
    int64_t k = 0;
    bool upper = attribute_int(c, "upper", 1) != 0;
    int given = known_ints(c, 1, &k, 1);
    if (c->out[0]->failed || given == 0 || x->rank < 2 || x->rows >= x->rank - 2) {
        refuse(c, "it takes whole matrices of a row, and a diagonal that is known");
        return;
    }
    int64_t rows = x->dim[x->rank - 2], columns = x->dim[x->rank - 1], dim[2] = {rows, columns};
    struct tensor *t =
        rows * columns <= MOST_PLACES ? tensor_new(c->im, ONNX_BOOL, 2, dim) : NULL;
    for (int64_t e = 0; t && e < t->count; e++) {
        int64_t off = e % columns - e / columns;
        t->whole[e] = upper ? off >= k : off <= k;
    }
    if (!t) {
        refuse(c, "its matrices are too large to say which elements stay");
        return;
    }
    struct value mask = {.name = "triangle", .type = ONNX_BOOL, .rank = 2, .rows = -1,
                         .dim = {rows, columns}, .constant = t}, *in[2] = {x, &mask};
    orderly(&mask);
    give_map(c, 2, in, x->type, x->type == ONNX_BOOL ? "@0 and @1" : "select(@1, @0, 0)");
}

/* Slices of an axis, or elements, where a condition that is known is true. */
void onnx_compress(struct call *c)
{
    struct value *x = c->in[0], *condition = c->in[1], shape = *x;
    bool flat = !attribute(c, "axis");
    int axis = flat ? 0 : axis_of(c, x, attribute_int(c, "axis", 0));
    int64_t n = flat ? elements_of(x) : axis < 0 ? 0 : x->dim[axis], count = 0;
    if (axis < 0 || !condition->constant || condition->type != ONNX_BOOL ||
        condition->constant->count > n || (flat && x->rows >= 0)) {
        refuse(c, "how many elements stay must be known, and of each row as many");
        return;
    }
    int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, condition->constant->count + 1);
    for (int64_t i = 0; i < condition->constant->count; i++)
        if (condition->constant->whole[i])
            place[count++] = i;
    const char *text = x->constant || flat ? plain(c, x) : x->text;
    if (flat) {
        shape = (struct value){.type = x->type, .rank = 1, .rows = -1, .dim = {n}};
        orderly(&shape);
        text = x->rank == 1 ? text : arena_printf(c->im->arena, "flatten(%s)", text);
    }
    int at = text_axis(c, &shape, axis);
    if (at < 0)
        return;
    shape.constant = NULL;
    shape.dim[axis] = count;
    give(c, 0, &shape, "%s", count ? take_text(c, text, at, count, place) : text);
}

/* Ones of a matrix of the input's shape, along the diagonal that begins k places to the right. */
void onnx_eye_like(struct call *c)
{
    const struct value *x = c->in[0];
    int64_t k = attribute_int(c, "k", 0), type = attribute_int(c, "dtype", x->type);
    if (x->rank != 2 || x->rows >= 0 || elements_of(x) > MOST_PLACES) {
        refuse(c, "it takes the shape of a matrix of a row, of up to %d elements",
               (int)MOST_PLACES);
        return;
    }
    if (type != (int)type || !onnx_is_known((int)type)) {
        refuse(c, "a model file has no type %s", onnx_type_name(c->im->arena, (int)type));
        return;
    }
    struct tensor *t = tensor_new(c->im, onnx_is_real((int)type) ? ONNX_FLOAT : (int)type, 2,
                                  x->dim);
    for (int64_t e = 0; e < t->count; e++) {
        bool one = e % x->dim[1] - e / x->dim[1] == k;
        if (t->real)
            t->real[e] = one;
        else
            t->whole[e] = one;
    }
    give_constant(c, 0, t);
}

/* The k largest or smallest of an axis, in order, and where they are. */
void onnx_top_k(struct call *c)
{
    struct arena *arena = c->im->arena;
    struct value *x = c->in[0], shape = *x;
    int axis = axis_of(c, x, attribute_int(c, "axis", -1));
    int64_t k = attribute_int(c, "k", 0), dim[AXES];
    if (c->ins > 1 && known_ints(c, 1, &k, 1) != 1)
        k = 0;
    int at = axis < 0 || !has_types(c, 0, 1, TYPE_REAL) ? -1 : text_axis(c, x, axis);
    if (at < 0)
        return;
    if (k < 1 || k > x->dim[axis]) {
        refuse(c, "how many it takes must be known, 1 to %lld", (long long)x->dim[axis]);
        return;
    }
    shape.constant = NULL;
    const char *text = let_line(c, x->constant ? plain(c, x) : x->text);
    text_dims(&shape, dim);
    const char *first = range_text(arena, text_axes(&shape), dim, at, 0, k - 1);
    const char *order = let_line(c, arena_printf(
        arena, "argsort(%s, axis = %d%s)%s", text, at,
        attribute_int(c, "largest", 1) ? ", descending = true" : "", first));
    shape.dim[axis] = k;
    give(c, 0, &shape, "take_along(%s, %s, axis = %d)", text, order, at);
    shape.type = ONNX_INT64;
    if (c->outs > 1)
        give_text(c, 1, &shape, order);
}

/* ---- elements of several arrays, one by one, at places that are known ---- */

/* One axis of all elements. */
static const char *flat_text(struct call *c, struct value *v)
{
    const char *text = plain(c, v);
    return v->rank == 1 ? text
                        : arena_printf(c->im->arena, v->rank ? "flatten(%s)" : "reshape(%s, [1])",
                                       text);
}

static bool whole_row(struct call *c, int count)
{
    bool whole = true;
    for (int i = 0; i < count; i++)
        whole &= c->in[i]->rows < 0 && elements_of(c->in[i]) >= 1 &&
                 elements_of(c->in[i]) <= MOST_PLACES;
    if (!whole)
        refuse(c, "it picks elements one by one, of at most %d, and of one row: --rows none",
               (int)MOST_PLACES);
    return whole;
}

static void give_places(struct call *c, const char *text, int64_t count, const int64_t *place,
                        struct value *shape)
{
    int64_t dim[AXES];
    shape->type = c->in[0]->type;
    shape->rows = -1;
    orderly(shape);
    text_dims(shape, dim);
    text = take_text(c, text, 0, count, place);
    if (shape->rank == 1)
        give(c, 0, shape, "%s", text);
    else
        give(c, 0, shape, "reshape(%s, %s)", text, list_text(c->im->arena, shape->rank, dim));
}

/* A known index as it counts from the start of an axis; -1 after a refusal. */
static int64_t index_at(struct call *c, const struct tensor *index, int64_t e, int64_t n)
{
    int64_t at = index->whole[e] + (index->whole[e] < 0 ? n : 0);
    if (at >= 0 && at < n)
        return at;
    refuse(c, "index %lld is outside of an axis of %lld", (long long)index->whole[e], (long long)n);
    return -1;
}

static bool known_index(struct call *c, int input)
{
    const struct value *v = c->in[input];
    if (v->constant && v->constant->whole && v->type != ONNX_BOOL)
        return true;
    refuse(c, "its index must be whole numbers that are known");
    return false;
}

/* Which element of data the list of indices from element `at` on names the first of: `depth` axes
 * from `axis` on; -1 after a refusal. */
static int64_t first_of(struct call *c, const struct value *data, int axis, int depth, int64_t at)
{
    int64_t place = 0;
    for (int i = 0; i < depth; i++) {
        int64_t n = data->dim[axis + i], k = index_at(c, c->in[1]->constant, at + i, n);
        if (k < 0)
            return -1;
        place = place * n + k;
    }
    for (int i = axis + depth; i < data->rank; i++)
        place *= data->dim[i];
    return place;
}

/* Elements of all axes from one on. */
static int64_t elements_from(const struct value *v, int axis)
{
    int64_t count = 1;
    for (int i = axis; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

void onnx_gather_nd(struct call *c)
{
    struct value *data = c->in[0], *index = c->in[1], shape = {.rank = 0};
    int64_t batches = attribute_int(c, "batch_dims", 0);
    int batch = batches >= 0 && batches < index->rank ? (int)batches : -1;
    int64_t depth = index->rank ? index->dim[index->rank - 1] : 0;
    if (!known_index(c, 1) || !whole_row(c, 2))
        return;
    bool fits = depth >= 1 && batch >= 0 && batch + depth <= data->rank &&
                index->rank - 1 + data->rank - batch - depth <= AXES;
    for (int i = 0; fits && i < batch; i++)
        fits = index->dim[i] == data->dim[i];
    if (!fits) {
        refuse(c, "its index has not the axes that go with what it reads");
        return;
    }
    for (int i = 0; i < index->rank - 1; i++)
        shape.dim[shape.rank++] = index->dim[i];
    for (int i = batch + (int)depth; i < data->rank; i++)
        shape.dim[shape.rank++] = data->dim[i];
    int64_t count = elements_of(&shape), inner = elements_from(data, batch + (int)depth);
    int64_t lists = count / inner, group = lists / (elements_of(data) / elements_from(data, batch));
    if (count > MOST_PLACES) {
        refuse(c, "it picks over %d elements one by one", (int)MOST_PLACES);
        return;
    }
    int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, count + 1);
    for (int64_t l = 0; l < lists; l++) {
        int64_t first = first_of(c, data, batch, (int)depth, l * depth);
        if (first < 0)
            return;
        for (int64_t e = 0; e < inner; e++)
            place[l * inner + e] = l / group * elements_from(data, batch) + first + e;
    }
    give_places(c, flat_text(c, data), count, place, &shape);
}

static const char *scatter_reduction(struct call *c)
{
    return attribute_word(c, "reduction", "none add mul max min");
}

/* What an update makes of an element that it meets; NULL: it takes its place. */
static const char *met_by(struct call *c, const char *old, const char *update)
{
    static const struct { const char *reduction, *text; } ways[] = {
        {"add", "@0 + @1"}, {"mul", "@0 * @1"}, {"max", "max(@0, @1)"}, {"min", "min(@0, @1)"}};
    const char *reduction = scatter_reduction(c), *operand[2] = {old, update};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(reduction, ways[i].reduction))
            return fill_text(c, ways[i].text, operand);
    return update;
}

/* Update e goes to element to[e]: those that meet the same one come in turns. */
static void give_scattered(struct call *c, int64_t count, const int64_t *to)
{
    struct arena *arena = c->im->arena;
    struct value *data = c->in[0], shape = like(data);
    int64_t n = elements_of(data), left = count;
    int64_t *place = ARENA_ARRAY(arena, int64_t, n + 1);
    int64_t *from = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t *met = ARENA_ARRAY(arena, int64_t, count + 1);
    bool *done = ARENA_ARRAY(arena, bool, count + 1);
    bool replaces = !strcmp(scatter_reduction(c), "none");
    const char *text = let_line(c, flat_text(c, data));
    const char *updates = let_line(c, flat_text(c, c->in[2]));
    for (int turn = 0;; turn++) {
        int64_t now = 0;
        for (int64_t i = 0; i < n; i++)
            place[i] = i;
        for (int64_t e = 0; e < count; e++)
            if (!done[e] && place[to[e]] == to[e]) {
                done[e] = true;
                place[to[e]] = n + now;
                from[now] = e;
                met[now++] = to[e];
            }
        left -= now;
        if (turn > 64 || (turn > 0 && replaces)) {
            refuse(c, "several of its updates go to one element");
            return;
        }
        const char *new = let_line(c, take_text(c, updates, 0, now, from));
        new = met_by(c, replaces ? "" : let_line(c, take_text(c, text, 0, now, met)), new);
        text = arena_printf(arena, "concat(%s, %s, axis = 0)", text, new);
        if (left == 0)
            break;
        text = let_line(c, take_text(c, let_line(c, text), 0, n, place));
    }
    give_places(c, let_line(c, text), n, place, &shape);
}

static bool scatters(struct call *c)
{
    return known_index(c, 1) && whole_row(c, 3) && has_types(c, 0, 1, TYPE_REAL) &&
           has_types(c, 2, 1, TYPE_REAL);
}

/* Sums at places that the data say, of each row by itself; false where it is another case. */
static bool gives_sums(struct call *c, int axis)
{
    struct arena *arena = c->im->arena;
    struct value *data = c->in[0], *index = c->in[1], shape = like(data);
    if (index->constant || strcmp(scatter_reduction(c), "add") || axis == index->rows ||
        index->rows != c->in[2]->rows || index->rows != data->rows ||
        !has_types(c, 0, 1, TYPE_REAL) || !has_types(c, 2, 1, TYPE_REAL))
        return false;
    for (int i = 0; i < data->rank; i++)
        if (i != axis && index->dim[i] != data->dim[i])
            return false;
    long long places = data->dim[axis];
    const char *at = let_line(c, plain(c, index));
    const char *sums = arena_printf(
        arena, "scatter_add(%s, select(%s < 0, %s + %lld, %s), %lld, axis = %d)",
        plain(c, c->in[2]), at, at, places, at, places,
        axis - (shape.rows >= 0 && axis > shape.rows));
    if (!data->zero)
        sums = arena_printf(arena, "%s + %s", plain(c, data), sums);
    give(c, 0, &shape, "%s", sums);
    return true;
}

void onnx_scatter_elements(struct call *c)
{
    struct value *data = c->in[0], *index = c->in[1];
    int axis = axis_of(c, data, attribute_int(c, "axis", 0));
    bool fits = axis >= 0 && index->rank == data->rank && c->in[2]->rank == data->rank;
    for (int i = 0; fits && i < data->rank; i++)
        fits = index->dim[i] == c->in[2]->dim[i] && (i == axis || index->dim[i] <= data->dim[i]);
    if (axis >= 0 && !fits)
        refuse(c, "data, index and updates have not axes that go together");
    if (!fits || gives_sums(c, axis) || !scatters(c))
        return;
    int64_t count = elements_of(index), *to = ARENA_ARRAY(c->im->arena, int64_t, count + 1);
    for (int64_t e = 0; e < count; e++) {
        int64_t rest = e, step = 1, k = index_at(c, index->constant, e, data->dim[axis]);
        if (k < 0)
            return;
        for (int i = data->rank - 1; i >= 0; i--) {
            to[e] += (i == axis ? k : rest % index->dim[i]) * step;
            rest /= index->dim[i];
            step *= data->dim[i];
        }
    }
    give_scattered(c, count, to);
}

void onnx_scatter_nd(struct call *c)
{
    struct value *data = c->in[0], *index = c->in[1], *updates = c->in[2];
    int64_t depth = index->rank ? index->dim[index->rank - 1] : 0;
    bool fits = depth >= 1 && depth <= data->rank &&
                updates->rank == index->rank - 1 + data->rank - depth;
    for (int i = 0; fits && i < updates->rank; i++)
        fits = updates->dim[i] == (i < index->rank - 1 ? index->dim[i]
                                                       : data->dim[i - index->rank + 1 + depth]);
    if (!fits) {
        refuse(c, "data, index and updates have not axes that go together");
        return;
    }
    if (!scatters(c))
        return;
    int64_t count = elements_of(updates), inner = elements_from(data, (int)depth);
    int64_t *to = ARENA_ARRAY(c->im->arena, int64_t, count + 1);
    for (int64_t e = 0; e < count; e++) {
        int64_t first = first_of(c, data, 0, (int)depth, e / inner * depth);
        if (first < 0)
            return;
        to[e] = first + e % inner;
    }
    give_scattered(c, count, to);
}

/* Of each sequence as many first turns as are known backwards. */
void onnx_reverse_sequence(struct call *c)
{
    struct value *x = c->in[0], shape = like(x);
    int64_t batch = attribute_int(c, "batch_axis", 1), time = attribute_int(c, "time_axis", 0);
    bool first = (batch == 0 && time == 1) || (batch == 1 && time == 0);
    if (!first || x->rank < 2 || c->in[1]->rank != 1 ||
        c->in[1]->dim[0] != x->dim[batch]) {
        refuse(c, "its axes of turns and sequences must be the first two");
        return;
    }
    if (!known_index(c, 1) || !whole_row(c, 2))
        return;
    int64_t count = elements_of(x), inner = elements_from(x, 2);
    int64_t *place = ARENA_ARRAY(c->im->arena, int64_t, count + 1);
    for (int64_t e = 0; e < count; e++) {
        int64_t at[2] = {e / inner / x->dim[1], e / inner % x->dim[1]};
        int64_t length = c->in[1]->constant->whole[at[batch]];
        if (length < 0 || length > x->dim[time]) {
            refuse(c, "a sequence has %lld turns of %lld", (long long)length,
                   (long long)x->dim[time]);
            return;
        }
        at[time] = at[time] < length ? length - 1 - at[time] : at[time];
        place[e] = (at[0] * x->dim[1] + at[1]) * inner + e % inner;
    }
    give_places(c, flat_text(c, x), count, place, &shape);
}

/* An image, or the places on it, of one row: the text with its channels last. */
static const char *one_image(struct call *c, struct value *v, const int *order, int64_t *dim)
{
    for (int i = 0; i < 3; i++)
        dim[i] = v->dim[order[i + 1]];
    if (v->rows == 0)
        return ordered(c, v, order + 1);
    return arena_printf(c->im->arena, "reshape(%s, %s)", ordered(c, v, order),
                        list_text(c->im->arena, 3, dim));
}

/* An image as it is seen at places of -1 to 1.  Halfway between pixels the standard rounds first
 * and reflects then, and cubic places beyond the border are where nobody else has them: refused. */
void onnx_grid_sample(struct call *c)
{
    static const int image[] = {0, 2, 3, 1}, places[] = {0, 1, 2, 3};
    struct value *x = c->in[0], *grid = c->in[1], shape = {.rank = 4, .rows = x->rows};
    const char *mode = attribute_word(c, "mode", "linear nearest cubic bilinear bicubic");
    const char *padding = attribute_word(c, "padding_mode", "zeros border reflection");
    bool nearest = *mode == 'n', cubic = strstr(mode, "cubic") != NULL;
    int64_t dim[3], seen[3];
    if (!has_types(c, 0, 2, TYPE_REAL))
        return;
    if (x->rank != 4 || grid->rank != 4 || x->rows > 0 || x->dim[0] != 1 || grid->dim[0] != 1 ||
        grid->rows > x->rows || grid->dim[3] != 2 || (nearest && *padding == 'r') ||
        (cubic && *padding != 'z')) {
        refuse(c, "it takes an image of each row, [rows, channels, height, width], and places of "
               "two numbers; cubic ones with zeros around, nearest ones not reflected");
        return;
    }
    const char *from = one_image(c, x, image, dim), *at = one_image(c, grid, places, seen);
    const char *text = arena_printf(
        c->im->arena, "grid_sample(%s, %s%s%s%s)", from, at,
        nearest ? ", method = nearest" : cubic ? ", method = bicubic" : "",
        *padding == 'b' ? ", fill = replicate" : *padding == 'r' ? ", fill = reflect" : "",
        attribute_int(c, "align_corners", 0) ? ", align_corners = true" : "");
    shape.type = ONNX_FLOAT;
    shape.dim[0] = 1;
    shape.dim[1] = x->dim[1];
    shape.dim[2] = seen[0];
    shape.dim[3] = seen[1];
    memcpy(shape.order, x->rows < 0 ? image : image + 1, sizeof *image * (x->rows < 0 ? 4 : 3));
    int64_t all[4];
    text_dims(&shape, all);
    if (x->rows < 0)
        give(c, 0, &shape, "reshape(%s, %s)", text, list_text(c->im->arena, 4, all));
    else
        give(c, 0, &shape, "%s", text);
}

/* Where the pixels of an image come from that is turned and moved: [axes + 1, pixels] of -1 to 1,
 * the last axis first, and of ones; NULL after a refusal. */
static const char *put_pixels(struct call *c, int axes, const int64_t *size, bool corners)
{
    int64_t dim[2] = {axes + 1, 1};
    for (int i = 0; i < axes; i++) {
        bool fits = size[i] > corners && size[i] <= MOST_PLACES / dim[1];
        dim[1] *= fits ? size[i] : 1;
        if (fits)
            continue;
        refuse(c, "an image of %lld pixels along an axis, or over %d in all, is not placed",
               (long long)size[i], (int)MOST_PLACES);
        return NULL;
    }
    struct tensor *t = tensor_new(c->im, ONNX_FLOAT, 2, dim);
    for (int64_t e = 0; e < dim[1]; e++) {
        int64_t rest = e;
        for (int i = axes - 1; i >= 0; i--) {
            double n = (double)size[i], at = (double)(rest % size[i]);
            t->real[(axes - 1 - i) * dim[1] + e] =
                (float)(corners ? 2 * at / (n - 1) - 1 : (2 * at + 1) / n - 1);
            rest /= size[i];
        }
        t->real[axes * dim[1] + e] = 1;
    }
    return put_constant(c, t);
}

void onnx_affine_grid(struct call *c)
{
    const struct value *theta = c->in[0];
    int64_t size[AXES], shape[AXES] = {0};
    int n = known_ints(c, 1, size, AXES), axes = n - 2;
    if (n == 0)
        return;
    if (n < 4 || n > 5 || theta->rank != 3 || theta->dim[1] != axes ||
        theta->dim[2] != axes + 1) {
        refuse(c, "it takes [rows, 2, 3] and extents of images, or [rows, 3, 4] and of volumes");
        return;
    }
    const char *pixels = put_pixels(c, axes, size + 2, attribute_int(c, "align_corners", 0) != 0);
    if (!pixels)
        return;
    for (int i = 0; i < axes; i++)
        shape[1 + i] = size[2 + i];
    shape[1 + axes] = axes;
    const char *y = PUT(c, "MatMul", c->node->input[0], pixels);
    y = PUT(c, "Reshape", PUT(c, "Transpose perm=[0,2,1]", y), put_list(c, axes + 2, shape));
    give_results(c, (const char *const[OUTPUTS]){y});
}

/* Places of a cache that are written anew, of each row from where it says on: around its end, or up
 * to it. */
void onnx_tensor_scatter(struct call *c)
{
    struct value *past = c->in[0], *update = c->in[1];
    bool circular = !strcmp(attribute_word(c, "mode", "linear circular"), "circular");
    int axis = axis_of(c, past, attribute_int(c, "axis", -2));
    int64_t all[AXES], places[AXES];
    if (axis < 0)
        return;
    if (axis == 0 || update->rank != past->rank || update->dim[axis] > past->dim[axis] ||
        past->dim[axis] > MOST_PLACES) {
        refuse(c, "what it writes is not of the cache's axes, or along that of the rows, or over "
               "%d places", (int)MOST_PLACES);
        return;
    }
    for (int i = 0; i < past->rank; i++) {
        all[i] = past->dim[i];
        places[i] = i == axis ? past->dim[i] : 1;
    }
    struct tensor *t =
        tensor_new(c->im, ONNX_INT64, past->rank - axis, places + axis);
    for (int64_t i = 0; i < t->count; i++)
        t->whole[i] = i;
    const char *from = put_constant(c, t), *zero = put_whole(c, 0), *axes = "Unsqueeze axes=[1";
    for (int i = 2; i < past->rank; i++)
        axes = arena_printf(c->im->arena, "%s,%d", axes, i);
    if (c->ins > 2 && c->in[2])
        from = PUT(c, "Sub", from,
                   PUT(c, arena_printf(c->im->arena, "%s]", axes), c->node->input[2]));
    if (circular)
        from = PUT(c, "Mod", from, put_whole(c, past->dim[axis]));
    const char *inside = PUT(c, "And", PUT(c, "GreaterOrEqual", from, zero),
                             PUT(c, "Less", from, put_whole(c, update->dim[axis])));
    from = PUT(c, "Max", PUT(c, "Min", from, put_whole(c, update->dim[axis] - 1)), zero);
    from = PUT(c, "Expand", from, put_list(c, past->rank, all));
    const char *gather = arena_printf(c->im->arena, "GatherElements axis=%d", axis);
    const char *y = PUT(c, "Where", inside, PUT(c, gather, c->node->input[1], from),
                        c->node->input[0]);
    give_results(c, (const char *const[OUTPUTS]){y});
}
