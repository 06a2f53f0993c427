
    for (int64_t ${element} = inv_thread(); ${element} < ${count}; ${element} += inv_threads()) {
        ${indices}
        const int64_t at = ${page}inv_take_index(${index}[i], ${n});
        ${out}[${element}] = ${x}[${source}];
    }
