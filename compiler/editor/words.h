/* The words of the language, from the compiler's own tables: for completion, and for the word
 * lists of editors, which a test holds against them (invar lsp --words). */
#ifndef INVAR_EDITOR_WORDS_H
#define INVAR_EDITOR_WORDS_H

enum word_class { WORD_KEYWORD, WORD_ITEM, WORD_MODEL, WORD_BLOCK, WORD_DATA, WORD_TRAIN,
                  WORD_TARGET, WORD_SOURCE, WORD_TYPE, WORD_OPERATOR, WORD_VALUE, WORD_CLASSES };

/* "keyword", "model", ... */
const char *word_class_name(enum word_class);
/* One word after the other, then NULL. */
const char *word_of(enum word_class, int i);
/* A line for each: its class and the word. */
void words_print(void);

#endif
