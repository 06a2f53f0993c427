
    for (${int} i = begin; i < end; i++)
        inv_contract(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, ${m}, ${columns}, ${k});
