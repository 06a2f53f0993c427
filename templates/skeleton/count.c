${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t i = ${page_begin}; i < ${page_end}; i++)
        for (int64_t k = ${column_begin}; k < ${column_end}; k++) {
            int64_t total = 0;
            for (int64_t j = 0; j < ${rows}; j++) {
${locals}
                total += ${value};
            }
            ${target} = total;
        }
}

