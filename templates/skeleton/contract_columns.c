
    /* Sums over rows begin .. end - 1 of all pages: whole pages, or pieces of one in order. */
    for (${int} r = begin; r < end;) {
        const ${int} i = r / ${k}, first = r - ${k_factor}i;
        const ${int} last = ${k} - first < end - r ? ${k} : first + end - r;
        (first == 0 ? inv_contract : inv_contract_more)
            (${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
             ${b}, ${b_k}, ${b_n}, ${m}, ${columns}, last - first);
        r += last - first;
    }
