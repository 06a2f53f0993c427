
    inv_column_split(run->workspace, ${pages}, ${rows}, ${columns},
        [=](int64_t i, int64_t j, int64_t k) {
${locals}
            return ${value};
        });
