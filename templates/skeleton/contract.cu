
    inv_contract_tiles<${tile}>(${a}, ${a_m}, ${a_k}, ${b}, ${b_k}, ${b_n}, ${m}, ${n}, ${k},
        [=](int64_t i, int64_t j, float ${product}) {
${body}
        });
