
    /* Rows begin .. end - 1 of all pages: some, then what is made of them. */
    for (${int} r = begin; r < end;) {
        const ${int} i = r / ${m}, first = r - ${m_factor}i;
        const ${int} rows = ${m} - first < end - r ? ${m} - first : end - r;
        const ${int} last = first + (rows < ${tile_rows} ? rows : ${tile_rows});
${tile}
        inv_contract(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, last - first, ${columns}, ${k});
${body}
        r += last - first;
    }
