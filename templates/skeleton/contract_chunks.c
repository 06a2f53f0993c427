
    for (${int} p = inv_chunks(begin) * INV_CHUNK; p < end; p += INV_CHUNK)
        inv_contract(${chunks} + p / INV_CHUNK * ${outputs}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, ${m}, ${n},
                     ${k} - p < INV_CHUNK ? ${k} - p : INV_CHUNK);
