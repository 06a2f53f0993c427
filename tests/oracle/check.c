/* check EXPECTED LOG WEIGHTS: compares one run of a trainer with what record.py recorded.
 *   losses   each within 2e-5 of the binary64 recording, relatively
 *   weights  per tensor ||w - w64|| / ||w64|| at most 1e-4, or 4 times the framework's own
 *            binary32 error where an optimizer amplifies rounding
 * or with what record_layers.py recorded:
 *   vectors  of each the largest |w - w64| / the largest |w64| at most 1e-5
 * Prints the largest errors; exit status 1 where one is too large or something is missing. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LOSS_LIMIT = 2e-5, WEIGHT_LIMIT = 1e-4, AMPLIFIED = 4, VECTOR_LIMIT = 1e-5;

struct errors {
    double loss, weights, vector;       /* the largest, relative */
    int losses, tensors, vectors, bad;
    int promised;                       /* vectors that the recording says it has */
};

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "check: cannot read %s\n", path);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *text = calloc(*size + 1, 1);
    if (!text || fread(text, 1, *size, f) != *size)
        exit(1);
    fclose(f);
    return text;
}

/* The loss that the log gives for a step, or NaN. */
static double logged_loss(const char *log, int step)
{
    char key[32];
    snprintf(key, sizeof key, "\"step\":%d,", step);
    const char *at = strstr(log, key);
    const char *end = at ? strchr(at, '\n') : NULL;
    const char *loss = at ? strstr(at, "\"loss\":") : NULL;
    return loss && (!end || loss < end) ? strtod(loss + 7, NULL) : NAN;
}

/* The elements of tensor `path` in a safetensors file, or NULL. */
static const char *tensor(const char *file, size_t size, const char *path, int count)
{
    uint64_t header;
    char key[160];
    memcpy(&header, file, sizeof header);
    snprintf(key, sizeof key, "\"%s\":{", path);
    const char *at = strstr(file + 8, key);
    const char *offsets = at ? strstr(at, "\"data_offsets\":[") : NULL;
    if (!offsets)
        return NULL;
    char *next;
    uint64_t begin = strtoull(offsets + 16, &next, 10);
    uint64_t end = strtoull(next + 1, NULL, 10);
    if (end - begin != 4 * (uint64_t)count || 8 + header + end > size)
        return NULL;
    return file + 8 + header + begin;
}

static void check_loss(struct errors *e, const char *log, int step, double want)
{
    double got = logged_loss(log, step);
    double error = fabs(got - want) / fabs(want);
    e->losses++;
    if (!(error <= LOSS_LIMIT) && e->bad++ < 3)
        printf("  step %d: loss %.9g, expected %.9g\n", step, got, want);
    e->loss = fmax(e->loss, error);
}

static void check_tensor(struct errors *e, FILE *expected, const char *path, int count,
                         const char *data)
{
    double own = 0, framework = 0, norm = 0;
    for (int i = 0; i < count; i++) {
        double want32, want64;
        float got = NAN;
        if (fscanf(expected, "%la %la", &want32, &want64) != 2)
            exit(1);
        if (data)
            memcpy(&got, data + 4 * i, sizeof got);
        own += (got - want64) * (got - want64);
        framework += (want32 - want64) * (want32 - want64);
        norm += want64 * want64;
    }
    double error = sqrt(own / norm);
    e->tensors++;
    if (!(error <= fmax(WEIGHT_LIMIT, AMPLIFIED * sqrt(framework / norm)))) {
        printf("  %s: weights off by %.3g, the framework's by %.3g\n", path, error,
               sqrt(framework / norm));
        e->bad++;
    }
    e->weights = fmax(e->weights, error);
}

static void check_vector(struct errors *e, FILE *expected, const char *path, int count,
                         const char *data)
{
    double own = 0, largest = 0;
    for (int i = 0; i < count; i++) {
        double want;
        float got = NAN;
        if (fscanf(expected, "%la", &want) != 1)
            exit(1);
        if (data)
            memcpy(&got, data + 4 * i, sizeof got);
        own = fmax(own, isnan(got) ? INFINITY : fabs(got - want));
        largest = fmax(largest, fabs(want));
    }
    e->vectors++;
    if (!(own <= VECTOR_LIMIT * largest) && e->bad++ < 20)
        printf("  %s: off by %.3g of %.3g\n", path, own, largest);
    e->vector = fmax(e->vector, own / largest);
}

static int report(const struct errors *e)
{
    if (e->promised) {
        printf("  %d vectors within %.1e\n", e->vectors, e->vector);
        return e->bad || e->vectors != e->promised;
    }
    printf("  losses within %.1e, weights within %.1e\n", e->loss, e->weights);
    return e->bad || e->losses != 20 || e->tensors < 4;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: check EXPECTED LOG WEIGHTS\n"), 2;
    struct errors e = {0};
    size_t size;
    char kind[8], path[128];
    FILE *expected = fopen(argv[1], "r");
    char *log = read_file(argv[2], &size);
    char *weights = read_file(argv[3], &size);
    while (expected && fscanf(expected, "%7s %127s", kind, path) == 2) {
        double want32, want64;
        int count;
        if (strcmp(kind, "loss") == 0 && fscanf(expected, "%la %la", &want32, &want64) == 2)
            check_loss(&e, log, atoi(path), want64);
        else if (strcmp(kind, "tensor") == 0 && fscanf(expected, "%d", &count) == 1)
            check_tensor(&e, expected, path, count, tensor(weights, size, path, count));
        else if (strcmp(kind, "vector") == 0 && fscanf(expected, "%d", &count) == 1)
            check_vector(&e, expected, path, count, tensor(weights, size, path, count));
        else if (strcmp(kind, "vectors") == 0)
            e.promised = atoi(path);
    }
    return report(&e);
}
