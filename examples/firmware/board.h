/* What a board gives to the program: a console and an end, by semihosting. */
#ifndef BOARD_H
#define BOARD_H

void board_print(const char *text);
/* Ends the emulator with 0 or 1. */
void board_exit(int status) __attribute__((noreturn));

#endif
