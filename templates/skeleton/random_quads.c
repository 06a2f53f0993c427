    ${first}

    for (${int} i = begin; i < end;) {
        struct inv_draws draws;
        ${type} value[4 * INV_QUADS];
        inv_draw_quads(&draws, run->key, ${element}, end - i, ${moment}, ${stream});
        ${independent}
        for (${int} q = 0; q < draws.quads; q++) {
            const struct inv_draw draw = inv_draws_quad(&draws, q);
            for (${int} j = 0; j < 4; j++)
                value[4 * q + j] = ${value};
        }
        memcpy(${out} + i, value + draws.skip, (size_t)draws.count * sizeof *value);
        i += draws.count;
    }
