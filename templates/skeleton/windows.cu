
    for (int64_t page = inv_page(); page < ${pages}; page += inv_pages())
        inv_window_tiles<${tile}>(${m}, ${n}, 0, ${k},
            [=](int64_t own, int64_t p) -> const float * {
${a}
            },
            [=](int64_t own, int64_t p) -> const float * {
${b}
            },
            [=](int64_t i, int64_t ${column}, float ${product}) {
${body}
            });
