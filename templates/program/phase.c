/* ${comment} */
static void ${name}(const struct inv_run *run)
{
${rows}
@each step
    ${step}
@end
}

