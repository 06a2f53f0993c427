/* Threads of one's own. */
#include "lint/rule.h"

static const struct named named[] = {
    {.names = "pthread_* thrd_* mtx_* cnd_* tss_* call_once sem_wait sem_post sem_init fork vfork "
              "clone dispatch_async dispatch_apply dispatch_group_async xTaskCreate* "
              "k_thread_create CreateThread _beginthread _beginthreadex",
     .but = "pthread_attr_* pthread_sigmask pthread_self pthread_equal",
     .why = "(): what threads do first is decided anew in every run",
     .cure = "let the trainer share out the work (--threads); where threads here write apart and "
             "are joined in a fixed order, allow it with that reason"},
    {.why = NULL}};

const struct rule lint_threads = {
    .name = "threads",
    .finds = "threads, locks and processes of one's own: pthread_*, thrd_*, fork",
    .named = named,
};
