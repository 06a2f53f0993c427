
    for (${int} i = ${page_begin}; i < ${page_end}; i++)
        for (${int} strip = ${column_begin}; strip < ${column_end}; strip += INV_STRIP) {
            const ${int} left = ${column_end} - strip;
            const ${int} edge = strip + (left < INV_STRIP ? left : INV_STRIP);
@each sum
            float ${total}[INV_STRIP] = {0};
@end
            for (${int} row = 0; row < ${rows}; row += INV_CHUNK) {
                const ${int} last = row + (${rows} - row < INV_CHUNK ? ${rows} - row : INV_CHUNK);
@each sum
                float ${chunk}[INV_STRIP] = {0};
@end
                for (${int} j = row; j < last; j++)
                    for (${int} k = strip; k < edge; k++) {
${locals}
@each sum
                        ${chunk}[k - strip] = inv_add(${chunk}[k - strip], ${value});
@end
                    }
                for (${int} k = strip; k < edge; k++) {
@each sum
                    ${total}[k - strip] = inv_add(${total}[k - strip], ${chunk}[k - strip]);
@end
                }
            }
            for (${int} k = strip; k < edge; k++) {
@each sum
                ${target} = ${total}[k - strip];
@end
            }
        }
