/* Trainers of several ranks: MPI's compiler, and mpirun. */
#ifndef INVAR_BUILD_MPI_H
#define INVAR_BUILD_MPI_H
#include "build/compile.h"

/* Finds MPI's compiler; false after an error. */
bool mpi_open(struct build *);
/* What a trainer depends on of MPI; nothing without. */
void mpi_hash(const struct build *, struct inv_sha256 *);
/* "mpicc FLAGS", which compiles by the compiler of this build. */
struct command_line mpi_begin_line(const struct build *);
void mpi_add_compile(const struct build *, struct command_line *, struct objects *);
/* Becomes mpirun, which starts the trainer with argv[1] and on.  Returns where that cannot be. */
void mpi_become_run(const struct build *, const char *trainer, int argc, char **argv);
/* Says why it is not started; 1. */
int mpi_cannot_start(const struct build *);

#endif
