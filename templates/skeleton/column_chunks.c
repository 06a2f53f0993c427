
    for (${int} row = inv_chunks(begin) * INV_CHUNK; row < end; row += INV_CHUNK) {
        const ${int} last = row + (${rows} - row < INV_CHUNK ? ${rows} - row : INV_CHUNK);
        float *restrict sums = ${chunks} + row / INV_CHUNK * (${sums} * ${columns});
@each sum
        float ${chunk}[${columns}] = {0};
@end
        for (${int} j = row; j < last; j++)
            for (${int} k = 0; k < ${columns}; k++) {
${locals}
@each sum
                ${chunk}[k] = inv_add(${chunk}[k], ${value});
@end
            }
        for (${int} k = 0; k < ${columns}; k++) {
@each sum
            sums[${number} * ${columns} + k] = ${chunk}[k];
@end
        }
    }
