
    if (inv_thread() == 0)
        inv_${stem}(${out}, ${n}, run->key, ${moment}, ${stream});
