/* `load = "FILE:NAMES"`: NAMES has the wildcards of the pattern of its `for`, and what these stand
 * for in the path of a parameter makes the name of its array; without NAMES that is the path. */
#include "lower/loads.h"
#include <string.h>
#include "lower/expr.h"
#include "lower/optimizer.h"

/* ---- rules ---- */

bool lower_rule_matches(const struct ast *rule, const char *path)
{
    const struct ast *patterns = rule->kid[0];
    for (int i = 0; i < patterns->count; i++)
        if (pattern_matches(patterns->kid[i]->text, path))
            return true;
    return false;
}

const char *lower_rule_key(const struct ast *statement)
{
    return statement->kind == AST_BIND ? statement->kid[0]->kid[0]->text : NULL;
}

/* The rule that has the last value; *value: that. */
static const struct ast *find_rule(struct lower *l, const char *path, const char *key,
                                   const struct ast **value)
{
    const struct ast *found = NULL;
    for (int i = 0; i < l->updates->rule_count; i++) {
        const struct ast *rule = l->updates->rules[i], *body = rule->kid[1];
        for (int k = 0; lower_rule_matches(rule, path) && k < body->count; k++) {
            const char *own = lower_rule_key(body->kid[k]);
            if (own && !strcmp(own, key)) {
                *value = body->kid[k]->kid[1];
                found = rule;
            }
        }
    }
    return found;
}

const struct ast *lower_rule_value(struct lower *l, const char *path, const char *key)
{
    const struct ast *value = NULL;
    find_rule(l, path, key, &value);
    return value;
}

/* ---- what is loaded ---- */

static const char *names_of(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon ? colon + 1 : NULL;
}

bool lower_check_load(struct lower *l, const struct ast *bind)
{
    struct value v = lower_expr(l, l->train_frame, bind->kid[1]);
    const char *names = v.kind == V_STRING ? names_of(v.text) : NULL;
    bool file = v.kind == V_STRING && *v.text && *v.text != ':' && (!names || *names);
    if (v.kind == V_ERROR || v.kind == V_NONE || file)
        return v.kind != V_ERROR;
    struct diag *d = diag_error(l->diags, bind->kid[1]->span, "'load' takes a file of weights and "
                                "names in it, not %s", value_describe(l, v));
    diag_help(d, "for example: for \"body/**\" { load = \"base.safetensors:body/**\" }, or without "
              "\":body/**\" where the names are the same");
    return false;
}

/* The name in the file for that path, or NULL after an error. */
static const char *name_for(struct lower *l, const struct ast *rule, const struct value *load,
                            const char *path)
{
    const struct ast *patterns = rule->kid[0];
    const char *names = names_of(load->text);
    struct pattern_names found = {.arena = l->arena};
    if (!names)
        return path;
    for (int i = 0; i < patterns->count; i++) {
        const char *pattern = patterns->kid[i]->text;
        if (!pattern_matches(pattern, path))
            continue;
        if (!pattern_alike(pattern, names)) {
            struct diag *d = diag_error(l->diags, load->span, "the wildcards of \"%s\" are not "
                                        "those of \"%s\"", names, pattern);
            diag_help(d, "both need the same ones in the same order, up to six: what they stand "
                      "for in '%s' makes the name in the file", path);
            return NULL;
        }
        pattern_rewrite(&found, pattern, path, names);
    }
    if (found.count == 1)
        return found.name[0];
    struct diag *d = diag_error(l->diags, load->span, "'%s' is matched in several ways: its array "
                                "would be \"%s\" or \"%s\"", path, found.name[0], found.name[1]);
    diag_help(d, "write a pattern for each");
    return NULL;
}

/* False after an error. */
static bool load(struct lower *l, struct variable *v)
{
    const struct ast *ast = NULL, *rule = find_rule(l, v->path, "load", &ast);
    if (!rule)
        return true;
    struct value value = lower_expr(l, l->train_frame, ast);
    if (value.kind != V_STRING)
        return true;
    const char *name = name_for(l, rule, &value, v->path);
    v->loaded = ARENA_NEW(l->program->arena, struct loaded);
    *v->loaded = (struct loaded){
        arena_strndup(l->program->arena, value.text, strcspn(value.text, ":")), name, ast->span};
    return name != NULL;
}

void lower_loads(struct lower *l)
{
    bool good = true;
    for (int i = 0; good && i < l->program->variable_count; i++) {
        struct variable *v = program_variable(l->program, i);
        if (v->kind <= VAR_BUFFER && !program_is_statistic(l->program, i))
            good = load(l, v);
    }
}
