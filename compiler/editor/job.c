/* Answers in processes of their own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "editor/job.h"
#include "editor/reply.h"
#include "host/errors.h"

enum { SECONDS_MAX = 60 };              /* of processor time, for one answer */

void job_answer(const struct question *question, answer *answer, const char *id, FILE *out)
{
    struct arena *arena = arena_new();
    struct reply r;
    if (id) {
        reply_begin(&r, id);
        answer(question, arena, &r.j);
        reply_end(&r, out);
    } else {
        diagnose(question, arena, out);
    }
    arena_free(arena);
}

/* ---- processes ---- */

/* What models may read is no stream of the server's, and what the compiler prints is none of its
 * messages. */
static void run_child(const struct question *question, answer *answer, const char *id, int to)
{
    struct rlimit seconds = {SECONDS_MAX, SECONDS_MAX};
    int nothing = open("/dev/null", O_RDWR);
    FILE *out = fdopen(to, "w");
    if (!out || nothing < 0 || dup2(nothing, 0) < 0 || dup2(2, 1) < 0)
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXCPU, SIG_DFL);
    setrlimit(RLIMIT_CPU, &seconds);
    job_answer(question, answer, id, out);
    _exit(fflush(out) != 0);
}

struct job *job_begin(const struct question *question, answer *answer, const char *id)
{
    int ends[2];
    if (pipe(ends) != 0) {
        fprintf(stderr, "invar lsp: cannot make a pipe: %s\n", strerror(errno));
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_child(question, answer, id, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        fprintf(stderr, "invar lsp: cannot make a process: %s\n", strerror(errno));
        close(ends[0]);
        return NULL;
    }
    struct job *job = inv_allocate(sizeof *job);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    *job = (struct job){.pid = pid, .from = ends[0], .document = question->document,
                        .id = id ? inv_copy_text(id) : NULL};
    return job;
}

bool job_read(struct job *job, FILE *out)
{
    static char buffer[1 << 16];
    const char *body;
    size_t size;
    ssize_t n = read(job->from, buffer, sizeof buffer);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    messages_add(&job->messages, buffer, (size_t)n);
    while (messages_next(&job->messages, &body, &size) == MESSAGE_HERE) {
        message_write(out, body, size);
        job->answered = true;
    }
    return true;
}

static char *what_ended(int status)
{
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return inv_text("the compiler was ended: it took over %d seconds, or the memory that there "
                        "is", SECONDS_MAX);
    if (WIFSIGNALED(status))
        return inv_text("the compiler ended by signal %d: a fault of invar, not of the model; "
                        "please report it with the model", WTERMSIG(status));
    return inv_text("the compiler ended with status %d and without an answer",
                    WEXITSTATUS(status));
}

void job_end(struct job *job, const char *why, FILE *out)
{
    int status = 0;
    if (why)
        kill(job->pid, SIGKILL);
    close(job->from);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    char *ended = what_ended(status);
    if (job->id && !job->answered)
        reply_error(out, job->id, why ? CANCELLED : INTERNAL_ERROR, why ? why : ended);
    else if (!job->id && !why && (!job->answered || WIFSIGNALED(status)))
        diagnose_as(job->document, ended, out);
    free(ended);
    messages_free(&job->messages);
    free(job->id);
    free(job);
}
