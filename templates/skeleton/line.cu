
    for (int64_t ${element} = inv_thread(); ${element} < ${count}; ${element} += inv_threads()) {
        ${indices}
        inv_${stem}(${arguments}, ${n}, ${r}, ${c}, k, k + 1${marks});
    }
