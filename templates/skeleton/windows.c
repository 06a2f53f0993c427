
${tables}${finish}    inv_contract_${stem}(${out}, ${out_row}, &left, ${row}, &right, 0,
                         ${pages}${rows}, ${columns}, ${k}${and_more});
