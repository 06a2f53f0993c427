
    /* Some rows of the product, then what is made of them while a cache holds them. */
    for (${int} first = ${row_begin}; first < ${row_end}; first += ${tile_rows}) {
        const ${int} last = ${row_end} - first < ${tile_rows} ? ${row_end} : first + ${tile_rows};
${tile}
        ${contract}(${out}, ${out_row}, ${a}, ${a_m}, ${a_k},
                     ${b}, ${b_k}, ${b_n}, last - first, ${columns}, ${k}${and_more});
${body}
    }
