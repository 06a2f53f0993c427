/* ${comment} */
static const struct inv_step ${name}_steps[] = {
${steps}
};

static void ${name}(const struct inv_run *run)
{
    inv_run_steps(run, ${name}_steps, sizeof ${name}_steps / sizeof *${name}_steps, trace_nodes);
}
