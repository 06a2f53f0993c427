
    /* Tiles of the product, each with what is made of it while a cache holds it. */
    for (${int} left = 0; left < ${n}; left += ${tile_columns}) {
        const ${int} right = ${n} - left < ${tile_columns} ? ${n} : left + ${tile_columns};
${panels}
        for (${int} first = ${row_begin}; first < ${row_end}; first += ${tile_rows}) {
            const ${int} rest = ${row_end} - first;
            const ${int} last = first + (rest < ${tile_rows} ? rest : ${tile_rows});
${tile}
            ${contract}(${out}, ${tile_columns}, ${a}, ${a_m}, ${a_k},
                         ${b}, ${b_k}, ${b_n}, last - first, right - left, ${k}${and_more});
${body}
        }
    }
