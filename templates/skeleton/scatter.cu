
    const int64_t parts = inv_scatter_parts(${n}, ${c});
    for (int64_t part = inv_warp(); part < ${all_parts}; part += inv_warps()) {
        ${page}
        inv_scatter_part(${arguments}, ${n}, ${r}, ${c}, ${part});
    }
