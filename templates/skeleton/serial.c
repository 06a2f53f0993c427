
    if (begin < end)
        inv_${stem}(${out}, ${n}, ${arguments});
