
    for (int64_t at = inv_thread(); at < ${count}; at += inv_threads()) {
        ${indices}
        const uint64_t moment = (uint32_t)${sample}[i] | (uint64_t)(uint32_t)run->epoch << 32;
        const struct inv_draw draw = inv_draw_quad(run->key, quad, moment, ${stream});
        for (int64_t j = 0; j < 4 && 4 * quad + j < ${row}; j++)
            ${out}[${factor}i + 4 * quad + j] = ${value};
    }
