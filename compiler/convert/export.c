/* invar export --to onnx: the graphs that predict, phase by phase.  What blocks of the library are
 * operators of ONNX is written as these (write_blocks.c), all else node by node (write_ops.c). */
#include "convert/export.h"
#include <stdlib.h>
#include <string.h>
#include "build/build.h"
#include "convert/write.h"
#include "host/digest.h"
#include "host/json.h"
#include "invar.h"

enum { OPSET = 17, IR = 8 };            /* of ONNX 1.12: LayerNormalization came with them */

/* ---- which nodes are written ---- */

/* The node whose value is what the loop's cell gives in all turns, and nothing else; -1: none. */
static int stack_of(const struct export *x, const struct block_call *c)
{
    for (int id = 0; id < x->phase->count; id++)
        if (graph_node(x->phase, id)->op == OP_STACK &&
            graph_node(x->phase, id)->operand[0] == c->result)
            return id;
    return -1;
}

/* By node of the phase: the outermost call that it is the result of and that has a row. */
static void find_calls(struct export *x)
{
    for (const struct block_call *c = x->program->called; c; c = c->before) {
        const struct export_block *row = c->library ? export_find_block(c->block) : NULL;
        int at = !row || (row->fits && !row->fits(x, c)) ? -1
            : row->runs ? stack_of(x, c) : c->result;
        if (at >= 0 && !x->call[at])
            x->call[at] = c;
    }
    for (const struct node_name *n = x->program->named; n; n = n->before)
        if (!x->named[n->node])
            x->named[n->node] = n->name;
}

/* What is written as its operand gives it its name. */
static void hand_names_down(struct export *x)
{
    for (int id = x->phase->count - 1; id >= 0; id--) {
        const struct node *n = graph_node(x->phase, id);
        if (x->named[id] && !x->call[id] && export_is_same(x, n) && !x->named[n->operand[0]])
            x->named[n->operand[0]] = x->named[id];
    }
}

/* What a call is given from outside of the loop that it stands for. */
static int seen_by(const struct export *x, const struct block_call *c, int given)
{
    const struct node *n = graph_node(x->phase, given);
    return export_find_block(c->block)->runs && n->op == OP_TURN ? n->operand[0] : given;
}

/* needed: by node; those that stores need are marked on the way. */
static void mark_needed(const struct export *x, bool *needed)
{
    for (int id = x->phase->count - 1; id >= 0; id--) {
        const struct node *n = graph_node(x->phase, id);
        const struct block_call *c = x->call[id];
        if (!needed[id])
            continue;
        for (int i = 0; c && i < c->given_count; i++)
            if (c->given[i].node >= 0)
                needed[seen_by(x, c, c->given[i].node)] = true;
        for (int i = 0; !c && i < n->count; i++)
            needed[n->operand[i]] = true;
    }
}

/* Warns of what training does, and is in no operator that is written for a call as a whole. */
static void tell_of_training(struct export *x, const bool *needed)
{
    const struct program *p = x->program;
    bool *told = ARENA_ARRAY(x->arena, bool, p->asked_count + 1);
    for (int id = 0; id < x->phase->count; id++)
        for (int i = x->call[id] && needed[id] ? x->call[id]->first_asked : p->asked_count;
             i < p->asked_count && i < x->call[id]->last_asked; i++)
            told[i] = true;
    for (int i = 0; i < p->asked_count; i++)
        if (!told[i])
            export_loses(x, p->asked[i].span, "what %s does in training is not in the file, and an "
                         "import of it trains otherwise",
                         p->asked[i].block ? arena_printf(x->arena, "'%s'", p->asked[i].block)
                                           : "the model");
}

/* Warns of buffers that training changes. */
static void tell_of_variables(struct export *x)
{
    const struct program *p = x->program;
    const struct graph *train = p->phase[PHASE_TRAIN];
    for (int id = 0; train && id < train->count; id++) {
        const struct node *n = graph_node(train, id);
        const struct variable *v =
            n->op == OP_STORE ? program_variable(p, n->attr.variable) : NULL;
        if (v && v->kind == VAR_BUFFER && !names_find(x->kept, v->path))
            export_loses(x, v->span, "the buffer '%s' changes in training; in the file it is a "
                         "constant, and an import of it leaves it as it is", v->path);
    }
}

static void write_nodes(struct export *x, const bool *needed)
{
    for (int id = 0; id < x->phase->count && !x->failed; id++) {
        const struct node *n = graph_node(x->phase, id);
        if (!needed[id] || n->op == OP_STORE)
            continue;
        if (x->call[id])
            x->value[id] =
                export_find_block(x->call[id]->block)->write(x, x->call[id], x->named[id]);
        else if (export_ops[n->op])
            x->value[id] = export_ops[n->op](x, n, x->named[id]);
        else
            export_refuse(x, n, "the operator '%s' has no counterpart in ONNX yet",
                          node_title(n));
    }
}

/* ---- inputs and outputs ---- */
static void set_type(struct export *x, Onnx__ValueInfo *v, enum dtype dtype, const struct shape *s)
{
    v->type = ARENA_NEW(x->arena, Onnx__Type);
    onnx__type__init(v->type);
    Onnx__TensorType *t = v->type->tensor_type = ARENA_NEW(x->arena, Onnx__TensorType);
    onnx__tensor_type__init(t);
    t->has_elem_type = 1;
    t->elem_type = export_type(dtype);
    t->shape = ARENA_NEW(x->arena, Onnx__Shape);
    onnx__shape__init(t->shape);
    t->shape->n_dim = (size_t)s->rank;
    t->shape->dim = ARENA_ARRAY(x->arena, Onnx__Dimension *, s->rank + 1);
    for (int i = 0; i < s->rank; i++) {
        Onnx__Dimension *d = t->shape->dim[i] = ARENA_NEW(x->arena, Onnx__Dimension);
        onnx__dimension__init(d);
        if (i == s->rows) {
            d->dim_param = arena_strdup(x->arena, "rows");
        } else {
            d->has_dim_value = 1;
            d->dim_value = s->dim[i];
        }
    }
}

static void add_info(struct export *x, Onnx__ValueInfo ***list, size_t *count, int *room,
                     const char *name, enum dtype dtype, const struct shape *s)
{
    Onnx__ValueInfo *v = ARENA_NEW(x->arena, Onnx__ValueInfo);
    int number = (int)*count;
    onnx__value_info__init(v);
    v->name = (char *)(uintptr_t)name;
    set_type(x, v, dtype, s);
    ARENA_PUSH(x->arena, *list, number, *room) = v;
    *count = (size_t)number;
}

/* The variable is an input under that name. */
static void add_input(struct export *x, const struct variable *v, const char *name)
{
    static char used;
    x->taken = names_add(x->arena, x->taken, name, &used);
    add_info(x, &x->graph.input, &x->graph.n_input, &x->input_room, name, v->dtype, &v->shape);
    x->of_variable[v->id] = name;
    x->first_input = x->first_input ? x->first_input : name;
}

/* ---- phases ---- */

/* Writes what of the phase the wanted variables need; they then hold what it stores there. */
static void write_phase(struct export *x, enum phase phase, const bool *wanted)
{
    const struct graph *graph = x->phase = x->program->phase[phase];
    if (!graph || x->failed)
        return;
    bool *needed = ARENA_ARRAY(x->arena, bool, graph->count + 1);
    x->value = ARENA_ARRAY(x->arena, const char *, graph->count + 1);
    x->call = ARENA_ARRAY(x->arena, const struct block_call *, graph->count + 1);
    x->named = ARENA_ARRAY(x->arena, const char *, graph->count + 1);
    for (int id = 0; id < graph->count; id++) {
        const struct node *n = graph_node(graph, id);
        if (n->op != OP_STORE || !wanted[n->attr.variable])
            continue;
        needed[id] = true;
    }
    if (phase == PHASE_PREDICT)
        find_calls(x);
    for (int id = 0; id < graph->count && phase == PHASE_PREDICT; id++) {
        const struct node *n = graph_node(graph, id);
        if (needed[id] && !x->named[n->operand[0]]) /* fields have the names of inputs */
            x->named[n->operand[0]] = program_variable(x->program, n->attr.variable)->path;
    }
    hand_names_down(x);
    mark_needed(x, needed);
    write_nodes(x, needed);
    if (phase == PHASE_PREDICT && !x->failed) {
        tell_of_training(x, needed);
        tell_of_variables(x);
    }
    for (int id = 0; id < graph->count && !x->failed; id++)
        if (needed[id] && graph_node(graph, id)->op == OP_STORE)
            x->of_variable[graph_node(graph, id)->attr.variable] =
                export_operand(x, graph_node(graph, id), 0);
}

/* Whether the predict graph reads the variable. */
static bool is_read(const struct program *p, int variable)
{
    const struct graph *graph = p->phase[PHASE_PREDICT];
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id]->op == OP_READ && graph->node[id]->attr.variable == variable)
            return true;
    return false;
}

/* The inputs, and what prepares fields from them. */
static void write_fields(struct export *x, const struct export_request *request)
{
    const struct data_desc *data = &x->program->data;
    bool *wanted = ARENA_ARRAY(x->arena, bool, x->program->variable_count + 1);
    for (int i = 0; i < data->field_count; i++) {
        const struct data_field *f = &data->field[i];
        if (f->label || f->input < 0 || !is_read(x->program, f->input))
            continue;
        bool prepared = f->raw >= 0 && !request->fields && !data->window;
        wanted[f->input] = prepared;
        add_input(x, program_variable(x->program, prepared ? f->raw : f->input), f->name);
    }
    if (!request->fields && !data->window) {
        write_phase(x, PHASE_PREPARE, wanted);
        write_phase(x, PHASE_NORMALISE, wanted);
    }
}

static void write_outputs(struct export *x)
{
    bool *wanted = ARENA_ARRAY(x->arena, bool, x->program->variable_count + 1);
    for (int i = 0; i < x->program->variable_count; i++)
        wanted[i] = x->program->variable[i]->kind == VAR_OUTPUT;
    write_phase(x, PHASE_PREDICT, wanted);
    for (int i = 0; i < x->program->variable_count && !x->failed; i++) {
        const struct variable *v = x->program->variable[i];
        if (!wanted[i])
            continue;
        const char *value = x->of_variable[i];
        if (strcmp(value, v->path))
            value = export_unary(x, "Identity", value, v->path);
        add_info(x, &x->graph.output, &x->graph.n_output, &x->output_room, value, v->dtype,
                 &v->shape);
    }
}

/* ---- the file ---- */
static void add_note(struct arena *arena, Onnx__Model *model, const char *key, const char *value)
{
    Onnx__Entry **longer = ARENA_ARRAY(arena, Onnx__Entry *, model->n_metadata_props + 1);
    for (size_t i = 0; i < model->n_metadata_props; i++)
        longer[i] = model->metadata_props[i];
    Onnx__Entry *e = longer[model->n_metadata_props++] = ARENA_NEW(arena, Onnx__Entry);
    onnx__entry__init(e);
    e->key = (char *)(uintptr_t)key;
    e->value = (char *)(uintptr_t)value;
    model->metadata_props = longer;
}

/* "[\"setosa\",...]" of each field with named classes. */
static void note_classes(struct arena *arena, Onnx__Model *model, const struct program *p)
{
    for (int i = 0; i < p->data.field_count; i++) {
        const struct data_field *f = &p->data.field[i];
        char *text = NULL;
        size_t size;
        FILE *out = f->class_name && f->class_count ? open_memstream(&text, &size) : NULL;
        for (int k = 0; out && k < f->class_count; k++) {
            putc(k ? ',' : '[', out);
            inv_json_write(out, f->class_name[k]);
        }
        if (!out)
            continue;
        putc(']', out);
        fclose(out);
        add_note(arena, model, arena_printf(arena, "invar.classes.%s", f->name),
                 arena_strdup(arena, text));
        free(text);
    }
}

static Onnx__Model *new_model(struct export *x, const char *weights_sha256)
{
    struct arena *arena = x->arena;
    Onnx__Model *model = ARENA_NEW(arena, Onnx__Model);
    onnx__model__init(model);
    model->has_ir_version = 1;
    model->ir_version = IR;
    model->producer_name = arena_strdup(arena, "invar");
    model->producer_version = arena_strdup(arena, INVAR_VERSION);
    model->graph = &x->graph;
    model->n_opset_import = 1;
    model->opset_import = ARENA_ARRAY(arena, Onnx__OperatorSet *, 1);
    Onnx__OperatorSet *set = model->opset_import[0] = ARENA_NEW(arena, Onnx__OperatorSet);
    onnx__operator_set__init(set);
    set->has_version = 1;
    set->version = OPSET;
    add_note(arena, model, "invar.model_sha256", x->program->model_sha256);
    add_note(arena, model, "invar.weights_sha256", weights_sha256);
    add_note(arena, model, "invar.numerics", arena_printf(arena, "%d", INV_NUMERICS));
    note_classes(arena, model, x->program);
    return model;
}

/* Parameters and buffers lie one after another: what is not planned has no place yet. */
static void place_saved(struct program *p)
{
    for (int i = 0; i < p->variable_count; i++) {
        struct variable *v = p->variable[i];
        if (v->kind != VAR_PARAM && v->kind != VAR_BUFFER)
            continue;
        v->offset = p->saved_bytes;
        p->saved_bytes += shape_elements(&v->shape) * dtype_bytes(v->dtype);
    }
}

static bool has_outputs(struct program *p, struct inv_errors *errors)
{
    for (int i = 0; i < p->variable_count; i++)
        if (p->variable[i]->kind == VAR_OUTPUT)
            return true;
    inv_error(errors,
              "%s: model '%s' has no output; say what it predicts, for example: output probs "
              "= softmax(logits)",
              p->model_path, p->name);
    return false;
}

int export_onnx(struct program *p, const struct export_request *request)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: "};
    struct arena *arena = p->arena;
    if (!has_outputs(p, &errors))
        return 1;
    place_saved(p);
    const uint32_t *word = build_read_weights(p, request->weights, &errors);
    char digest[65];
    if (!word || !inv_digest_file(request->weights, "weights", digest, &errors))
        return 1;
    struct export x = {.arena = arena, .program = p, .weights = (const unsigned char *)word,
                       .errors = &errors};
    x.of_variable = ARENA_ARRAY(arena, const char *, p->variable_count + 1);
    onnx__graph__init(&x.graph);
    x.graph.name = (char *)(uintptr_t)p->name;
    write_fields(&x, request);
    write_outputs(&x);
    diags_print(p->diags, stderr);
    if (x.failed || diags_error_count(p->diags))
        return 1;
    return !onnx_write(arena, &new_model(&x, digest)->base, request->out, &errors);
}
