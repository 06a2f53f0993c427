#include "lower/pattern.h"
#include <string.h>
#include "base/text.h"

enum { WILDCARDS = 6 };

bool pattern_matches(const char *pattern, const char *path)
{
    if (!*pattern)
        return !*path;
    if (pattern[0] == '*' && pattern[1] == '*') {
        const char *rest = pattern + 2;
        if (*rest == '/' && pattern_matches(rest + 1, path))
            return true;
        if (pattern_matches(rest, path))
            return true;
        return *path && pattern_matches(pattern, path + 1);
    }
    if (*pattern == '*')
        return pattern_matches(pattern + 1, path)
               || (*path && *path != '/' && pattern_matches(pattern, path + 1));
    return *path == *pattern && pattern_matches(pattern + 1, path + 1);
}

/* The characters of the wildcard that the text begins with; 0: none. */
static int wildcard(const char *text)
{
    return text[0] != '*' ? 0 : text[1] == '*' ? 2 : 1;
}

/* Of the next wildcard, which *text is moved behind; 0 where there is none. */
static int next_wildcard(const char **text)
{
    *text += strcspn(*text, "*");
    int size = wildcard(*text);
    *text += size;
    return size;
}

bool pattern_alike(const char *a, const char *b)
{
    for (int i = 0; i <= WILDCARDS; i++) {
        int size = next_wildcard(&a);
        if (size != next_wildcard(&b))
            return false;
        if (!size)
            return true;
    }
    return false;
}

/* ---- what wildcards stand for ---- */

struct rewriting {
    struct pattern_names *names;
    const char *to;
    struct { const char *at; size_t size; bool nothing; } held[WILDCARDS];
    int count;
};

static void add_name(const struct rewriting *r)
{
    struct pattern_names *names = r->names;
    struct text text;
    text_init(&text, names->arena);
    text_puts(&text, "");
    const char *at = r->to;
    for (int i = 0; i < r->count; i++) {
        size_t plain = strcspn(at, "*");
        text_add(&text, at, plain);
        at += plain + (size_t)wildcard(at + plain);
        text_add(&text, r->held[i].at, r->held[i].size);
        at += r->held[i].nothing && *at == '/';
    }
    text_puts(&text, at);
    bool known = names->count > 0 && !strcmp(names->name[0], text.data);
    if (!known && names->count < 2)
        names->name[names->count++] = text.data;
}

static void match(struct rewriting *r, const char *pattern, const char *path);

/* The wildcard stands for the path's first `size` bytes, the rest of the pattern for the rest. */
static void hold(struct rewriting *r, const char *rest, const char *path, size_t size, bool nothing)
{
    r->held[r->count].at = path;
    r->held[r->count].size = size;
    r->held[r->count++].nothing = nothing;
    match(r, rest, path + size);
    r->count--;
}

static void match(struct rewriting *r, const char *pattern, const char *path)
{
    int size = wildcard(pattern);
    const char *rest = pattern + size;
    size_t most = strlen(path);
    if (!size && *pattern && *pattern == *path)
        match(r, pattern + 1, path + 1);
    if (!*pattern && !*path)
        add_name(r);
    if (!size || r->names->count == 2)
        return;
    if (size == 2 && *rest == '/')
        hold(r, rest + 1, path, 0, true);
    if (size == 1)
        most = strcspn(path, "/");
    for (size_t taken = 0; taken <= most; taken++)
        hold(r, rest, path, taken, false);
}

void pattern_rewrite(struct pattern_names *names, const char *pattern, const char *path,
                     const char *to)
{
    struct rewriting r = {.names = names, .to = to};
    match(&r, pattern, path);
}
