
    inv_add_chunks(${out}, ${chunks} + ${out_row} * begin, ${outputs}, inv_chunks(${k}),
                   ${out_row} * (end - begin));
