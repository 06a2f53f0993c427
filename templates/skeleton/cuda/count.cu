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
        int64_t total = 0;
        for (int64_t j = 0; j < ${rows}; j++) {
${locals}
            total += ${value};
        }
        ${target} = total;
    }
}

