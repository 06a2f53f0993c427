
    for (${int} i = begin; i < end; i++) {
        const uint64_t moment = (uint32_t)${sample}[i] | (uint64_t)(uint32_t)run->epoch << 32;
        for (${int} k = 0; k < ${row};) {
            struct inv_draws draws;
            ${type} value[4 * INV_QUADS];
            inv_draw_quads(&draws, run->key, k, ${row} - k, moment, ${stream});
            ${independent}
            for (${int} q = 0; q < draws.quads; q++) {
                const struct inv_draw draw = inv_draws_quad(&draws, q);
                for (${int} j = 0; j < 4; j++)
                    value[4 * q + j] = ${value};
            }
            memcpy(${out} + ${factor}i + k, value, (size_t)draws.count * sizeof *value);
            k += draws.count;
        }
    }
