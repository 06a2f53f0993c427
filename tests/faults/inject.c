/* Lets one system call of a program fail, by ptrace; x86-64 Linux:
 *     inject HOW N COMMAND...
 * Calls that make, write, sync and rename files are counted, of those written those alone whose
 * name holds ".part".  The N-th fails with ENOSPC, EIO or EROFS (HOW: enospc, eio, erofs), writes
 * but half of its bytes (short), or does not come about: the program is killed first (kill).
 * Standard error gets "inject: COUNT calls" in the end; the status is the program's, or 128 and its
 * signal. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 64 };
struct thread {
    pid_t id;                           /* 0: a free place */
    int inside;                         /* a call has begun */
    int error;                          /* that it returns; 0: its own result */
};
static struct thread threads[THREADS];
static const char *how;
static long wanted, calls;
static pid_t program;

static struct thread *thread_of(pid_t id)
{
    for (int i = 0; i < THREADS; i++)
        if (threads[i].id == id)
            return &threads[i];
    for (int i = 0; i < THREADS; i++)
        if (threads[i].id == 0) {
            threads[i] = (struct thread){ .id = id };
            return &threads[i];
        }
    fprintf(stderr, "inject: too many threads\n");
    exit(99);
}

static int is_part_file(pid_t id, unsigned long long file)
{
    char link[64], name[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/fd/%llu", id, file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    name[length > 0 ? length : 0] = 0;
    return strstr(name, ".part") != NULL;
}

static int is_part_path(pid_t id, unsigned long long at)
{
    char name[PATH_MAX] = "";
    struct iovec here = { name, sizeof name - 1 };
    struct iovec there = { (void *)(uintptr_t)at, sizeof name - 1 };
    while (there.iov_len > 0 && process_vm_readv(id, &here, 1, &there, 1, 0) < 0)
        there.iov_len /= 2;             /* the text may lie at the end of what is mapped */
    return strstr(name, ".part") != NULL;
}

static int counts(pid_t id, const struct user_regs_struct *r)
{
    switch (r->orig_rax) {
    case SYS_openat: return (r->rdx & O_CREAT) && is_part_path(id, r->rsi);
    case SYS_write: return is_part_file(id, r->rdi);
    case SYS_fsync:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2: return 1;
    default: return 0;
    }
}

static void spoil(struct thread *t, struct user_regs_struct *r)
{
    if (strcmp(how, "kill") == 0) {
        kill(program, SIGKILL);
        return;
    }
    if (strcmp(how, "short") == 0) {
        if (r->orig_rax == SYS_write)
            r->rdx = (r->rdx + 1) / 2;
    } else {
        t->error = strcmp(how, "enospc") == 0 ? ENOSPC : strcmp(how, "eio") == 0 ? EIO : EROFS;
        r->orig_rax = (unsigned long long)-1;
    }
    ptrace(PTRACE_SETREGS, t->id, NULL, r);
}

static void at_call(struct thread *t)
{
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, t->id, NULL, &r) != 0)
        return;
    t->inside = !t->inside;
    if (t->inside && counts(t->id, &r) && ++calls == wanted)
        spoil(t, &r);
    if (!t->inside && t->error) {
        r.rax = (unsigned long long)-t->error;
        t->error = 0;
        ptrace(PTRACE_SETREGS, t->id, NULL, &r);
    }
}

/* A thread has stopped; the signal that it goes on with. */
static int at_stop(pid_t id, int status)
{
    int signal = WSTOPSIG(status);
    struct thread *t = thread_of(id);
    if (signal == (SIGTRAP | 0x80)) {
        at_call(t);
        return 0;
    }
    return status >> 16 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

static int follow(void)
{
    int status, result = 99;
    for (pid_t id; (id = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFSTOPPED(status)) {
            ptrace(PTRACE_SYSCALL, id, NULL, (void *)(intptr_t)at_stop(id, status));
            continue;
        }
        thread_of(id)->id = 0;
        if (id == program)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return result;
}

int main(int argc, char **argv)
{
    int status;
    if (argc < 4) {
        fprintf(stderr, "usage: inject enospc|eio|erofs|short|kill N COMMAND...\n");
        return 99;
    }
    how = argv[1];
    wanted = atol(argv[2]);
    program = fork();
    if (program == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (waitpid(program, &status, 0) < 0 ||
        ptrace(PTRACE_SETOPTIONS, program, NULL, (void *)(PTRACE_O_TRACESYSGOOD |
               PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) != 0 ||
        ptrace(PTRACE_SYSCALL, program, NULL, NULL) != 0) {
        fprintf(stderr, "inject: ptrace is not allowed here\n");
        kill(program, SIGKILL);
        return 77;
    }
    status = follow();
    fprintf(stderr, "inject: %ld calls\n", calls);
    return status;
}
#else
int main(void)
{
    fprintf(stderr, "inject: for x86-64 Linux alone\n");
    return 77;
}
#endif
