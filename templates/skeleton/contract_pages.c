${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t i = begin; i < end; i++)
        inv_contract(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, ${m}, ${columns}, ${k});
}

