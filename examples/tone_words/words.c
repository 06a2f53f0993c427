/* Writes the recordings and words.csv (see README.md): gcc -O1 words.c -lm -o words && ./words
 * Each of four words is a tone that rises and falls, sung by a voice of its own amid noise, one
 * word behind the other without a pause. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { RATE = 4000, WORD = 480, WORDS = 4, TRAIN = 48, TEST = 32, SHIFTS = 3, SHIFT = 20 };

static const double pi = 3.14159265358979323846;
static const char *const name[WORDS] = {"rise", "fall", "hill", "valley"};

/* What is sung: the pitch at the begin, in the middle and at the end, times that of the voice. */
static const double pitches[WORDS][3] = {{1, 1.5, 2}, {2, 1.5, 1}, {1, 2, 1}, {2, 1, 2}};

static uint32_t state = 1;

/* Below 1: by the generator of Numerical Recipes, its upper 24 bits. */
static double drawn(void)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 16777216.0;
}

/* Sum of four, without mean and of deviation 1. */
static double bell(void)
{
    return (drawn() + drawn() + drawn() + drawn() - 2) * sqrt(3.0);
}

/* The pitch at t from 0 to 1 of the word: straight from one of its three to the next. */
static double pitch(const double *word, double t)
{
    return t < 0.5 ? word[0] + (word[1] - word[0]) * 2 * t
                   : word[1] + (word[2] - word[1]) * (2 * t - 1);
}

static void put(FILE *to, int bytes, uint32_t number)
{
    for (int i = 0; i < bytes; i++)
        putc((int)(number >> 8 * i & 255), to);
}

/* The first 44 bytes of a file of so many samples: one channel of 16 bits, as numbers. */
static void put_header(FILE *to, uint32_t samples)
{
    fputs("RIFF", to);
    put(to, 4, 36 + 2 * samples);
    fputs("WAVEfmt ", to);
    put(to, 4, 16);
    put(to, 2, 1);
    put(to, 2, 1);
    put(to, 4, RATE);
    put(to, 4, 2 * RATE);
    put(to, 2, 2);
    put(to, 2, 16);
    fputs("data", to);
    put(to, 4, 2 * samples);
}

static void sing(FILE *to, const double *word)
{
    double voice = 330 * pow(2, 0.2 * bell()), noise = 0.1 + 0.9 * drawn(), phase = 0;
    double early = 0.1 * drawn(), late = 1 - 0.1 * drawn();
    for (int i = 0; i < WORD; i++) {
        double t = ((double)i / WORD - early) / (late - early);
        double loud = t < 0 || t > 1 ? 0 : sin(pi * t);
        phase += t < 0 || t > 1 ? 0 : 2 * pi * voice * pitch(word, t) / RATE;
        double sample = loud * (sin(phase) + 0.4 * sin(2 * phase)) + noise * bell();
        put(to, 2, (uint32_t)(int32_t)floor(4000 * sample + 0.5));
    }
}

/* A recording, and lines of the table for each of its words: `shifts` pieces each. */
static int record(FILE *table, const char *file, const char *part, int words, int shifts)
{
    FILE *to = fopen(file, "wb");
    if (!to)
        return 1;
    put_header(to, (uint32_t)(words * WORD));
    for (int i = 0; i < words; i++) {
        int word = (int)(drawn() * WORDS);
        sing(to, pitches[word]);
        for (int s = 0; s < shifts; s++) {
            int at = i * WORD + (s - shifts / 2) * SHIFT;
            if (at >= 0 && at + WORD <= words * WORD)
                fprintf(table, "%s,%.3f,%s,%s\n", file, (double)at / RATE, name[word], part);
        }
    }
    return fclose(to) != 0;
}

int main(void)
{
    FILE *table = fopen("words.csv", "w");
    if (!table)
        return 1;
    fprintf(table, "file,at,word,part\n");
    int bad = record(table, "train.wav", "train", TRAIN, SHIFTS) ||
              record(table, "test.wav", "test", TEST, 1);
    return fclose(table) != 0 || bad;
}
