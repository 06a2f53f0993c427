    ${first}

    for (${int} i = begin; i < end;) {
        const ${int} element = ${element};
        const struct inv_draw draw = inv_draw_quad(run->key, element / 4, ${moment}, ${stream});
        for (${int} j = element % 4; j < 4 && i < end; j++, i++)
            ${out}[i] = ${value};
    }
