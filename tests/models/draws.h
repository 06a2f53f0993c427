/* Draws of random models: splitmix64 of a counter, the same on every machine. */
#ifndef DRAWS_H
#define DRAWS_H
#include <stdbool.h>
#include <stdint.h>

void draw_from(uint64_t seed);
int below(int n);
int between(int low, int high);         /* both ends */
bool percent(int p);
/* One of the words, which bars separate. */
const char *one_of(const char *words);
/* A text that lasts for some calls. */
const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
