#include <ctype.h>
#include <limits.h>
#include <string.h>
#include "lint/allow.h"
#include "lint/rules.h"

static const char NAME[] = "suppression";
static const char CURE[] = "write /* invar-lint: allow RULE because REASON */ before the statement "
                           "or behind it, or 'allow RULE in this file because REASON'";

/* The words of a comment, in one line, without its signs. */
static char *words_of(struct look *look, const char *comment)
{
    size_t size = strlen(comment), end = size, n = 0;
    char *text = arena_alloc(look->arena, size + 1);
    bool fresh = true;                  /* a line begins */

    if (comment[1] == '*')
        end -= 2;
    for (size_t i = 2; i < end; i++) {
        char c = comment[i];
        if (c == '\n')
            fresh = true;
        if (isspace((unsigned char)c) || (fresh && (c == '*' || c == '/')))
            c = ' ';
        else
            fresh = false;
        if (c != ' ' || (n > 0 && text[n - 1] != ' '))
            text[n++] = c;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return text;
}

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*at, word, n) || ((*at)[n] && (*at)[n] != ' '))
        return false;
    *at += n + ((*at)[n] == ' ');
    return true;
}

static const char *nearest_rule(const char *name)
{
    const char *choice[64];

    for (int i = 0; i < lint_rule_count; i++)
        choice[i] = lint_rules[i]->name;
    return diag_nearest(name, choice, lint_rule_count);
}

static bool is_rule(const char *name)
{
    for (int i = 0; i < lint_rule_count; i++)
        if (!strcmp(lint_rules[i]->name, name))
            return true;
    return false;
}

/* Names of rules, with commas between them; false after a finding. */
static bool read_rules(struct look *look, struct allowance *a, const char **at)
{
    struct place place = {a->file, a->offset};

    for (bool more = true; more;) {
        size_t n = strcspn(*at, " ,");
        const char *name = arena_strndup(look->arena, *at, n);
        if (!is_rule(name)) {
            const char *near = nearest_rule(name);
            look_found(look, place, NAME, near ? arena_printf(look->arena, "write '%s'", near)
                                               : "'invar lint --rules' lists them",
                       arena_printf(look->arena, "there is no rule '%s' to allow", name));
            return false;
        }
        ARENA_PUSH(look->arena, a->rule, a->rules, a->room) = name;
        *at += n;
        more = **at == ',';
        *at += strspn(*at, ", ");
    }
    return true;
}

/* The lines that a comment, which is token `i`, speaks of. */
static void find_lines(struct allowance *a, int i)
{
    const struct text_file *f = a->file;
    int next = i + 1;

    a->first = a->last = f->token[i].line;
    if (i > 0 && look_line(f, f->token[i - 1].end) == a->first)
        return;                         /* behind what it speaks of */
    while (next < f->tokens && f->token[next].kind == CXToken_Comment)
        next++;
    if (next == f->tokens)
        return;
    a->first = a->last = f->token[next].line;
    if (!strcmp(f->token[next].text, "#"))
        return;
    for (; next < f->tokens; next++) {
        a->last = f->token[next].line;
        if (f->token[next].kind == CXToken_Punctuation && strchr(";{}", f->token[next].text[0]))
            return;
    }
}

static void read_comment(struct look *look, const struct text_file *f, int i)
{
    struct allowance a = {.file = f, .offset = f->token[i].offset};
    struct place place = {f, a.offset};
    const char *at = words_of(look, f->token[i].text);

    if (!take(&at, "invar-lint:"))
        return;
    if (!take(&at, "allow") || !*at) {
        look_found(look, place, NAME, CURE, "this says nothing to invar lint");
        return;
    }
    if (!read_rules(look, &a, &at))
        return;
    find_lines(&a, i);
    if (take(&at, "in this file")) {
        a.first = 0;
        a.last = UINT_MAX;
    }
    if (!take(&at, "because") || !*at) {
        look_found(look, place, NAME, CURE, "this allows something without a reason, and a reader "
                   "cannot know whether it is right");
        return;
    }
    ARENA_PUSH(look->arena, look->allowance, look->allowances, look->allowance_room) = a;
}

void allow_read(struct look *look, const struct text_file *f)
{
    for (int i = 0; i < f->tokens; i++)
        if (f->token[i].kind == CXToken_Comment && strstr(f->token[i].text, "invar-lint:"))
            read_comment(look, f, i);
}

void allow_activate(struct look *look, const struct text_file *f, CXFile of)
{
    CXSourceRangeList *skipped = clang.getSkippedRanges(look->unit, of);

    for (int i = 0; i < look->allowances; i++) {
        struct allowance *a = &look->allowance[i];
        bool taken = a->file == f;
        for (unsigned k = 0; taken && skipped && k < skipped->count; k++) {
            unsigned from, to;
            clang.getFileLocation(clang.getRangeStart(skipped->ranges[k]), NULL, NULL, NULL, &from);
            clang.getFileLocation(clang.getRangeEnd(skipped->ranges[k]), NULL, NULL, NULL, &to);
            taken = a->offset < from || a->offset > to;
        }
        a->active |= taken;
    }
    if (skipped)
        clang.disposeSourceRangeList(skipped);
}

static bool allows(struct allowance *a, const struct finding *f)
{
    bool same = a->file == f->place.file && (unsigned)f->line >= a->first &&
                (unsigned)f->line <= a->last, named = false;

    for (int i = 0; same && i < a->rules; i++)
        named |= !strcmp(a->rule[i], f->rule);
    a->used |= named;
    return named;
}

void allow_apply(struct look *look)
{
    int kept = 0;

    for (int i = 0; i < look->findings; i++) {
        bool allowed = false;
        for (int k = 0; k < look->allowances; k++)
            allowed |= allows(&look->allowance[k], &look->finding[i]);
        if (!allowed)
            look->finding[kept++] = look->finding[i];
    }
    look->findings = kept;
    for (int i = 0; i < look->allowances; i++) {
        const struct allowance *a = &look->allowance[i];
        if (a->active && !a->used)
            look_found(look, (struct place){a->file, a->offset}, NAME, "remove it",
                       "this allows something that nothing here does");
    }
}
