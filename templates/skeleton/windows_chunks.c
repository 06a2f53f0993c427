
${tables}    for (${int} p = inv_chunks(begin) * INV_CHUNK; p < end; p += INV_CHUNK) {
        const struct inv_operand from_left = inv_operand_from(&left, p);
        const struct inv_operand from_right = inv_operand_from(&right, p);
        inv_contract_${stem}(${chunks} + p / INV_CHUNK * ${outputs}, ${out_row}, &from_left, 0,
                             &from_right, 0, ${pages}${m}, ${n},
                             ${k} - p < INV_CHUNK ? ${k} - p : INV_CHUNK);
    }
