#include "ending.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "errors.h"

/* Signals find their work in static memory: the only state of a program that is not in its
 * session. */
enum { PLACES = 8, LENGTH = 4096 };
static char list[PLACES][LENGTH];       /* empty: a free place */

/* A mapped file; size 0: a free place. */
static struct { const char *at; volatile size_t size; char path[LENGTH]; } mapped[PLACES];

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU };
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static void remove_all(void)
{
    for (int i = 0; i < PLACES; i++)
        if (list[i][0])
            unlink(list[i]);
}

/* Whether some signals only ask, and the first that did. */
static volatile sig_atomic_t deferred, asked;

/* Whether the program goes on: a signal that asks does not end it, but for SIGINT as the second;
 * who asked may have read what is printed, so that nobody does any more. */
static int goes_on(int number)
{
    int asks = number == SIGINT || number == SIGTERM || number == SIGHUP;
    if (!deferred || (number == SIGINT && asked) || !(asks || (number == SIGPIPE && asked)))
        return 0;
    if (!asked)
        asked = number;
    return 1;
}

/* The program then ends by the signal itself, so that its parent sees which one it was. */
static void end(int number)
{
    if (goes_on(number))
        return;
    remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

static void say(const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, text, size);
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

/* The file that memory at that address is mapped from, or NULL. */
static const char *mapped_at(const void *address)
{
    for (int i = 0; i < PLACES; i++)
        /* invar-lint: allow pointer-order because it says which mapping an address lies in */
        if ((uintptr_t)address - (uintptr_t)mapped[i].at < mapped[i].size)
            return mapped[i].path;
    return NULL;
}

static void end_unread(int number, siginfo_t *about, void *context)
{
    const char *path = mapped_at(about->si_addr);
    (void)context;
    if (!path) {
        end(number);
        return;
    }
    say("error: ");
    say(path);
    say(": cannot be read any more where it is mapped: it was cut short, or its disk fails; run "
        "again, which makes the file anew\n");
    remove_all();
    _exit(INV_BAD_DATA);
}

void inv_ending_watch(void)
{
    struct sigaction action = { .sa_handler = end, .sa_flags = SA_RESTART }, old;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (int i = 0; i < SIGNALS; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
    action.sa_sigaction = end_unread;
    action.sa_flags |= SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
    signal(SIGXFSZ, SIG_IGN);
    atexit(remove_all);
}

void inv_ending_defer(int on)
{
    deferred = on;
}

const char *inv_ending_asked(void)
{
    return asked == SIGINT ? "SIGINT" : asked == SIGTERM ? "SIGTERM" : asked ? "SIGHUP" : NULL;
}

int inv_ending_add(const char *path)
{
    for (int i = 0; i < PLACES; i++)
        if (!list[i][0] && strlen(path) < LENGTH) {
            strcpy(list[i] + 1, path + 1);
            atomic_thread_fence(memory_order_seq_cst); /* a signal sees all of it or nothing */
            list[i][0] = path[0];
            return i;
        }
    return -1;
}

int inv_ending_map(const void *at, size_t size, const char *path)
{
    for (int i = 0; i < PLACES; i++)
        if (mapped[i].size == 0) {
            mapped[i].at = at;
            snprintf(mapped[i].path, LENGTH, "%s", path);
            atomic_thread_fence(memory_order_seq_cst); /* a signal sees all of it or nothing */
            mapped[i].size = size;
            return i;
        }
    return -1;
}

void inv_ending_unmap(int place)
{
    if (place >= 0)
        mapped[place].size = 0;
    atomic_thread_fence(memory_order_seq_cst);
}

void inv_ending_drop(int place)
{
    if (place >= 0)
        list[place][0] = 0;
    atomic_thread_fence(memory_order_seq_cst);
}
