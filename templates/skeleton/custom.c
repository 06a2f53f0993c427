
    for (${int} i = begin; i < end; i++) {
        inv_custom(${out}, ${n});
        ${function}(${out}${arguments});
    }
