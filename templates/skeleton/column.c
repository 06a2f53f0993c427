
    for (${int} i = ${page_begin}; i < ${page_end}; i++)
        for (${int} strip = ${column_begin}; strip < ${column_end}; strip += INV_STRIP) {
            const ${int} left = ${column_end} - strip;
            const ${int} edge = strip + (left < INV_STRIP ? left : INV_STRIP);
            float total[INV_STRIP] = {0};
            for (${int} row = 0; row < ${rows}; row += INV_CHUNK) {
                const ${int} last = row + (${rows} - row < INV_CHUNK ? ${rows} - row : INV_CHUNK);
                float chunk[INV_STRIP] = {0};
                for (${int} j = row; j < last; j++)
                    for (${int} k = strip; k < edge; k++) {
${locals}
                        chunk[k - strip] = inv_add(chunk[k - strip], ${value});
                    }
                for (${int} k = strip; k < edge; k++)
                    total[k - strip] = inv_add(total[k - strip], chunk[k - strip]);
            }
            for (${int} k = strip; k < edge; k++)
                ${target} = total[k - strip];
        }
