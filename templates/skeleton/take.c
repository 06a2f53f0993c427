
    for (${int} i = begin; i < end; i++) {
        const ${int} at = ${page}inv_take_index(${index}[i], ${n});
        for (${int} j = 0; j < ${c}; j++)
            ${out}[${row}i + j] = ${x}[${row}at + j];
    }
