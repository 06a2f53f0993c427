/* ${comment} */
static const struct inv_step ${name}_steps[] = {
${steps}
};
@each straight

static void ${name}(const struct inv_run *run)
{
    inv_run_steps(run, ${name}_steps, sizeof ${name}_steps / sizeof *${name}_steps, trace_nodes);
}
@end
@each banded

/* steps that run together, some rows at a time: the first, how many, rows, those of a page or 0;
 * the last is none */
static const struct inv_band ${name}_bands[] = {
@each band
    {${band}},
@end
    {-1, 0, 0, 0},
};

static void ${name}(const struct inv_run *run)
{
    inv_run_bands(run, ${name}_steps, sizeof ${name}_steps / sizeof *${name}_steps, trace_nodes,
                  ${name}_bands);
}
@end
@each looped

/* loops: first step, the one behind the last, turns, whether from the last index to the first, how
 * many loops are around it, first row of what moves */
static const struct inv_loop ${name}_loops[] = {
@each loop
    {${loop}},
@end
};

/* what moves in them: step, how many numbers it has of its own, which one, in which loop, by how
 * many bytes from one index to the next: constant + rows * b */
static const struct inv_move ${name}_moves[] = {
@each move
    {${move}},
@end
    {-1, 0, 0, 0, {0, 0}},
};

static void ${name}(const struct inv_run *run)
{
    int64_t at[${numbers}];
    const struct inv_loops loops = {${name}_loops, sizeof ${name}_loops / sizeof *${name}_loops,
                                    ${name}_moves};
    inv_run_loops(run, ${name}_steps, sizeof ${name}_steps / sizeof *${name}_steps, trace_nodes,
                  &loops, at);
}
@end
