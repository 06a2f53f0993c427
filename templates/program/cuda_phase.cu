/* ${comment} */
extern "C" void ${model}_${name}(const struct inv_run *run)
{
    ${batch}
${steps}
}

