/* The emitted C of the operators' cases, compiled into one shared library and run. */
#ifndef INVAR_TESTS_GENERATED_H
#define INVAR_TESTS_GENERATED_H
#include "harness.h"
#include "invar.h"

/* Declares what the cases of that operator call: of `custom`, an operator in C. */
void generated_declare(struct program *, enum op);
/* Emits the program, whose PHASE_PREDICT is the cases' graph, as one source of the library. */
bool generated_add(struct program *);
/* Compiles and loads what was added; NULL or why not. */
const char *generated_load(void);
const struct inv_model *generated_model(const struct program *);
void generated_end(void);

/* One run of a model in an arena of its own. */
struct inv_run *generated_start(const struct inv_model *, const struct oracle *);
void generated_set(const struct inv_run *, const struct inv_variable *, int64_t count,
                   const double *value);
double generated_get(const struct inv_run *, const struct inv_variable *, int64_t element);
const struct inv_variable *generated_variable(const struct inv_model *, const char *path);
void generated_stop(struct inv_run *);
/* Runs the cases; false after printing what differs where the program runs on something beside. */
bool generated_run(const struct inv_model *, const struct inv_run *);

/* An operator's file of tests/golden/ops; of the tree that INVAR_TEST_SOURCE names, where it was
 * moved since this was compiled. */
const char *golden_file(struct arena *, const char *stem);

/* What else is made of the programs and must give the same bits; `directory` holds the sources. */
struct generated_beside {
    bool (*add)(struct program *, const char *directory);
    const char *(*load)(const char *directory); /* NULL or why not */
    /* Runs the cases in the arena. */
    void (*run)(const struct inv_model *, const struct inv_run *);
};
extern const struct generated_beside *generated_beside; /* NULL: nothing */

#endif
