/* examples/firmware/board.h for a program of this machine. */
#include <stdio.h>
#include <stdlib.h>
#include "board.h"

void board_print(const char *text)
{
    fputs(text, stdout);
}

void board_exit(int status)
{
    exit(status);
}
