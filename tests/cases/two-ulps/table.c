/* table ROWS: writes a table of numbers about 1e6, a constant, ties and classes that are rare.
 * table ROWS LOG WEIGHTS: says how many ulp of binary32 the log's metrics and the fitted statistics
 * are from sums of 113 bits over the same rows; status 1 where one is more than 2. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __float128 wide;

struct row {
    float far, g, s[3], t;
    int k;
};

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 40);    /* 24 bits */
}

static struct row next_row(uint64_t *state)
{
    struct row r;
    r.far = 1e6f + 0.0625f * (float)(draw(state) % 64);
    r.t = 1e6f + 0.0625f * (float)(draw(state) % 256);
    r.g = r.t + 0.0625f * (float)(int)(draw(state) % 32) - 0.75f;
    for (int i = 0; i < 3; i++)
        r.s[i] = (float)(draw(state) % 3);
    r.k = draw(state) % 1000 == 0 ? 3 : (int)(draw(state) % 3);
    return r;
}

static void print_rows(long rows)
{
    uint64_t state = 1;
    puts("far,constant,g,s0,s1,s2,t,k");
    for (long i = 0; i < rows; i++) {
        struct row r = next_row(&state);
        printf("%.4f,14.62,%.4f,%g,%g,%g,%.4f,%d\n", r.far, r.g, r.s[0], r.s[1], r.s[2], r.t, r.k);
    }
}

/* ---- what is right ---- */

static int place_of(const float *logit, int k)
{
    int ahead = 0;
    for (int i = 0; i < 4; i++)
        ahead += logit[i] > logit[k] || (logit[i] == logit[k] && i < k);
    return ahead;
}

static long double surprise(const float *logit, int k)
{
    long double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += expl((long double)logit[i] - logit[k]);
    return logl(sum);
}

struct sums {
    wide far, t, missed, squared, hits, near, surprise;
    wide varied, far_varied;            /* about the means, in a second pass */
};

static struct sums add_up(long rows)
{
    struct sums s = {0};
    uint64_t state = 1;
    for (long i = 0; i < rows; i++) {
        struct row r = next_row(&state);
        float logit[4] = {r.s[0], r.s[1], r.s[2], -8};
        wide d = (wide)r.g - r.t;
        s.far += r.far;
        s.t += r.t;
        s.missed += d < 0 ? -d : d;
        s.squared += d * d;
        s.hits += place_of(logit, r.k) < 1;
        s.near += place_of(logit, r.k) < 2;
        s.surprise += surprise(logit, r.k);
    }
    state = 1;
    for (long i = 0; i < rows; i++) {
        struct row r = next_row(&state);
        wide d = r.t - s.t / rows, f = r.far - s.far / rows;
        s.varied += d * d;
        s.far_varied += f * f;
    }
    return s;
}

/* ---- what was found ---- */

static int bad;

static void compare(const char *name, double got, wide right)
{
    float nearest = (float)right;
    double ulp = fabs((double)nextafterf(nearest, INFINITY) - nearest);
    double away = fabs((double)((got - right) / ulp));
    printf("%-20s %.9g  %.2f ulp\n", name, got, away);
    bad |= !(away <= 2);
}

static double logged(const char *log, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(log, key);
    return at ? atof(at + strlen(key)) : NAN;
}

static char *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    *size = f ? fread(text, 1, (1 << 20) - 1, f) : 0;
    return text;
}

/* Statistics: deviations of the two columns come first, then their means. */
static void compare_statistics(const char *weights, const struct sums *s, long rows)
{
    size_t size;
    char *text = read_all(weights, &size);
    uint64_t header;
    float v[4];
    memcpy(&header, text, 8);
    memcpy(v, text + 8 + header, sizeof v);
    compare("deviation", v[0], sqrtl((long double)(s->far_varied / rows)));
    compare("constant's deviation", v[1], 1);  /* of 0: what divides is 1 */
    compare("mean", v[2], s->far / rows);
    compare("constant's mean", v[3], 14.62f);
    free(text);
}

int main(int argc, char **argv)
{
    size_t size;
    long rows = atol(argv[1]);
    if (argc == 2) {
        print_rows(rows);
        return 0;
    }
    char *log = read_all(argv[2], &size);
    struct sums s = add_up(rows);
    compare("mean_absolute_error", logged(log, "mean_absolute_error"), s.missed / rows);
    compare("mean_squared_error", logged(log, "mean_squared_error"), s.squared / rows);
    compare("r2", logged(log, "r2"), 1 - s.squared / s.varied);
    compare("accuracy", logged(log, "accuracy"), s.hits / rows);
    compare("top_k", logged(log, "top_k"), s.near / rows);
    compare("log_loss", logged(log, "log_loss"), s.surprise / rows);
    compare("loss", logged(log, "loss"), s.squared / rows);
    compare_statistics(argv[3], &s, rows);
    free(log);
    return bad;
}
