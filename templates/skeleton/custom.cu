
    for (int64_t i = inv_thread(); i < ${calls}; i += inv_threads()) {
        inv_custom(${out}, ${n});
        ${function}(${out}${arguments});
    }
