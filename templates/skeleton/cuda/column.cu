${comment}
static __global__ void ${name}(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
${rows_place}

    inv_column_sum(${pages}, ${rows}, ${columns},
        [=](int64_t i, int64_t j, int64_t k) {
${locals}
            return ${value};
        },
        [=](int64_t i, int64_t k, float total) { ${target} = total; });
}

