
    if (inv_thread() == 0)
        inv_${stem}(${out}, ${n}, ${arguments});
