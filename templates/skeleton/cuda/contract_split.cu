${comment}
static __global__ void ${name}(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t i = inv_page(); i < ${pages}; i += inv_pages())
        inv_contract_split<${tile}>(run->workspace, i, ${a}, ${a_m}, ${a_k},
                                    ${b}, ${b_k}, ${b_n}, ${m}, ${n}, ${k});
}

