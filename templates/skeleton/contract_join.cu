
    inv_contract_join(run->workspace, ${pages}, ${m}, ${n}, ${k},
        [=](${indices}, float ${product}) {
${body}
        });
