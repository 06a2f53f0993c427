/* What differs from one machine or run to the next without being random or a time. */
#include "lint/rule.h"

static const char CURE[] = "let nothing that is computed depend on it: sort by name, cut work into "
                           "parts of a fixed size; else allow it with the reason";

static const struct named named[] = {
    {.names = "readdir readdir_r nftw ftw fts_read",
     .why = " gives files in the order in which the disk has them", .cure = CURE},
    {.names = "getpid gettid getppid gethostname gethostid uname sysinfo",
     .why = " is another on another machine or in the next run", .cure = CURE},
    {.names = "_SC_NPROCESSORS_ONLN _SC_NPROCESSORS_CONF get_nprocs get_nprocs_conf sched_getcpu "
              "sched_getaffinity omp_get_num_threads omp_get_max_threads omp_get_num_procs "
              "omp_get_thread_num omp_get_team_size",
     .why = " depends on how many processors or threads there are", .cure = CURE},
    {.names = "setlocale newlocale uselocale",
     .why = " makes numbers be read and written by the habits of a country: 0,5 for 0.5",
     .cure = CURE},
    {.names = "g_direct_hash g_hash_table_foreach* g_hash_table_iter_* g_hash_table_get_keys* "
              "g_hash_table_get_values*",
     .why = " gives entries in an order that depends on addresses", .cure = CURE},
    {.why = NULL}};

const struct rule lint_machine = {
    .name = "machine",
    .finds = "numbers of processors and threads, process ids, orders of directories, locales",
    .named = named,
};
