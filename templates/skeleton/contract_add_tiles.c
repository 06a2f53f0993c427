
    /* Some rows of the product, then what is made of them while a cache holds them. */
    for (${int} first = begin; first < end; first += ${tile_rows}) {
        const ${int} last = end - first < ${tile_rows} ? end : first + ${tile_rows};
${tile}
        inv_add_chunks(${out}, ${chunks} + ${out_row} * first, ${outputs}, inv_chunks(${k}),
                       ${out_row} * (last - first));
${body}
    }
