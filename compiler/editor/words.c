/* The words of the language, from the compiler's own tables. */
#include <stdio.h>
#include "editor/words.h"
#include "language/parse.h"
#include "lower/arguments.h"
#include "lower/body.h"
#include "lower/builtin.h"
#include "lower/data.h"
#include "lower/target.h"
#include "lower/train.h"

/* Of keywords: those that open a declaration, or the others. */
static const char *keyword(int i, bool item)
{
    bool first;
    const char *word;
    for (int k = 0; (word = parse_word(k, &first)) != NULL; k++)
        if (first == item && i-- == 0)
            return word;
    return i == 0 && !item ? "by" : NULL;
}

const char *word_of(enum word_class class, int i)
{
    switch (class) {
    case WORD_KEYWORD: return keyword(i, false);
    case WORD_ITEM: return keyword(i, true);
    case WORD_MODEL: return body_head(true, i);
    case WORD_BLOCK: return body_head(false, i);
    case WORD_DATA: return data_head(i);
    case WORD_TRAIN: return train_setting(i);
    case WORD_TARGET: return target_word(i);
    case WORD_SOURCE: return data_source(i);
    case WORD_TYPE: return argument_type(i);
    case WORD_OPERATOR: return builtin_name(i);
    case WORD_VALUE: return builtin_value_name(i);
    default: return NULL;
    }
}

const char *word_class_name(enum word_class class)
{
    static const char *const name[WORD_CLASSES] = {
        [WORD_KEYWORD] = "keyword", [WORD_ITEM] = "item",     [WORD_MODEL] = "model",
        [WORD_BLOCK] = "block",     [WORD_DATA] = "data",     [WORD_TRAIN] = "train",
        [WORD_TARGET] = "target",   [WORD_SOURCE] = "source", [WORD_TYPE] = "type",
        [WORD_OPERATOR] = "operator", [WORD_VALUE] = "value"};
    return name[class];
}

void words_print(void)
{
    const char *word;
    for (int class = 0; class < WORD_CLASSES; class++)
        for (int i = 0; (word = word_of((enum word_class)class, i)) != NULL; i++)
            printf("%s %s\n", word_class_name((enum word_class)class), word);
}
