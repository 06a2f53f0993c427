/* Threads of one's own. */
#include "lint/rule.h"

static const char NAMES[] =
    "pthread_* thrd_* mtx_* cnd_* tss_* call_once sem_wait sem_post sem_init fork vfork clone "
    "dispatch_async dispatch_apply dispatch_group_async xTaskCreate* k_thread_create CreateThread "
    "_beginthread _beginthreadex";

static const char HARMLESS[] = "pthread_attr_* pthread_sigmask pthread_self pthread_equal";

static void see(struct look *look, const struct at *at)
{
    const char *name = look_library_name(look, at);

    if (name && name_is_one(name, NAMES) && !name_is_one(name, HARMLESS))
        look_find(look, look_at(look, at->cursor),
                  "let the trainer share out the work (--threads); where threads here write apart "
                  "and are joined in a fixed order, allow it with that reason",
                  "%s(): what threads do first is decided anew in every run", name);
}

const struct rule lint_threads = {
    .name = "threads",
    .finds = "threads, locks and processes of one's own: pthread_*, thrd_*, fork",
    .node = see,
};
