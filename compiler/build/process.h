/* Commands that compile, and signals while they run. */
#ifndef INVAR_BUILD_PROCESS_H
#define INVAR_BUILD_PROCESS_H
#include <stdbool.h>
#include <sys/types.h>
#include "base/arena.h"

struct command_line {
    struct arena *arena;
    const char **word;
    int count, room;
    int good;                           /* an exit status that is none of a failure, beside 0 */
};

/* From here on a signal that would end the program ends the commands, and lets none begin;
 * commands_release then ends the program by it. */
void commands_hold(void);
void commands_release(void);
void command_add(struct command_line *, const char *word);
/* Adds the words of a string such as $CFLAGS: split at spaces; '...', "..." and \ quote. */
void command_add_words(struct command_line *, const char *words);
/* Runs the commands, two at a time, output captured below `folder`.  False after printing the
 * first failing one with its output; quiet: prints nothing. */
bool command_run_all(const struct command_line *, int count, const char *folder, bool verbose,
                     bool quiet);

enum { PROCESSES_MAX = 256 };           /* that may have begun and not ended */

/* Forks: 0 in the child, which has the signals as they were; its number, or -1, in the parent,
 * where from here on, until none is left, a signal that was sent to this process alone goes on to
 * all children. */
pid_t process_begin(void);
/* Waits for that child: its exit status, or 128 + the signal that ended it. */
int process_end(pid_t child);
/* Waits for any of them: its number, and that status; -1: there is none.  Without `wait` 0 where
 * none has ended yet. */
pid_t process_end_any(int *status, bool wait);
/* The signal that came while there were children, or 0. */
int process_signal(void);

/* Prints the notes again that the first command of the last run printed. */
void command_repeat_notes(struct arena *, const char *folder);
/* Did the first command of the last run print the word? */
bool command_said(struct arena *, const char *folder, const char *word);

#endif
