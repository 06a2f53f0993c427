
    /* A block a page of reads. */
    for (int64_t i = blockIdx.x; i < ${pages}; i += gridDim.x)
        inv_scatter_sort((uint64_t *)(void *)run->workspace + 2 * i * (${r}), ${index}, ${n}, ${r});
