${comment}
static __global__ void ${name}(const struct inv_run *run${own})
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
    ${batch}
${work}
}

