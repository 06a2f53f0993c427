#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "ranks.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pool.h"
#include "subtree.h"

enum { TEXT = 128 };                    /* bytes of a text to compare */

/* ---- together, or alone by mistake ---- */

/* Of Open MPI, of MPICH, of Slurm: how many there are, which this is, how many are on this machine
 * (of Slurm the first number of a list). */
static const char *const told_by[][3] = {
    { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE" },
    { "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS" },
    { "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE" },
};
enum { COUNT, NUMBER, NEAR, TOLD_BY = sizeof told_by / sizeof *told_by };

/* What the first of them says that says it; `otherwise`: none does.  A mpirun is nearer to this
 * program than a step of Slurm that mpirun was started by. */
static int told(int what, int otherwise)
{
    for (int i = 0; i < TOLD_BY; i++)
        if (getenv(told_by[i][what]))
            return atoi(getenv(told_by[i][what]));
    return otherwise;
}

struct inv_ranks inv_ranks_started(void)
{
    return (struct inv_ranks){ .number = told(NUMBER, 0), .count = told(COUNT, 1),
                               .near = told(NEAR, 1) };
}

void inv_ranks_forget(void)
{
    for (int i = 0; i < TOLD_BY; i++)
        for (int k = 0; k <= NEAR; k++)
            unsetenv(told_by[i][k]);
}

/* Started together, though MPI knows of one: the first says so. */
static int apart(const struct inv_ranks *ranks, struct inv_ranks started)
{
    if (started.number == 0)
        inv_error(ranks->errors, "%d programs were started that know nothing of each other; %s",
                  started.count, !ranks->type
                  ? "build the trainer by invar build --mpi"
                  : "start them by the mpirun of the MPI that this trainer was built with, or by "
                    "srun --mpi=pmi2 (MPICH) or --mpi=pmix (Open MPI)");
    return INV_BAD_USAGE;
}

int inv_ranks_begin(struct inv_ranks *ranks, const struct inv_ranks_type *type,
                    struct inv_errors *errors)
{
    *ranks = (struct inv_ranks){ .type = type, .count = 1, .near = 1, .errors = errors };
    if (type)
        type->begin(&ranks->number, &ranks->count, &ranks->here, &ranks->near);
    if (ranks->count == 1 && inv_ranks_started().count > 1)
        return apart(ranks, inv_ranks_started());
    if (ranks->number > 0 && freopen("/dev/null", "w", stdout))
        ranks->told = open_memstream(&ranks->text, &ranks->size);
    if (ranks->told)
        errors->to = ranks->told;
    return INV_OK;
}

void inv_ranks_machine(char name[INV_MACHINE])
{
    memset(name, 0, INV_MACHINE);
    /* invar-lint: allow machine because messages name the rank's machine */
    gethostname(name, INV_MACHINE - 1);
}

static void tell(struct inv_ranks *ranks)
{
    char machine[INV_MACHINE];
    inv_ranks_machine(machine);
    if (ranks->told)
        fflush(ranks->told);
    if (ranks->size > 0)
        fprintf(stderr, "rank %d of %d, on %s:\n%s", ranks->number, ranks->count, machine,
                ranks->text);
    fflush(stderr);
}

/* A loss that is not finite and a signal are of all ranks. */
void inv_ranks_end(struct inv_ranks *ranks, int status)
{
    int common = ranks->agreed || status == INV_OK || status == INV_NOT_FINITE ||
                 status == INV_INTERRUPTED;
    if (!ranks->type)
        return;
    fflush(NULL);                       /* the others may end when this one has left */
    if (!common && ranks->count > 1) {
        tell(ranks);
        ranks->type->abort(status);
    }
    ranks->type->end();
    ranks->errors->to = stderr;
    if (ranks->told)
        fclose(ranks->told);
    free(ranks->text);
}

/* ---- what all know ---- */

void inv_ranks_gather(struct inv_ranks *ranks, const void *own, void *all, int64_t bytes)
{
    for (int r = 0; r < ranks->count; r++) {
        char *to = (char *)all + r * bytes;
        if (r == ranks->number) {
            memcpy(to, own, (size_t)bytes);
            continue;
        }
        ranks->type->receive(to, bytes, r);
        ranks->type->send(own, bytes, r);
    }
    if (ranks->count > 1)
        ranks->type->wait();
}

int64_t inv_ranks_least(struct inv_ranks *ranks, int64_t number)
{
    if (ranks->count == 1)
        return number;
    int64_t *all = inv_allocate((size_t)ranks->count * sizeof *all);
    inv_ranks_gather(ranks, &number, all, sizeof number);
    for (int r = 0; r < ranks->count; r++)
        number = all[r] < number ? all[r] : number;
    free(all);
    return number;
}

int64_t inv_ranks_most(struct inv_ranks *ranks, int64_t number)
{
    return -inv_ranks_least(ranks, -number);
}

int inv_ranks_agree(struct inv_ranks *ranks, int status)
{
    if (ranks->count == 1)
        return status;
    int64_t first = inv_ranks_least(ranks, status == INV_OK ? INT32_MAX : ranks->number);
    if (first == INT32_MAX)
        return INV_OK;
    ranks->agreed = 1;
    if (first == ranks->number)
        tell(ranks);
    return (int)inv_ranks_most(ranks, first == ranks->number ? status : INV_OK);
}

/* What one rank says to the others. */
struct said { char machine[INV_MACHINE], text[TEXT]; };

int inv_ranks_same(struct inv_ranks *ranks, const char *what, const char *text, const char *cure)
{
    struct said own = { .machine = "" }, *all;
    int other = 0;
    if (ranks->count == 1)
        return INV_OK;
    inv_ranks_machine(own.machine);
    snprintf(own.text, TEXT, "%s", text);
    all = inv_allocate((size_t)ranks->count * sizeof *all);
    inv_ranks_gather(ranks, &own, all, sizeof own);
    while (other < ranks->count && strcmp(all[other].text, all[0].text) == 0)
        other++;
    if (other < ranks->count && ranks->number == 0)
        inv_error(ranks->errors, "rank %d on %s has another %s than rank 0 on %s (%.12s, and "
                  "%.12s); %s", other, all[other].machine, what, all[0].machine, all[other].text,
                  all[0].text, cure);
    ranks->agreed |= other < ranks->count;
    free(all);
    return ranks->agreed ? INV_BAD_DATA : INV_OK;
}

/* ---- sums ---- */

int64_t inv_ranks_chunk(const struct inv_ranks *ranks, int64_t bytes, int rank)
{
    return inv_chunk_begin(bytes, rank, ranks->count);
}

/* Each rank has its chunk of the data; after, all have all. */
static void share(struct inv_ranks *ranks, void *data, int64_t bytes)
{
    int64_t own = inv_ranks_chunk(ranks, bytes, ranks->number);
    int64_t size = inv_ranks_chunk(ranks, bytes, ranks->number + 1) - own;
    for (int d = 1; d < ranks->count; d++) {
        int from = (ranks->number + ranks->count - d) % ranks->count;
        int to = (ranks->number + d) % ranks->count;
        int64_t at = inv_ranks_chunk(ranks, bytes, from);
        ranks->type->receive((char *)data + at, inv_ranks_chunk(ranks, bytes, from + 1) - at, from);
        ranks->type->send((char *)data + own, size, to);
    }
    ranks->type->wait();
}

/* To each rank its chunk of this one's numbers; the chunks of this rank from the others lie one
 * after another in `all`. */
static void scatter(struct inv_ranks *ranks, const char *data, int64_t bytes, char *all)
{
    int64_t own = inv_ranks_chunk(ranks, bytes, ranks->number);
    int64_t size = inv_ranks_chunk(ranks, bytes, ranks->number + 1) - own;
    for (int d = 1; d < ranks->count; d++) {
        int from = (ranks->number + ranks->count - d) % ranks->count;
        int to = (ranks->number + d) % ranks->count;
        int64_t at = inv_ranks_chunk(ranks, bytes, to);
        ranks->type->receive(all + (d - 1) * size, size, from);
        ranks->type->send(data + at, inv_ranks_chunk(ranks, bytes, to + 1) - at, to);
    }
    ranks->type->wait();
}

void inv_ranks_sum(struct inv_ranks *ranks, void *number, int64_t count)
{
    int64_t bytes = count * 8, first = inv_ranks_chunk(ranks, bytes, ranks->number) / 8;
    int64_t own = inv_ranks_chunk(ranks, bytes, ranks->number + 1) / 8 - first;
    if (ranks->count == 1 || count == 0)
        return;
    uint64_t *all = inv_allocate((size_t)(ranks->count * own + 1) * sizeof *all), *sum = number;
    scatter(ranks, number, bytes, (char *)all);
    for (int64_t i = 0; i < own * (ranks->count - 1); i++)
        sum[first + i % own] += all[i];
    free(all);
    share(ranks, number, bytes);
}

/* ---- threads ---- */

/* Ranks on one machine share its processors, where nobody has given each some of its own. */
int inv_ranks_threads(const struct inv_ranks *ranks)
{
    /* invar-lint: allow machine because the number of threads changes no bit */
    int mine = inv_pool_processors(), share = (int)sysconf(_SC_NPROCESSORS_ONLN) / ranks->near;
    if (ranks->near > 1 && share < mine)
        mine = share > 0 ? share : 1;
    return mine;
}
