
    inv_column_sum(${pages}, ${rows}, ${columns},
        [=](int64_t i, int64_t j, int64_t k) {
${locals}
            return ${value};
        },
        [=](int64_t i, int64_t k, float total) { ${target} = total; });
