
    const int64_t chunks = (${k} + INV_CHUNK - 1) / INV_CHUNK;
    for (int64_t page = inv_page(); page < ${pages}; page += inv_pages())
        for (int64_t c = blockIdx.y; c < chunks; c += gridDim.y) {
            const int64_t begin = c * INV_CHUNK;
            const int64_t end = ${k} - begin < INV_CHUNK ? ${k} : begin + INV_CHUNK;
            float *const to = run->workspace + (page * chunks + c) * ${m} * ${n};
            inv_product_tiles<${tile}>(${m}, ${n}, begin, end,
                ${a_open}
${a}
                ${a_close}
                ${b_open}
${b}
                ${b_close}
                [=](int64_t i, int64_t j, float sum) { *inv_global(to + i * ${n} + j) = sum; });
        }
