
    inv_contract_join(run->workspace, ${pages}, 1, ${columns}, ${rows},
        [=](int64_t i, int64_t, int64_t k, float total) { ${target} = total; });
