    ${first}

    for (int64_t i = begin; i < end;) {
        const int64_t element = ${element};
        const struct inv_draw draw = inv_draw_quad(run->key, element / 4, ${moment}, ${stream});
        for (int64_t j = element % 4; j < 4 && i < end; j++, i++)
            ${out}[i] = ${value};
    }
