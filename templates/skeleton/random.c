${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}
    ${first}

    for (int64_t i = begin; i < end;) {
        uint32_t word[4];
        const int64_t element = ${element};
        inv_random_quad(run->key, (uint32_t)(element / 4), ${moment}, ${stream}, word);
        for (int64_t j = element % 4; j < 4 && i < end; j++, i++)
            ${out}[i] = ${value};
    }
}

