#include "convert/write.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */
static const char *free_name(struct export *x, const char *wanted)
{
    static char used;
    const char *name = wanted ? wanted : "v";
    for (int i = wanted ? 2 : 1; !wanted || names_find(x->taken, name); i++) {
        name = arena_printf(x->arena, "%s_%d", wanted ? wanted : "v",
                            wanted ? i : (int)x->graph.n_node);
        if (!wanted && !names_find(x->taken, name))
            break;
        wanted = name;
    }
    x->taken = names_add(x->arena, x->taken, name, &used);
    return name;
}

/* ---- nodes ---- */
static Onnx__Node *last_node(struct export *x)
{
    return x->graph.node[x->graph.n_node - 1];
}

static void add_name(struct export *x, char ***list, size_t *count, const char *name)
{
    char **longer = ARENA_ARRAY(x->arena, char *, *count + 1);
    if (*count)
        memcpy(longer, *list, *count * sizeof *longer);
    longer[(*count)++] = (char *)(uintptr_t)name;
    *list = longer;
}

const char *export_output(struct export *x, const char *name)
{
    Onnx__Node *n = last_node(x);
    name = free_name(x, name);
    add_name(x, &n->output, &n->n_output, name);
    return name;
}

const char *export_node(struct export *x, const char *op, int count, const char *const *input,
                        const char *name)
{
    Onnx__Node *n = ARENA_NEW(x->arena, Onnx__Node);
    onnx__node__init(n);
    n->op_type = (char *)(uintptr_t)op;
    for (int i = 0; i < count; i++)
        add_name(x, &n->input, &n->n_input, input[i]);
    int nodes = (int)x->graph.n_node;
    ARENA_PUSH(x->arena, x->graph.node, nodes, x->node_room) = n;
    x->graph.n_node = (size_t)nodes;
    return export_output(x, name);
}

const char *export_unary(struct export *x, const char *op, const char *a, const char *name)
{
    return export_node(x, op, 1, &a, name);
}

const char *export_binary(struct export *x, const char *op, const char *a, const char *b,
                          const char *name)
{
    const char *input[2] = {a, b};
    return export_node(x, op, 2, input, name);
}

void export_name(struct export *x, const char *name)
{
    last_node(x)->name = (char *)(uintptr_t)name;
}

void export_say(struct export *x, const char *key, const char *value)
{
    Onnx__Node *n = last_node(x);
    n->doc_string = (char *)(uintptr_t)arena_printf(
        x->arena, "%s%s%s = %s", n->doc_string ? n->doc_string : ONNX_SAYS,
        n->doc_string ? ", " : "", key, value);
}

void export_say_number(struct export *x, const char *key, double value)
{
    const char *text = arena_printf(x->arena, "%.9g", value);
    export_say(x, key, strtod(text, NULL) == value ? text
                                                   : arena_printf(x->arena, "%.17g", value));
}

static Onnx__Attribute *add_attribute(struct export *x, const char *name, int type)
{
    Onnx__Node *n = last_node(x);
    Onnx__Attribute **longer = ARENA_ARRAY(x->arena, Onnx__Attribute *, n->n_attribute + 1);
    if (n->n_attribute)
        memcpy(longer, n->attribute, n->n_attribute * sizeof *longer);
    Onnx__Attribute *a = longer[n->n_attribute++] = ARENA_NEW(x->arena, Onnx__Attribute);
    n->attribute = longer;
    onnx__attribute__init(a);
    a->name = (char *)(uintptr_t)name;
    a->has_type = 1;
    a->type = type;
    return a;
}

void export_int(struct export *x, const char *name, int64_t value)
{
    Onnx__Attribute *a = add_attribute(x, name, ONNX_ATTRIBUTE_INT);
    a->has_i = 1;
    a->i = value;
}

void export_ints(struct export *x, const char *name, int count, const int64_t *value)
{
    Onnx__Attribute *a = add_attribute(x, name, ONNX_ATTRIBUTE_INTS);
    a->n_ints = (size_t)count;
    a->ints = ARENA_ARRAY(x->arena, int64_t, count + 1);
    memcpy(a->ints, value, sizeof *value * (size_t)count);
}

void export_float(struct export *x, const char *name, float value)
{
    Onnx__Attribute *a = add_attribute(x, name, ONNX_ATTRIBUTE_FLOAT);
    a->has_f = 1;
    a->f = value;
}

void export_text(struct export *x, const char *name, const char *value)
{
    Onnx__Attribute *a = add_attribute(x, name, ONNX_ATTRIBUTE_STRING);
    a->has_s = 1;
    a->s.data = (uint8_t *)arena_strdup(x->arena, value);
    a->s.len = strlen(value);
}

/* ---- constants ---- */
static size_t type_bytes(int type)
{
    return type == ONNX_INT64 ? 8 : type == ONNX_BOOL ? 1 : 4;
}

static Onnx__Tensor *new_tensor(struct export *x, int type, int rank, const int64_t *dim,
                                const void *bytes)
{
    Onnx__Tensor *t = ARENA_NEW(x->arena, Onnx__Tensor);
    size_t size = type_bytes(type);
    onnx__tensor__init(t);
    t->has_data_type = 1;
    t->data_type = type;
    t->n_dims = (size_t)rank;
    t->dims = ARENA_ARRAY(x->arena, int64_t, rank + 1);
    for (int i = 0; i < rank; i++) {
        t->dims[i] = dim[i];
        size *= (size_t)dim[i];
    }
    t->has_raw_data = 1;
    t->raw_data.len = size;
    t->raw_data.data = arena_alloc(x->arena, size + 1);
    memcpy(t->raw_data.data, bytes, size);
    return t;
}

static const char *add_initializer(struct export *x, Onnx__Tensor *t, const char *name)
{
    int count = (int)x->graph.n_initializer;
    t->name = (char *)(uintptr_t)free_name(x, name);
    ARENA_PUSH(x->arena, x->graph.initializer, count, x->tensor_room) = t;
    x->graph.n_initializer = (size_t)count;
    return t->name;
}

/* The parameter in that form: one initializer for all that read it so. */
static const char *add_parameter(struct export *x, const struct variable *v, const char *form,
                                 Onnx__Tensor *t)
{
    const char *key = arena_printf(x->arena, "%s %s", v->path, form);
    const char *name = names_find(x->parameters, key);
    if (name)
        return name;
    name = add_initializer(x, t, v->path);
    x->parameters = names_add(x->arena, x->parameters, key, (void *)(uintptr_t)name);
    if (strcmp(name, v->path))
        export_loses(x, v->span, "the parameter '%s' is also '%s' in the file, which an import of "
                     "it takes for another", v->path, name);
    return name;
}

const char *export_parameter(struct export *x, const struct variable *v, int rank,
                             const int64_t *dim, const float *value)
{
    return add_parameter(x, v, "of gates", new_tensor(x, ONNX_FLOAT, rank, dim, value));
}

void export_keeps(struct export *x, const struct variable *v)
{
    static char kept;
    if (names_find(x->kept, v->path))
        export_loses(x, v->span, "'%s' belongs to a layer that is called more than once, of which "
                     "an import of the file has another each time", v->path);
    x->kept = names_add(x->arena, x->kept, v->path, &kept);
}

const char *export_array(struct export *x, int type, int rank, const int64_t *dim,
                         const void *bytes, const char *name)
{
    name = export_node(x, "Constant", 0, NULL, name);
    add_attribute(x, "value", ONNX_ATTRIBUTE_TENSOR)->t = new_tensor(x, type, rank, dim, bytes);
    return name;
}

const char *export_whole(struct export *x, int count, const int64_t *value)
{
    int64_t dim[1] = {count};
    return export_array(x, ONNX_INT64, 1, dim, value, NULL);
}

const char *export_number(struct export *x, float value)
{
    return export_array(x, ONNX_FLOAT, 0, NULL, &value, NULL);
}

const struct variable *export_variable(const struct export *x, const char *path)
{
    for (int i = 0; i < x->program->variable_count; i++) {
        const struct variable *v = x->program->variable[i];
        if ((v->kind == VAR_PARAM || v->kind == VAR_BUFFER) && !strcmp(v->path, path))
            return v;
    }
    return NULL;
}

/* Where element `at` of the array whose axes are those of `v` by perm lies in v. */
static int64_t source_of(const struct variable *v, const int *perm, int64_t at)
{
    int64_t stride[RANK_MAX], from = 0, step = 1;
    for (int i = v->shape.rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= v->shape.dim[i];
    }
    for (int i = v->shape.rank - 1; i >= 0; i--) {
        int64_t n = v->shape.dim[perm[i]];
        from += at % n * stride[perm[i]];
        at /= n;
    }
    return from;
}

const char *export_saved(struct export *x, const struct variable *v, const int *perm, int rank,
                         const int64_t *dim)
{
    const unsigned char *bytes = x->weights + v->offset;
    int64_t own[RANK_MAX], count = shape_elements(&v->shape), each = dtype_bytes(v->dtype);
    unsigned char *turned = NULL;
    if (x->of_variable[v->id] && !perm && !rank)
        return x->of_variable[v->id];
    if (perm) {
        turned = arena_alloc(x->arena, (size_t)(count * each) + 1);
        for (int64_t i = 0; i < count; i++)
            memcpy(turned + i * each, bytes + source_of(v, perm, i) * each, (size_t)each);
        bytes = turned;
    }
    for (int i = 0; i < v->shape.rank; i++)
        own[i] = v->shape.dim[perm ? perm[i] : i];
    if (!rank) {
        rank = v->shape.rank;
        dim = own;
    }
    Onnx__Tensor *t = new_tensor(x, export_type(v->dtype), rank, dim, bytes);
    const char *form = "";
    for (int i = 0; perm && i < v->shape.rank; i++)
        form = arena_printf(x->arena, "%s,%d", form, perm[i]);
    const char *name = v->kind == VAR_PARAM ? add_parameter(x, v, form, t) : NULL;
    if (!name) {
        name = export_node(x, "Constant", 0, NULL, v->path);
        add_attribute(x, "value", ONNX_ATTRIBUTE_TENSOR)->t = t;
    }
    if (dim == own && !perm)
        x->of_variable[v->id] = name;
    return name;
}

/* ---- shapes ---- */
int export_type(enum dtype dtype)
{
    static const int type[] = {[F32] = ONNX_FLOAT, [I32] = ONNX_INT32, [BOOL] = ONNX_BOOL,
                               [I64] = ONNX_INT64};
    return type[dtype];
}

bool export_is_joined(const struct shape *s)
{
    return s->rows >= 0 && s->dim[s->rows] != 1 && s->rank < RANK_MAX;
}

int export_axis(const struct shape *s, int axis)
{
    return axis + (export_is_joined(s) && axis > s->rows);
}

struct shape export_extents(const struct shape *s)
{
    struct shape f = *s;
    if (!export_is_joined(s))
        return f;
    f.rank++;
    for (int i = s->rank; i > s->rows; i--)
        f.dim[i] = s->dim[i - 1];
    f.dim[s->rows] = 1;
    return f;
}

const char *export_reshape_joined(struct export *x, const char *a, const struct shape *s,
                                  const char *name)
{
    int64_t dim[RANK_MAX];
    for (int i = 0; i < s->rank; i++)
        dim[i] = i == s->rows ? -1 : s->dim[i];
    return export_binary(x, "Reshape", a, export_whole(x, s->rank, dim), name);
}

const char *export_reshape(struct export *x, const char *a, const struct shape *s, const char *name)
{
    struct shape f = export_extents(s);
    return export_reshape_joined(x, a, &f, name);
}

const char *export_join(struct export *x, const char *a, const struct shape *s)
{
    return export_is_joined(s) ? export_reshape_joined(x, a, s, NULL) : a;
}

const char *export_part(struct export *x, const char *a, const struct shape *s, const char *name)
{
    return export_is_joined(s) ? export_reshape(x, a, s, name) : a;
}

const char *export_transpose(struct export *x, const char *a, int rank, const int *perm,
                             const char *name)
{
    int64_t axes[RANK_MAX];
    bool same = true;
    for (int i = 0; i < rank; i++) {
        axes[i] = perm[i];
        same &= perm[i] == i;
    }
    if (same)
        return a;
    name = export_unary(x, "Transpose", a, name);
    export_ints(x, "perm", rank, axes);
    return name;
}

/* int64[1]: how many rows there are. */
static const char *count_rows(struct export *x)
{
    int64_t zero = 0, one = 1;
    if (!x->rows) {
        const char *input[3] = {export_unary(x, "Shape", x->first_input, NULL),
                                export_whole(x, 1, &zero), export_whole(x, 1, &one)};
        x->rows = export_node(x, "Slice", 3, input, "rows");
    }
    return x->rows;
}

const char *export_shape(struct export *x, const struct shape *of)
{
    const struct shape f = export_extents(of), *s = &f;
    if (s->rows < 0)
        return export_whole(x, s->rank, s->dim);
    const char *part[3];
    int count = 0;
    if (s->rows > 0)
        part[count++] = export_whole(x, s->rows, s->dim);
    part[count++] = s->dim[s->rows] == 1 ? count_rows(x)
        : export_binary(x, "Mul", count_rows(x), export_whole(x, 1, &s->dim[s->rows]), NULL);
    if (s->rows + 1 < s->rank)
        part[count++] = export_whole(x, s->rank - s->rows - 1, s->dim + s->rows + 1);
    const char *name = export_node(x, "Concat", count, part, NULL);
    export_int(x, "axis", 0);
    return name;
}

const char *export_expand(struct export *x, const char *a, const struct shape *s, const char *name)
{
    return export_binary(x, "Expand", a, export_shape(x, s), name);
}

const char *export_cast(struct export *x, const char *a, enum dtype dtype, const char *name)
{
    name = export_unary(x, "Cast", a, name);
    export_int(x, "to", export_type(dtype));
    return name;
}

/* ---- nodes of the phase ---- */
const char *export_operand(const struct export *x, const struct node *n, int i)
{
    return x->value[n->operand[i]];
}

const struct node *export_operand_node(const struct export *x, const struct node *n, int i)
{
    return graph_node(x->phase, n->operand[i]);
}

bool export_is_same(const struct export *x, const struct node *n)
{
    if (n->op != OP_RESHAPE)
        return false;
    struct shape from = export_extents(&export_operand_node(x, n, 0)->shape);
    struct shape to = export_extents(&n->shape);
    return shape_equal(&from, &to);
}

void export_loses(struct export *x, struct span at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    struct diag *d = diag_warning(x->program->diags, at, "%s",
                                  arena_vprintf(x->arena, format, list));
    va_end(list);
    diag_help(d, "what the file predicts is right; to train on, keep the model file and its "
              "weights");
}

void export_refuse(struct export *x, const struct node *n, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    struct span at = n->call.line ? n->call : n->span;
    diag_error(x->program->diags, at, "%s", arena_vprintf(x->arena, format, list));
    va_end(list);
    x->failed = true;
}
