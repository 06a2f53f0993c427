
    for (${int} i = ${page_begin}; i < ${page_end}; i++)
        inv_${stem}(${arguments}, ${n}, ${r}, ${c}, ${column_begin}, ${column_end}${marks});
