
    for (int64_t i = ${page_begin}; i < ${page_end}; i++)
        inv_scatter_add(${out}, ${g}, ${index}, ${n}, ${r}, ${c}, ${column_begin}, ${column_end});
