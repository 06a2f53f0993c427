
    for (int64_t ${index} = inv_warp(); ${index} < ${count}; ${index} += inv_warps()) {
        ${indices}
        int64_t total[${words}] = {0};
        for (int64_t j = inv_lane(); j < ${rows}; j += 32) {
${locals}
            inv_exact_add${kind}(total, ${value});
        }
        for (int d = 0; d < ${words}; d++)
            total[d] = inv_warp_count(total[d]);
        for (int d = inv_lane(); d < ${words}; d += 32)
            ${out}[${columns}d + k] = total[d];
    }
