
    for (int64_t i = inv_page(); i < ${pages}; i += inv_pages())
        inv_contract_split<${tile}>(run->workspace, i, ${a}, ${a_m}, ${a_k},
                                    ${b}, ${b_k}, ${b_n}, ${m}, ${n}, ${k});
