${comment}
static __global__ void ${name}(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
${rows_place}

    inv_contract_tiles<${tile}>(${a}, ${a_m}, ${a_k}, ${b}, ${b_k}, ${b_n}, ${m}, ${n}, ${k},
        [=](int64_t i, int64_t j, float ${product}) {
${body}
        });
}

