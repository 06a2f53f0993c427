/* Writes tones.csv (see README.md): gcc -O1 tones.c -lm -o tones && ./tones >tones.csv
 * Each of four words is a tone that rises and falls, sung by a voice of its own amid noise.  A row
 * is the loudness of 6 bands in 12 frames of 16 ms, whole numbers from 0 to 15, and the word. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { RATE = 8000, FRAMES = 12, FRAME = 128, BANDS = 6, WORDS = 4, ROWS = 240 };

static const double pi = 3.14159265358979323846;

/* What is sung: the pitch at the begin, in the middle and at the end, times that of the voice. */
static const double words[WORDS][3] = {{1, 1.5, 2}, {2, 1.5, 1}, {1, 2, 1}, {2, 1, 2}};

/* Middles of the bands, in Hz. */
static const double bands[BANDS] = {300, 430, 610, 870, 1240, 1770};

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

static void sing(const double *word, double *sample, int count)
{
    double voice = 330 * pow(2, 0.2 * bell()), noise = 0.1 + 0.5 * drawn(), phase = 0;
    double early = 0.15 * drawn(), late = 1 - 0.15 * drawn();
    for (int i = 0; i < count; i++) {
        double t = ((double)i / count - early) / (late - early);
        double loud = t < 0 || t > 1 ? 0 : sin(pi * t);
        phase += t < 0 || t > 1 ? 0 : 2 * pi * voice * pitch(word, t) / RATE;
        sample[i] = loud * (sin(phase) + 0.4 * sin(2 * phase)) + noise * bell();
    }
}

/* Energy of a frame at a frequency: the square of its share there, by Goertzel's recurrence. */
static double energy(const double *sample, double frequency)
{
    double twice = 2 * cos(2 * pi * frequency / RATE), a = 0, b = 0;
    for (int i = 0; i < FRAME; i++) {
        double next = sample[i] * (0.5 - 0.5 * cos(2 * pi * i / FRAME)) + twice * a - b;
        b = a;
        a = next;
    }
    return a * a + b * b - twice * a * b;
}

static int loudness(double e)
{
    int level = (int)(3 * log2(1 + e / 16));
    return level > 15 ? 15 : level;
}

int main(void)
{
    static double sample[FRAMES * FRAME];
    for (int row = 0; row < ROWS; row++) {
        int word = (int)(drawn() * WORDS);
        sing(words[word], sample, FRAMES * FRAME);
        for (int frame = 0; frame < FRAMES; frame++)
            for (int band = 0; band < BANDS; band++)
                printf("%d,", loudness(energy(sample + frame * FRAME, bands[band])));
        printf("%d\n", word);
    }
    return 0;
}
