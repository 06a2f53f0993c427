${comment}
static __global__ void ${name}(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
@each pointer
    ${pointer}
@end
${rows_place}

    inv_contract_join(run->workspace, ${pages}, ${m}, ${n}, ${k},
        [=](${indices}, float ${product}) {
${body}
        });
}

