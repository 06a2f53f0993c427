/* Graphs of single operators: inputs from a file, all variables after the stores to another.
 *
 * Inputs: the number of sets (int64); for each set rows, step, steps, epoch (int64), the key (two
 * uint32), then every variable in order.  Outputs: for each set every variable in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

struct bytes {
    char *at, *end;
};

static void take(struct bytes *from, void *to, size_t size)
{
    if ((size_t)(from->end - from->at) < size)
        die("the inputs end too early");
    memcpy(to, from->at, size);
    from->at += size;
}

static size_t size_of(const struct variable *v, int64_t rows)
{
    return (size_t)(shape_count(&v->shape, rows) * type_bytes(v->type));
}

static void run_set(struct program *p, struct bytes *from, FILE *out)
{
    struct moment at = {.program = p};
    int64_t number[4];
    take(from, number, sizeof number);
    take(from, at.key, sizeof at.key);
    at.rows = number[0];
    at.step = number[1];
    at.steps = number[2];
    at.epoch = number[3];
    for (int i = 0; i < p->variable_count; i++) {
        p->variable[i].data = allocate((int64_t)size_of(&p->variable[i], at.rows), 1);
        take(from, p->variable[i].data, size_of(&p->variable[i], at.rows));
    }
    graph_run(p->phase[PHASE_PREDICT], &at, NULL, 0, NULL);
    for (int i = 0; i < p->variable_count; i++) {
        if (fwrite(p->variable[i].data, 1, size_of(&p->variable[i], at.rows), out) !=
            size_of(&p->variable[i], at.rows))
            die("cannot write the outputs");
        free(p->variable[i].data);
    }
}

void case_run(struct program *p, const char *inputs, const char *outputs)
{
    size_t size;
    int64_t sets;
    char *text = read_file(inputs, &size);
    struct bytes from = {text, text + size};
    FILE *out = fopen(outputs, "wb");
    if (!out)
        die("cannot write %s", outputs);
    take(&from, &sets, sizeof sets);
    while (sets-- > 0)
        run_set(p, &from, out);
    if (fclose(out) != 0)
        die("cannot write %s", outputs);
    free(text);
}
