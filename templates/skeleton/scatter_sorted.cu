
    const int64_t parts = inv_scatter_parts(${n}, ${c});
    for (int64_t part = inv_warp(); part < ${all_parts}; part += inv_warps()) {
        ${page}
        const uint64_t *keys = (const uint64_t *)(const void *)run->workspace${keys};
        inv_scatter_sorted(${out}, ${g}, inv_sorted_keys(keys, ${r}), ${r}, ${c}, ${part});
    }
