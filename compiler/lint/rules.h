/* The rules, as a list. */
#ifndef INVAR_LINT_RULES_H
#define INVAR_LINT_RULES_H
#include "lint/rule.h"

extern const struct rule *const lint_rules[];
extern const int lint_rule_count;

#endif
