
    for (int64_t page = inv_page(); page < ${pages}; page += inv_pages())
        inv_product_tiles<${tile}>(${m}, ${n}, 0, ${k},
            ${a_open}
${a}
            ${a_close}
            ${b_open}
${b}
            ${b_close}
            [=](int64_t i, int64_t ${column}, float ${product}) {
${body}
            });
