
    for (${int} i = begin; i < end; i++)
        ${out}[i] = ${x}[${page}inv_take_index(${index}[i], ${n})];
