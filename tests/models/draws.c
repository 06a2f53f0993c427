/* Draws of random models: splitmix64 of a counter. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "draws.h"

static uint64_t draws;

void draw_from(uint64_t seed)
{
    draws = seed * 0xd1342543de82ef95u;
}

static uint64_t next_draw(void)
{
    uint64_t z = draws += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int below(int n)
{
    return (int)(next_draw() % (uint64_t)n);
}

int between(int low, int high)
{
    return low + below(high - low + 1);
}

bool percent(int p)
{
    return below(100) < p;
}

const char *say(const char *format, ...)
{
    static char ring[64][512];
    static int at;
    va_list list;
    char *text = ring[at++ % 64];
    va_start(list, format);
    vsnprintf(text, sizeof ring[0], format, list);
    va_end(list);
    return text;
}

const char *one_of(const char *words)
{
    int count = 1;
    for (const char *p = words; *p; p++)
        count += *p == '|';
    for (int skip = below(count); skip > 0; skip--)
        words = strchr(words, '|') + 1;
    return say("%.*s", (int)strcspn(words, "|"), words);
}
