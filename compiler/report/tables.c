#include "report/tables.h"
#include <string.h>
#include "report/compare.h"
#include "report/html.h"

enum { ROWS_MAX = 1000 };               /* of a table of epochs */

/* Keys in the order in which they are met. */
struct keys {
    const char **key;
    int count, room;
};

static void add_key(struct arena *arena, struct keys *keys, const char *key)
{
    for (int i = 0; i < keys->count; i++)
        if (!strcmp(keys->key[i], key))
            return;
    ARENA_PUSH(arena, keys->key, keys->count, keys->room) = key;
}

static bool is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* A cell; a hash is one that the script gives a button to copy it.  "": the run has none. */
static void add_cell(struct values *row, const char *value)
{
    struct values *cell = values_add_item(row, "cell");
    const char *escaped = html_escape(values_arena(row), *value ? value : "none");
    if (is_hash(value))
        values_printf(cell, "value", "<code class=\"hash\">%s</code>", escaped);
    else
        values_set(cell, "value", escaped);
}

static void add_number(struct values *row, const struct member *m)
{
    struct arena *arena = values_arena(row);
    values_set(values_add_item(row, "cell"), "value",
               m && member_is_number(m) ? html_number(arena, m->value[0]) : "");
}

/* ---- results ---- */

/* The last line that has that number: of an epoch, or one of results. */
static const struct member *last_of(const struct run *run, const char *key)
{
    const struct member *found = NULL;
    if (run->epoch_count)
        found = entry_find(&run->epoch[run->epoch_count - 1], key);
    for (int i = 0; i < run->other_count; i++) {
        const struct member *m = entry_find(&run->other[i], key);
        bool kept = entry_find(&run->other[i], "kept_epoch") != NULL;
        if (m && (!kept || !strcmp(key, "kept_epoch")))
            found = m;
    }
    return found;
}

static void collect(struct arena *arena, struct keys *keys, const struct entry *line)
{
    for (int i = 0; i < line->count; i++)
        if (member_is_number(&line->member[i]))
            add_key(arena, keys, line->member[i].key);
}

static void set_results(struct values *values, const struct run *run, int count)
{
    struct arena *arena = values_arena(values);
    struct keys keys = {.key = NULL};
    for (int r = 0; r < count; r++) {
        if (run[r].epoch_count)
            collect(arena, &keys, &run[r].epoch[run[r].epoch_count - 1]);
        for (int i = 0; i < run[r].other_count; i++)
            collect(arena, &keys, &run[r].other[i]);
    }
    for (int k = 0; k < keys.count; k++) {
        struct values *row = values_add_item(values, "result");
        html_set(row, "key", keys.key[k]);
        for (int r = 0; r < count; r++)
            add_number(row, last_of(&run[r], keys.key[k]));
    }
}

/* ---- facts ---- */

/* Whether it is not the same of all runs. */
static bool add_fact(struct values *values, const struct run *run, int count, const char *key)
{
    bool shared = runs_share(run, count, key);
    struct values *row = values_add_item(values, shared ? "fact" : "other");
    html_set(row, "key", key);
    for (int r = 0; r < (shared ? 1 : count); r++)
        add_cell(row, run_fact(&run[r], key));
    return !shared;
}

/* "data x.csv" of a line that has the hash of what was read or written; NULL: it has none. */
static const char *file_of(struct arena *arena, const struct entry *line)
{
    static const char *const kind[][2] = {
        {"data_file", "data"}, {"load", "loaded"}, {"weights", "weights"}};
    const struct member *hash = entry_find(line, "sha256");
    for (size_t i = 0; hash && hash->text && i < sizeof kind / sizeof *kind; i++) {
        const struct member *file = entry_find(line, kind[i][0]);
        if (file && file->text)
            return arena_printf(arena, "%s %s", kind[i][1], file->text);
    }
    return NULL;
}

/* The hash of that file, or "" where the run has none of it. */
static const char *hash_of(struct arena *arena, const struct run *run, const char *key)
{
    for (int i = 0; i < run->other_count; i++) {
        const char *file = file_of(arena, &run->other[i]);
        if (file && !strcmp(file, key))
            return entry_find(&run->other[i], "sha256")->text;
    }
    return "";
}

/* Files stand in lines of their own; whether one is not the same of all runs. */
static bool add_files(struct values *values, const struct run *run, int count)
{
    struct arena *arena = values_arena(values);
    struct keys keys = {.key = NULL};
    bool differ = false;
    for (int r = 0; r < count; r++)
        for (int i = 0; i < run[r].other_count; i++)
            if (file_of(arena, &run[r].other[i]))
                add_key(arena, &keys, file_of(arena, &run[r].other[i]));
    for (int k = 0; k < keys.count; k++) {
        const char *first = hash_of(arena, &run[0], keys.key[k]);
        bool shared = true;
        for (int r = 1; r < count; r++)
            shared = shared && !strcmp(first, hash_of(arena, &run[r], keys.key[k]));
        struct values *row = values_add_item(values, shared ? "fact" : "other");
        html_set(row, "key", keys.key[k]);
        for (int r = 0; r < (shared ? 1 : count); r++)
            add_cell(row, hash_of(arena, &run[r], keys.key[k]));
        differ |= !shared;
    }
    return differ;
}

static void set_facts(struct values *values, const struct run *run, int count)
{
    struct arena *arena = values_arena(values);
    struct keys keys = {.key = NULL};
    bool differ = false;
    for (int r = 0; r < count; r++)
        for (int i = 0; i < run[r].first.count; i++)
            if (run[r].first.member[i].text)
                add_key(arena, &keys, run[r].first.member[i].key);
    for (int k = 0; k < keys.count; k++)
        differ |= add_fact(values, run, count, keys.key[k]);
    differ |= add_files(values, run, count);
    if (differ)
        values_add_item(values, "differing");
    values_set(values, "facts", count > 1 ? "What is the same" : "Environment");
}

/* ---- epochs ---- */

static void set_epochs(struct values *values, const struct run *run)
{
    struct arena *arena = values_arena(values);
    struct keys keys = {.key = NULL};
    int stride = (run->epoch_count + ROWS_MAX - 1) / ROWS_MAX;
    for (int i = 0; i < run->epoch_count; i++)
        collect(arena, &keys, &run->epoch[i]);
    struct values *table = values_add_item(values, "log");
    html_set(table, "run", run->name);
    values_set(table, "count", html_number(arena, run->epoch_count));
    values_set(table, "note", stride < 2 ? "" : arena_printf(arena, ", of which one in %d and the "
                                                             "last are here", stride));
    for (int k = 0; k < keys.count; k++)
        html_set(values_add_item(table, "head"), "key", keys.key[k]);
    for (int i = 0; i < run->epoch_count; i++) {
        if (i % stride && i + 1 < run->epoch_count)
            continue;
        struct values *row = values_add_item(table, "epoch");
        for (int k = 0; k < keys.count; k++)
            add_number(row, entry_find(&run->epoch[i], keys.key[k]));
    }
}

void tables_set(struct values *values, const struct run *run, int count)
{
    set_results(values, run, count);
    set_facts(values, run, count);
    for (int r = 0; r < count; r++)
        if (run[r].epoch_count)
            set_epochs(values, &run[r]);
}
