${comment}
static void ${name}(const struct inv_run *run, int64_t begin, int64_t end)
{
@each pointer
    ${pointer}
@end
${rows_place}
${work}
}

