/* What differs from one machine or run to the next without being random or a time. */
#include "lint/rule.h"

static const struct { const char *names, *why; } kinds[] = {
    {"readdir readdir_r nftw ftw fts_read", "gives files in the order in which the disk has them"},
    {"getpid gettid getppid gethostname gethostid uname sysinfo",
     "is another on another machine or in the next run"},
    {"_SC_NPROCESSORS_ONLN _SC_NPROCESSORS_CONF get_nprocs get_nprocs_conf sched_getcpu "
     "sched_getaffinity omp_get_num_threads omp_get_max_threads omp_get_num_procs "
     "omp_get_thread_num omp_get_team_size", "depends on how many processors or threads there are"},
    {"setlocale newlocale uselocale", "makes numbers be read and written by the habits of a "
                                      "country: 0,5 for 0.5"},
    {"g_direct_hash g_hash_table_foreach* g_hash_table_iter_* g_hash_table_get_keys* "
     "g_hash_table_get_values*", "gives entries in an order that depends on addresses"},
};

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
        if (name_is_one(name, kinds[i].names))
            look_find(look, look_at(look, at->cursor),
                      "let nothing that is computed depend on it: sort by name, cut work into "
                      "parts of a fixed size; else allow it with the reason", "%s %s", name,
                      kinds[i].why);
}

const struct rule lint_machine = {
    .name = "machine",
    .finds = "numbers of processors and threads, process ids, orders of directories, locales",
    .node = see,
};
