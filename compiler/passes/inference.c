/* pass_inference: what is left of a program that only predicts.
 *
 * requires:    pass_random on the program: streams have the numbers that a trainer's have.
 * establishes: no phases but prepare, normalise and predict; variables that these use, those that
 *              are saved and the data's, numbered anew; no shards, reports, rates or budgets. */
#include "passes/pass.h"

struct inference {
    struct program *program;
    int *number;                        /* of each variable from now on, or -1 */
};

static bool is_kept(const struct variable *v)
{
    return v->kind == VAR_PARAM || v->kind == VAR_BUFFER || v->kind == VAR_RAW ||
           v->kind == VAR_INPUT || v->kind == VAR_SAMPLE || v->kind == VAR_OUTPUT;
}

static bool names_variable(const struct node *node)
{
    return node->op == OP_READ || node->op == OP_STORE;
}

/* A block that holds none of the parameters is the optimizer's. */
static void find_kept(struct inference *i)
{
    struct program *program = i->program;
    for (int v = 0; v < program->variable_count; v++)
        i->number[v] = is_kept(program->variable[v]);
    for (int v = 0; v < program->variable_count; v++)
        if (program->variable[v]->kind == VAR_PARAM && program->variable[v]->block >= 0)
            i->number[program->variable[v]->block] = 1;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        for (int n = 0; program->phase[phase] && n < program->phase[phase]->count; n++)
            if (names_variable(program->phase[phase]->node[n]))
                i->number[program->phase[phase]->node[n]->attr.variable] = 1;
}

static void number_kept(struct inference *i)
{
    struct program *program = i->program;
    int count = 0;
    for (int v = 0; v < program->variable_count; v++) {
        struct variable *variable = program->variable[v];
        bool kept = i->number[v] != 0;
        i->number[v] = kept ? count : -1;
        if (kept)
            program->variable[count++] = variable;
    }
    program->variable_count = count;
    for (int v = 0; v < count; v++) {
        struct variable *variable = program->variable[v];
        variable->id = v;
        variable->block = variable->block < 0 ? -1 : i->number[variable->block];
        variable->updated_by = 0;
    }
}

static void rename_one(const struct inference *i, int *variable)
{
    if (*variable >= 0)
        *variable = i->number[*variable];
}

static void rename_all(struct inference *i)
{
    struct program *program = i->program;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        for (int n = 0; program->phase[phase] && n < program->phase[phase]->count; n++)
            if (names_variable(program->phase[phase]->node[n]))
                rename_one(i, &program->phase[phase]->node[n]->attr.variable);
    for (int f = 0; f < program->data.field_count; f++) {
        struct data_field *field = &program->data.field[f];
        int *const names[] = {&field->raw, &field->input, &field->single, &field->fill,
                              &field->fit_a, &field->fit_b, &field->balance};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            rename_one(i, names[k]);
    }
    rename_one(i, &program->data.total_weight);
    rename_one(i, &program->sample);
    if (program->generate)
        rename_one(i, &program->generate->output);
}

void pass_inference(struct program *program)
{
    struct inference i = {.program = program,
                          .number = ARENA_ARRAY(program->arena, int, program->variable_count + 1)};
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (phase != PHASE_PREPARE && phase != PHASE_NORMALISE && phase != PHASE_PREDICT)
            program->phase[phase] = NULL;
    program->only_predicts = true;
    program->keeps_gradients = false;
    program->train.shards = 1;
    program->report_count = program->ranking_count = program->watched_count = 0;
    program->rate_count = program->target_count = 0;
    find_kept(&i);
    number_kept(&i);
    rename_all(&i);
}
