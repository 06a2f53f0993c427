
    for (int64_t i = begin; i < end; i++) {
        const int64_t at = ${page}inv_take_index(${index}[i], ${n});
        for (int64_t j = 0; j < ${c}; j++)
            ${out}[${row}i + j] = ${x}[${row}at + j];
    }
