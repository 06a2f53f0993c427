/* evaluate DUMP WEIGHTS [--data FOLDER] [--init FILE] [--seed N] [--log FILE]: trains the
 * program of a dump (`invar check MODEL --dump=program`) and writes its weights.
 * evaluate --case DUMP INPUTS OUTPUTS: evaluates its predict graph, see case.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

/* Memory of every variable, for the largest number of rows; parameters lie in their blocks. */
static void allocate_variables(struct program *p)
{
    for (int i = 0; i < p->variable_count; i++) {
        struct variable *v = &p->variable[i];
        v->data = allocate(shape_count(&v->shape, p->batch), (size_t)type_bytes(v->type));
    }
    for (int i = 0; i < p->variable_count; i++) {
        struct variable *v = &p->variable[i];
        if (v->kind == KIND_PARAM && v->block >= 0) {
            free(v->data);
            v->data = (float *)p->variable[v->block].data + v->start;
        }
    }
}

static int train_program(int argc, char **argv)
{
    const char *folder = ".", *init = NULL, *log = "/dev/null";
    struct data data = {0};
    size_t size;
    struct moment at = {.program = program_read(read_file(argv[1], &size))};
    uint64_t seed = at.program->seed;
    for (int i = 3; i + 1 < argc; i += 2) {
        folder = strcmp(argv[i], "--data") == 0 ? argv[i + 1] : folder;
        init = strcmp(argv[i], "--init") == 0 ? argv[i + 1] : init;
        log = strcmp(argv[i], "--log") == 0 ? argv[i + 1] : log;
        seed = strcmp(argv[i], "--seed") == 0 ? strtoull(argv[i + 1], NULL, 10) : seed;
    }
    at.key[0] = (uint32_t)seed;
    at.key[1] = (uint32_t)(seed >> 32);
    if (!at.program->data_kind)
        die("%s holds no program", argv[1]);
    allocate_variables(at.program);
    graph_run(at.program->phase[PHASE_INIT], &at, NULL, 0, NULL);
    if (init)
        weights_read(at.program, init);
    data_load(&data, &at, folder);
    if (!init && data.begin[1] > 0)
        fill_fit(at.program, &data);
    fill_holes(at.program, &data);
    if (!init && data.begin[1] > 0)
        data_fit(&data, &at);
    data_normalise(&data, &at);
    train(&at, &data, log);
    weights_write(at.program, argv[2]);
    return 0;
}

int main(int argc, char **argv)
{
    size_t size;
    bool single = argc == 5 && strcmp(argv[1], "--case") == 0;
    if (argc < 3 || argc % 2 == 0)
        die("usage: evaluate DUMP WEIGHTS [--data FOLDER] [--init FILE] [--seed N] [--log FILE],\n"
            "    or evaluate --case DUMP INPUTS OUTPUTS");
    if (single)
        case_run(program_read(read_file(argv[2], &size)), argv[3], argv[4]);
    return single ? 0 : train_program(argc, argv);
}
