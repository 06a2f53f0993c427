#include "lint/rules.h"

#define RULE(name) extern const struct rule lint_##name;
#include "lint/rules.def"
#undef RULE

const struct rule *const lint_rules[] = {
#define RULE(name) &lint_##name,
#include "lint/rules.def"
#undef RULE
};

const int lint_rule_count = (int)(sizeof lint_rules / sizeof *lint_rules);
