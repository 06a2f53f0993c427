
    for (int64_t i = inv_page(); i < ${pages}; i += inv_pages())
        inv_contract_tiles<${tile}>(${a}, ${a_m}, ${a_k}, ${b}, ${b_k}, ${b_n}, ${m}, ${n}, ${k},
            [=](int64_t j, int64_t k, float ${product}) {
${body}
            });
