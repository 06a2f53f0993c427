${comment}
static __global__ void ${name}(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t ${index} = inv_thread(); ${index} < ${count}; ${index} += inv_threads()) {
        ${indices}
        inv_scatter_add(${out}, ${g}, ${at}, ${n}, ${r}, ${c}, j, j + 1);
    }
}

