
    for (int64_t ${index} = inv_warp(); ${index} < ${count}; ${index} += inv_warps()) {
        ${indices}
        int64_t total = 0;
        for (int64_t j = inv_lane(); j < ${rows}; j += 32) {
${locals}
            total += ${value};
        }
        total = inv_warp_count(total);
        if (inv_lane() == 0)
            ${target} = total;
    }
