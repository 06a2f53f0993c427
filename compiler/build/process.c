#include "build/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>
#include "base/text.h"

enum { AT_ONCE = 2 };

/* ---- signals ---- */

/* While a temporary folder is there: the signal that came, and the commands that run, each the
 * leader of a group of processes, for a compiler has children of its own. */
static volatile sig_atomic_t stopped;
static volatile pid_t running[AT_ONCE];

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS];

/* The program ends once the folder is removed. */
static void stop(int number)
{
    stopped = number;
    for (int i = 0; i < AT_ONCE; i++)
        if (running[i] > 0)
            kill(-running[i], SIGTERM);
}

void commands_hold(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

void commands_release(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    if (stopped)
        raise(stopped);
}

static void block_signals(sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, old);
}

/* ---- children that are waited for ---- */

static volatile pid_t attended[PROCESSES_MAX];
static volatile sig_atomic_t passed_on;

/* What a terminal sends it sends to the children, too. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    passed_on = number;
    for (int i = 0; info->si_code <= 0 && i < PROCESSES_MAX; i++)
        if (attended[i] > 0)
            kill(attended[i], number);
}

/* The place of a child, or, by 0, of none. */
static int place_of(pid_t child)
{
    int i = 0;
    while (i < PROCESSES_MAX && attended[i] != child)
        i++;
    return i;
}

static bool any_attended(void)
{
    for (int i = 0; i < PROCESSES_MAX; i++)
        if (attended[i] > 0)
            return true;
    return false;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

static void leave_signals(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}

/* What is killed outright passes no signal on: on Linux the system does. */
static void end_with(pid_t parent)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() != parent)
        raise(SIGTERM);
}

pid_t process_begin(void)
{
    pid_t self = getpid();
    sigset_t mask;
    bool others = any_attended();
    int place = place_of(0);
    fflush(NULL);
    block_signals(&mask);
    pid_t child = place < PROCESSES_MAX ? fork() : -1;
    if (child > 0) {
        attended[place] = child;
        if (!others)
            watch_signals();
    } else if (child == 0) {
        for (int i = 0; i < PROCESSES_MAX; i++)
            attended[i] = 0;
        if (others)
            leave_signals();
        end_with(self);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return child;
}

static int leave(pid_t child, int status)
{
    attended[place_of(child)] = 0;
    if (!any_attended())
        leave_signals();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_end(pid_t child)
{
    int status = 1 << 8;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return leave(child, status);
}

pid_t process_end_any(int *status, bool wait)
{
    pid_t child;
    while ((child = waitpid(-1, status, wait ? 0 : WNOHANG)) < 0 && errno == EINTR)
        ;
    if (child > 0)
        *status = leave(child, *status);
    return child;
}

int process_signal(void)
{
    return passed_on;
}

/* ---- commands ---- */

void command_add(struct command_line *line, const char *word)
{
    ARENA_PUSH(line->arena, line->word, line->count, line->room) = word;
}

/* The word that starts at *words, without its quotes; moves *words behind it. */
static const char *take_word(struct arena *arena, const char **words)
{
    struct text word;
    text_init(&word, arena);
    text_puts(&word, "");
    char quote = '\0';
    for (; **words && (quote || !strchr(" \t\n", **words)); ++*words) {
        const char *c = *words;
        if (*c == quote)
            quote = '\0';
        else if (!quote && (*c == '\'' || *c == '"'))
            quote = *c;
        else if (*c == '\\' && quote != '\'' && c[1])
            text_add(&word, ++*words, 1);
        else
            text_add(&word, c, 1);
    }
    return word.data ? word.data : "";
}

void command_add_words(struct command_line *line, const char *words)
{
    for (;;) {
        words += strspn(words, " \t\n");
        if (*words == '\0')
            return;
        command_add(line, take_word(line->arena, &words));
    }
}

static const char *command_text(const struct command_line *line)
{
    struct text text;
    text_init(&text, line->arena);
    for (int i = 0; i < line->count; i++) {
        bool plain = line->word[i][0] && !strpbrk(line->word[i], " \t\n'\"\\$&;|<>()*?`");
        text_printf(&text, plain ? "%s%s" : "%s'%s'", i == 0 ? "" : " ", line->word[i]);
    }
    return text.data;
}

static void become(const struct command_line *line, const char *log)
{
    int file = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char **argument = calloc((size_t)line->count + 1, sizeof *argument);
    if (file >= 0 && argument && dup2(file, 1) >= 0 && dup2(file, 2) >= 0) {
        for (int i = 0; i < line->count; i++)
            argument[i] = strdup(line->word[i]);
        execvp(argument[0], argument);
        fprintf(stderr, "%s: %s\n", argument[0], strerror(errno));
    }
    _exit(127);
}

static void restore_signals(const sigset_t *mask)
{
    for (int i = 0; i < SIGNALS; i++)
        if (before[i].sa_handler != SIG_IGN)
            signal(signals[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Starts a command as the leader of a group; a signal sees it running, or not begun. */
static pid_t start(const struct command_line *line, const char *log, bool verbose, int slot)
{
    sigset_t mask;
    if (verbose)
        fprintf(stderr, "%s\n", command_text(line));
    fflush(NULL);
    block_signals(&mask);
    pid_t child = stopped ? -1 : fork();
    if (child == 0) {
        setpgid(0, 0);
        restore_signals(&mask);
        become(line, log);
    }
    if (child > 0) {
        setpgid(child, child);
        running[slot] = child;
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return child;
}

static void print_file(const char *path)
{
    char part[4096];
    FILE *file = fopen(path, "r");
    for (size_t n; file && (n = fread(part, 1, sizeof part, file)) > 0;)
        fwrite(part, 1, n, stderr);
    if (file)
        fclose(file);
}

static bool finish(const struct command_line *line, int slot, pid_t child, const char *log,
                   bool quiet)
{
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    running[slot] = 0;
    int ended = child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool good = ended == 0 || ended == line->good;
    if (!good && !quiet && !stopped) {
        fprintf(stderr, "invar: error: this command failed:\n  %s\n", command_text(line));
        print_file(log);
    }
    return good;
}

bool command_run_all(const struct command_line *line, int count, const char *folder, bool verbose,
                     bool quiet)
{
    pid_t child[AT_ONCE];
    const char *log[AT_ONCE];
    bool good = true;
    for (int i = 0; i < count + AT_ONCE; i++) {
        int slot = i % AT_ONCE;
        if (i >= AT_ONCE && i - AT_ONCE < count && child[slot] != 0)
            good &= finish(&line[i - AT_ONCE], slot, child[slot], log[slot], quiet || !good);
        child[slot] = 0;
        if (i >= count || !good)
            continue;
        log[slot] = arena_printf(line->arena, "%s/log-%d", folder, i);
        child[slot] = start(&line[i], log[slot], verbose, slot);
    }
    return good;
}

void command_repeat_notes(struct arena *arena, const char *folder)
{
    char line[4096];
    FILE *file = fopen(arena_printf(arena, "%s/log-0", folder), "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "note: ", 6))
            fputs(line, stderr);
    if (file)
        fclose(file);
}

bool command_said(struct arena *arena, const char *folder, const char *word)
{
    char line[4096];
    bool said = false;
    FILE *file = fopen(arena_printf(arena, "%s/log-0", folder), "r");
    while (file && fgets(line, sizeof line, file))
        said = said || strstr(line, word);
    if (file)
        fclose(file);
    return said;
}
