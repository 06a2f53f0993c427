
    for (${int} i = begin; i < end; i++) {
        const uint64_t moment = (uint32_t)${sample}[i] | (uint64_t)(uint32_t)run->epoch << 32;
        for (${int} element = 0; element < ${row};) {
            const struct inv_draw draw = inv_draw_quad(run->key, element / 4, moment, ${stream});
            for (${int} j = 0; j < 4 && element < ${row}; j++, element++)
                ${out}[${factor}i + element] = ${value};
        }
    }
