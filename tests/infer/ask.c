/* ask ROWS THREADS WEIGHTS|- <NUMBERS: the outputs of a library, HEADER and PREFIX of which are
 * given to the compiler, for all rows of the numbers (one array after the other), by so many
 * threads that use one handle, each ROWS rows at a time.  Prints what invar predict prints as CSV,
 * but no names.
 * ask npy <NUMBERS: the first input as a file of NumPy.
 * ask refuse: bad calls; 0 where each fails. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include HEADER

#define PASTE(a, b) a##_##b
#define EXPAND(a, b) PASTE(a, b)
#define CALL(name) EXPAND(PREFIX, name)

enum { MOST = 1 << 21 };

static PREFIX *handle;
static int64_t rows;
static int chunk, threads, bad;
static const int64_t in_width[] = IN_WIDTH, out_width[] = OUT_WIDTH;
static const char in_type[] = IN_TYPE, out_type[] = OUT_TYPE; /* 'f' or 'i' */
enum {
    INPUTS = sizeof in_width / sizeof *in_width,
    OUTPUTS = sizeof out_width / sizeof *out_width
};
static uint32_t *input[INPUTS], *output[OUTPUTS];

static void *work(void *argument)
{
    int64_t number = (int64_t)(intptr_t)argument;
    char error[300] = "";
    for (int64_t first = number * chunk; first < rows; first += (int64_t)threads * chunk) {
        const void *in[INPUTS];
        void *out[OUTPUTS];
        for (int i = 0; i < INPUTS; i++)
            in[i] = input[i] + first * in_width[i];
        for (int i = 0; i < OUTPUTS; i++)
            out[i] = output[i] + first * out_width[i];
        int64_t count = rows - first < chunk ? rows - first : chunk;
        if (CALL(predict)(handle, count, in, out, error, sizeof error) != 0) {
            fprintf(stderr, "%s\n", error);
            bad = 1;
        }
    }
    return NULL;
}

/* A row of the numbers holds those of all inputs; what follows is not read. */
static void read_numbers(void)
{
    static char line[1 << 20];
    for (int i = 0; i < INPUTS; i++)
        input[i] = malloc(sizeof **input * MOST);
    while (fgets(line, sizeof line, stdin)) {
        char *at = line;
        for (int i = 0; i < INPUTS; i++)
            for (int64_t e = 0; e < in_width[i]; e++) {
                float real = *at == ',' ? NAN : strtof(at, NULL);
                int32_t whole = (int32_t)strtol(at, NULL, 10);
                memcpy(&input[i][rows * in_width[i] + e],
                       in_type[i] == 'f' ? (void *)&real : (void *)&whole, 4);
                at += strcspn(at, ",\n");
                at += *at == ',';
            }
        rows++;
    }
}

static void print(void)
{
    for (int64_t r = 0; r < rows; r++)
        for (int i = 0; i < OUTPUTS; i++)
            for (int64_t e = 0; e < out_width[i]; e++) {
                float real;
                int32_t whole;
                memcpy(&real, &output[i][r * out_width[i] + e], 4);
                memcpy(&whole, &real, 4);
                if (out_type[i] == 'f')
                    printf("%.9g", (double)real);
                else
                    printf("%d", whole);
                putchar(i == OUTPUTS - 1 && e == out_width[i] - 1 ? '\n' : ',');
            }
}

static int write_npy(void)
{
    char header[118];
    read_numbers();
    snprintf(header, sizeof header,
             "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }", (long long)rows,
             (long long)in_width[0]);
    printf("\x93NUMPY%c%c%c%c%-117s\n", 1, 0, 118, 0, header);
    return fwrite(input[0], (size_t)(4 * in_width[0]), (size_t)rows, stdout) != (size_t)rows;
}

/* Each call must fail, and say why in a buffer of any size. */
static int refuse(void)
{
    char error[300], small[8] = "1234567";
    const void *in[INPUTS];
    void *out[OUTPUTS] = {NULL};
    int good = CALL(open)("no/such/file", error, sizeof error) == NULL && strstr(error, "no/such");
    good &= CALL(open)("no/such/file", small, 4) == NULL && strcmp(small, "no/") == 0 &&
            small[4] == '5';
    good &= CALL(open)("no/such/file", NULL, 0) == NULL;
    handle = CALL(open)(NULL, error, sizeof error);
    if (!handle)
        return 1;
    for (int i = 0; i < INPUTS; i++)
        in[i] = calloc((size_t)in_width[i], 4);
    good &= CALL(predict)(handle, -1, in, out, error, sizeof error) == 2 && *error;
    good &= CALL(predict)(handle, 0, in, out, error, sizeof error) == 0;
    good &= CALL(predict)(handle, 1, in, out, error, sizeof error) == 0;
    for (int i = 0; i < INPUTS; i++) {
        uint32_t wrong = in_type[i] == 'f' ? 0x7f800000u : 1000; /* infinity; no class */
        memcpy((uint32_t *)(uintptr_t)in[i] + in_width[i] - 1, &wrong, 4);
        good &= CALL(predict)(handle, 1, in, out, error, sizeof error) == 1 &&
                strncmp(error, "row 0: element ", 15) == 0;
        memset((void *)(uintptr_t)in[i], 0, (size_t)in_width[i] * 4);
        good &= CALL(predict)(handle, 1, in, out, error, sizeof error) == 0;
    }
    good &= CALL(class_name)(handle, 99, 0) == NULL && CALL(class_name)(handle, -1, 0) == NULL;
    good &= CALL(class_name)(handle, 0, -1) == NULL && CALL(class_name)(handle, 0, 99) == NULL;
    good &= strchr(CALL(describe)(handle), '{') != NULL && *CALL(version)() != 0;
    CALL(close)(handle);
    CALL(close)(NULL);
    return !good;
}

int main(int argc, char **argv)
{
    char error[300];
    pthread_t thread[16];
    if (argc == 2)
        return strcmp(argv[1], "npy") == 0 ? write_npy() : refuse();
    chunk = atoi(argv[1]);
    threads = atoi(argv[2]);
    handle = CALL(open)(strcmp(argv[3], "-") == 0 ? NULL : argv[3], error, sizeof error);
    if (!handle) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    read_numbers();
    for (int i = 0; i < OUTPUTS; i++)
        output[i] = malloc(sizeof **output * (size_t)(rows * out_width[i]));
    for (int t = 0; t < threads; t++)
        pthread_create(&thread[t], NULL, work, (void *)(intptr_t)t);
    for (int t = 0; t < threads; t++)
        pthread_join(thread[t], NULL);
    print();
    CALL(close)(handle);
    return bad;
}
