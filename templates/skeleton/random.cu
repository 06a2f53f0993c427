    ${first}

    for (int64_t quad = ${first_quad}inv_thread(); 4 * quad < ${end}; quad += inv_threads()) {
        const struct inv_draw draw = inv_draw_quad(run->key, quad, ${moment}, ${stream});
        for (int64_t j = 0; j < 4; j++) {
            const int64_t i = 4 * quad + j${minus_first};
            if (${inside})
                ${out}[i] = ${value};
        }
    }
