
    ${more}
    ${contract}(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                 ${b}, ${b_k}, ${b_n}, ${rows}, ${columns}, ${k}${and_more});
