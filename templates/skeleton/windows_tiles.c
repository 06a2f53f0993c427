
${tables}    /* Some rows of the product, then what is made of them while a cache holds them. */
    for (${int} first = ${row_begin}; first < ${row_end}; first += ${tile_rows}) {
        const ${int} last = ${row_end} - first < ${tile_rows} ? ${row_end} : first + ${tile_rows};
${tile}
        inv_contract_${stem}(${out}, ${out_row}, &left, ${row}, &right, 0,
                             ${pages}last - first, ${columns}, ${k});
${body}
    }
