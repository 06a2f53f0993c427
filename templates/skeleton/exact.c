
    for (${int} k = begin; k < end; k++) {
        int64_t total_64[${words}] = {0};
        for (${int} j = 0; j < ${rows}; j++) {
${locals}
            inv_exact_add${kind}(total_64, ${value});
        }
        for (${int} d = 0; d < ${words}; d++)
            ${out}[${columns}d + k] = total_64[d];
    }
