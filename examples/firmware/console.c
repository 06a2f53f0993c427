#include "console.h"
#include "board.h"

void console_whole(uint32_t value, int digits)
{
    char text[12];
    int at = 11;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
        digits--;
    } while (value > 0 || digits > 0);
    board_print(text + at);
}

void console_real(float value)
{
    uint32_t scaled = (uint32_t)(value * 10000.0f + 0.5f);
    console_whole(scaled / 10000, 1);
    board_print(".");
    console_whole(scaled % 10000, 4);
}

void console_fail(const char *what, int code)
{
    board_print(what);
    board_print(": error -");
    console_whole((uint32_t)code, 1);
    board_print("\n");
    board_exit(1);
}

void console_hash(struct inv_sha256 *sha)
{
    uint8_t digest[32];
    char text[65];
    inv_sha256_final(sha, digest);
    inv_sha256_hex(digest, text);
    board_print("sha256 ");
    board_print(text);
    board_print("\n");
}
