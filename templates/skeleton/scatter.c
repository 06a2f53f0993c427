${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t i = ${page_begin}; i < ${page_end}; i++)
        inv_scatter_add(${out}, ${g}, ${index}, ${n}, ${r}, ${c}, ${column_begin}, ${column_end});
}

