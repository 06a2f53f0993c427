
    /* Rows begin .. end - 1 of all pages. */
    for (${int} r = begin; r < end;) {
        const ${int} i = r / ${m}, first = r - ${m_factor}i;
        const ${int} last = ${m} - first < end - r ? ${m} : first + end - r;
        inv_contract(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, last - first, ${columns}, ${k});
        r += last - first;
    }
