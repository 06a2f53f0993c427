/* Rules of `for` in train, and `load` in them: which parameters and buffers begin with arrays of
 * files of weights. */
#ifndef INVAR_LOWER_LOADS_H
#define INVAR_LOWER_LOADS_H
#include "lower/lower.h"
#include "lower/pattern.h"

bool lower_rule_matches(const struct ast *rule, const char *path);
/* KEY = E: the key, else NULL. */
const char *lower_rule_key(const struct ast *statement);
/* What the last rule that has that key for that path gives it, or NULL. */
const struct ast *lower_rule_value(struct lower *, const char *path, const char *key);

/* Whether `load = E` is a text or `none`; else an error. */
bool lower_check_load(struct lower *, const struct ast *bind);
/* Sets variable->loaded, once all parameters and buffers are known. */
void lower_loads(struct lower *);

#endif
