${comment}
INV_UNMERGED static void ${name}(const struct inv_run *run, ${int} begin, ${int} end)
{
@each pointer
    ${pointer}
@end
    ${batch}
${work}
}

