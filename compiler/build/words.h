/* Options of trainers among the words of a command that runs trainers. */
#ifndef INVAR_BUILD_WORDS_H
#define INVAR_BUILD_WORDS_H

/* Of an option, what a command may have to be without. */
enum words_kind {
    WORDS_USE = 1,                      /* it uses what was trained, or tells something */
    WORDS_OUTPUT = 2,                   /* it names what a training writes */
    WORDS_DETAIL = 4,                   /* how often and what of it is written */
    WORDS_RUN = 8,                      /* it is of one run, before or again */
};

/* The number of the word that is this option ("--log"), alone or as --log=VALUE; -1: none is. */
int words_find(int count, char *const *word, const char *name);
/* The first option of these kinds that is there, or NULL. */
const char *words_any(int count, char *const *word, unsigned kinds);

#endif
