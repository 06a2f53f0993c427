
@each sum
    inv_add_chunks(${out} + begin, ${chunks} + ${number} * ${columns} + begin,
                   ${sums} * ${columns}, inv_chunks(${rows}), end - begin);
@end
