/* Numbers and hashes on a board's console. */
#ifndef CONSOLE_H
#define CONSOLE_H
#include <stdint.h>
#include "core/sha256.h"

/* With leading zeros, where it has fewer digits. */
void console_whole(uint32_t value, int digits);
/* Four places of a number from 0 to 400000. */
void console_real(float value);
/* "WHAT: error -CODE", and the end. */
void console_fail(const char *what, int code) __attribute__((noreturn));
/* "sha256 HEX"; finishes the sum. */
void console_hash(struct inv_sha256 *);

#endif
