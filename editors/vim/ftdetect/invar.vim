autocmd BufRead,BufNewFile *.inv setfiletype invar
