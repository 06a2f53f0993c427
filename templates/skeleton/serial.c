
    if (begin < end)
        inv_${stem}(${out}, ${n}, run->key, ${moment}, ${stream});
