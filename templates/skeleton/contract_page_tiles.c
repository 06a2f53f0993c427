
    /* Some rows of the product, then what is made of them while a cache holds them. */
    for (${int} i = begin; i < end; i++)
        for (${int} first = 0; first < ${m}; first += ${tile_rows}) {
            const ${int} last = ${m} - first < ${tile_rows} ? ${m} : first + ${tile_rows};
${tile}
            inv_contract(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                         ${b}, ${b_k}, ${b_n}, last - first, ${columns}, ${k});
${body}
        }
