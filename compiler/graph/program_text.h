/* What a program is besides its graphs, as text: for --dump=program and tests/reference. */
#ifndef INVAR_PROGRAM_TEXT_H
#define INVAR_PROGRAM_TEXT_H
#include "base/text.h"
#include "graph/program.h"

/* One thing a line, `word key=value ...`; strings in quotes, where \ stands before " and \ and
 * \n is a line end; floats hexadecimal.
 *
 *   program "digits_net"
 *   train seed=42 epochs=30 steps=0 batch=32 shuffle=1 drop_last=0 patience=0 by=0x0p+0
 *         average=0x0p+0 keep="val.loss"                                  (all on one line)
 *   data "digits" kind=csv header=-1 rows=0 train=0x1p-1 val=0x0p+0 test=0x1p-1 shuffle=1
 *        has_seed=0 seed=0 sources=0+1,0+0,0+0,1+1 fold=0 folds=0 stratify=-1 values="" "" ""
 *                                                                         (all on one line)
 *   file "images" path="a.idx.gz" kind=idx cells=f32
 *   field "x" label=0 key=0 file="images" first=0 last=63 first_name="" last_name="" text=0
 *         fit=none raw=1 input=2 fit_a=-1 fit_b=-1 balance=-1              (all on one line)
 *   class "setosa"                      of the field before; none where names are not listed
 *   report "accuracy" loss=0 lower=0 variable=9
 *   watched val report=0 variable=7     set to a report of the part after each epoch
 *   rate "lr" value=0x1p-10 variable=-1 the log tells it: the value, or that of a variable
 *   variable 5 param "dense1/w" classes=0 block=9 start=128 : f32[64, 128]
 *
 * After the data, where they are not the usual ones, the csv options and each text that means
 * missing; after a field its further columns, and what its cells are read as:
 *
 *   csv delimiter=59 decimal=44 comment=0 skip=0
 *   na "?"
 *   columns first=7 last=9 first_name="" last_name=""
 *   cells form=0 missing=3 value=0x0p+0 fill=4
 *
 * sources: the first file and the number of files of the rows that are split, and of parts train,
 * val and test where they have files of their own.  key: 1 part, 2 group, 3 order; values: those of
 * a part key for train, val and test.  stratify: a field by its place.
 *
 * Variables stand in the order of their numbers; block and start say where in a VAR_BLOCK a
 * parameter lies, in elements. */
void program_print(const struct program *, struct text *);
/* SHA-256 of what decides the rows of the data before they are normalised, but for what the files
 * hold and where they lie: how cells are read, the fields, the phase that makes fields of cells. */
void program_rows_key(const struct program *, char key[65]);
/* Whether those rows depend on the seed, too. */
bool program_draws_rows(const struct program *);

#endif
