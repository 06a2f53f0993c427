/* Decimal text to numbers, to binary32 by one correct rounding, whatever the locale. */
#ifndef INV_HOST_DECIMAL_H
#define INV_HOST_DECIMAL_H
#include <stddef.h>
#include <stdint.h>

enum inv_decimal {
    INV_DECIMAL_OK, INV_DECIMAL_EMPTY, INV_DECIMAL_NOT_NUMBER, INV_DECIMAL_NAN,
    INV_DECIMAL_INFINITE, INV_DECIMAL_TOO_LARGE
};

enum { INV_DECIMAL_PADDING = 8 };

/* Reads all of text, behind whose zero byte INV_DECIMAL_PADDING bytes must be readable: blanks,
 * sign, digits with at most one `point`, exponent, blanks.  "nan" and "inf" are known but refused;
 * TOO_LARGE is a finite number that rounds to infinity. */
enum inv_decimal inv_decimal_to_f32(const char *text, char point, float *value);
/* The same of a text of that length, as most are: a sign, up to 19 digits with a point among them,
 * and nothing else.  0 of any other text, and of few such: inv_decimal_to_f32() reads all. */
int inv_decimal_quick(const char *text, size_t length, char point, float *value);
/* Reads a whole number ("3", "3.0", "3e0"); NOT_NUMBER for others, TOO_LARGE beyond int32. */
enum inv_decimal inv_decimal_to_i32(const char *text, char point, int32_t *value);
/* The whole number that decimal digits at *at say, which are passed over; 0 where there are none
 * or it is beyond `most`. */
int inv_decimal_whole(const char **at, uint64_t most, uint64_t *value);
/* -1, 0 or 1: the order of two finite numbers, by all of their digits (up to 116 of each). */
int inv_decimal_compare(const char *, const char *, char point);
/* Whether inv_decimal_compare() takes it. */
int inv_decimal_is_number(const char *, char point);

#endif
