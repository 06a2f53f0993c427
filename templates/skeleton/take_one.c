${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}

    for (int64_t i = begin; i < end; i++)
        ${out}[i] = ${x}[${page}inv_take_index(${index}[i], ${n})];
}

