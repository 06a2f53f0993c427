/* Rows of the data on this device; of each part that has files of its own, as many again. */
#define ${upper}_EXAMPLE_ROWS \
    (${upper}_DRAWN_ROWS ? ${upper}_DRAWN_ROWS : 4 * ${upper}_BATCH > 32 ? 4 * ${upper}_BATCH : 32)

static unsigned char arena[${upper}_ARENA_BYTES] __attribute__((aligned(8)));
static int32_t order[${upper}_ORDER_WORDS(2 * ${upper}_EXAMPLE_ROWS) + 1];
static struct ${model} model;
static struct ${model}_best best;
@each keeps
static unsigned char kept[${upper}_TRAINED_BYTES] __attribute__((aligned(8))); /* of the best */
@end
static struct ${model}_reports reports;

/* Put the cells of row `row->sample` of your own data here, from flash, a card or a sensor, as
 * numbers; these only make the example run.  0, or else the row cannot be read. */
static int ${model}_example_row(void *user, const struct ${model}_row *row)
{
    (void)user;
@each cell
    for (int32_t i = 0; i < ${elements}; i++)
        row->${name}[i] = (${ctype})(${lift}(row->sample + i) % ${period});
@end
    return row->sample < 0;
}

/* Start values come from the seed.  What was saved before a reset is loaded after this: see
 * ${model}_save and ${model}_load. */
static enum ${model}_status ${model}_example_begin(void)
{
    static struct ${model}_data data;
@each main
    data.rows = ${upper}_EXAMPLE_ROWS;
@end
@each own
    data.part_rows[${upper}_${part}] = ${upper}_EXAMPLE_ROWS;
@end
    data.order = ${upper}_ORDER_WORDS(1) > 0 ? order : NULL;
    data.row = ${model}_example_row;
@each keeps
    best.weights = kept;
@end
    enum ${model}_status status = ${model}_init(&model, arena, sizeof arena);
    return status < 0 ? status : ${model}_begin(&model, &data);
}

/* One step.  At the end of an epoch the results of that epoch are in `reports`, and what the model
 * watches is looked at; at the end of training the weights are those that a trainer would write. */
static enum ${model}_status ${model}_example_step(void)
{
    static struct ${model}_reports watched;
    enum ${model}_status status = ${model}_step(&model);
    if (status != ${upper}_EPOCH && status != ${upper}_DONE)
        return status;
    ${model}_epoch_reports(&model, &reports);
    enum ${model}_status seen = ${model}_watch(&model, &best, &watched);
    if (seen < 0 || seen == ${upper}_DONE)
        status = seen;
    if (status == ${upper}_DONE)
        ${model}_finish(&model, &best);
    return status;
}
