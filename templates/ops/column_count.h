/*
 * The exact sum of the whole numbers or truth values of a column: elements added up in 64 bits,
 * where no order matters.
 */
#ifndef INV_OPS_COLUMN_COUNT_H
#define INV_OPS_COLUMN_COUNT_H

#endif
