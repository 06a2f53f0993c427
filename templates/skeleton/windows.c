
${tables}    inv_contract_windows(${out}, ${out_row}, &left, ${row}, &right, 0,
                         ${rows}, ${columns}, ${k});
