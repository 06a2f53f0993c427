
    for (${int} i = ${page_begin}; i < ${page_end}; i++)
        for (${int} k = ${column_begin}; k < ${column_end}; k++) {
            int64_t total_64 = 0;
            for (${int} j = 0; j < ${rows}; j++) {
${locals}
                total_64 += ${value};
            }
            ${target} = total_64;
        }
