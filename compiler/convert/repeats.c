/* Runs of lines that are alike.  A line is looked at as words: what earlier lines made is named by
 * how far above it stands, or, from before the run, by its number among such; numbers and the paths
 * of layers may be others.  Equal hashes of these find runs, and their words say whether they are.
 * One block is made at a time, the one that saves most lines; then all is looked at anew. */
#include "convert/repeats.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/names.h"

enum { LONGEST = 256, NUMBERS = 4, OUTSIDE = 16, PATHS = LONGEST, ROUNDS = 64 };

enum word_kind { IS_TEXT, IS_NUMBER, IS_NAME, IS_PATH };

struct word {
    const char *text;
    enum word_kind kind;
    struct named *of;                   /* IS_NAME: what it stands for */
    bool blank;                         /* before it */
};

struct line {
    const char *text;                   /* as it stands there, with its comment */
    const char *comment;                /* or "" */
    struct word *word;
    int count, room;
    struct named *made[OUTSIDE];
    int mades;
    bool stored;                        /* a parameter or buffer */
    bool fixed;                         /* no line of a run */
    bool has_path;                      /* of a layer or a parameter */
};

/* A value, or a layer whose weights are read by its name. */
struct named {
    const char *name;
    int line, part;                     /* where it is made, -1: an argument; the which of it */
    int last;                           /* line that reads it; INT32_MAX: what stands behind */
    bool layer;
};

struct body {
    struct made *made;
    struct arena *arena;                /* of what is found out before a block is made */
    enum repeats_paths paths;
    struct line *line;
    int count, room;
    const char *before, *behind;        /* the text around the lines */
    const struct names *values, *layers;
};

/* Runs of `size` lines from at[0], at[1] .. on. */
struct runs {
    int size, count, *at;
    struct named **outside;             /* of each run, in their order */
    int outsides;
    const char **number;                /* of each run: those that differ */
    int numbers, column[NUMBERS];       /* their words, counted over the run */
    int out[OUTSIDE], outs;             /* line * OUTSIDE + part of what is read behind a run */
    const char **path;                  /* of each run: those of layers and parameters */
    int paths, layers;                  /* how many, and of how many layers */
    bool stored[PATHS];                 /* which are of parameters, alone in the model's body */
    const char **folder;                /* of each run */
    const char **inner;                 /* of each path: what it is in the block */
    bool renamed;
    int score;
};

/* ---- lines as words ---- */
static size_t word_size(const char *at)
{
    size_t n = 1;
    if (*at == '"')
        return strcspn(at + 1, "\"") + 2;
    if (isalpha((unsigned char)*at) || *at == '_')
        while (isalnum((unsigned char)at[n]) || at[n] == '_')
            n++;
    if (isdigit((unsigned char)*at))
        while (isalnum((unsigned char)at[n]) ||
               (at[n] == '.' && isdigit((unsigned char)at[n + 1])) ||
               (at[n] && strchr("+-", at[n]) && at[n - 1] == 'e'))
            n++;
    return n;
}

static bool is(const struct line *l, int i, const char *text)
{
    return i >= 0 && i < l->count && !strcmp(l->word[i].text, text);
}

/* The word of the line's first `=` outside of parentheses; 0: there is none. */
static int equals_of(const struct line *l)
{
    int depth = 0;
    for (int i = 0; i < l->count; i++) {
        depth += is(l, i, "(") || is(l, i, "[");
        depth -= is(l, i, ")") || is(l, i, "]");
        if (depth == 0 && is(l, i, "=") && !is(l, i + 1, "="))
            return i;
    }
    return 0;
}

static void cut_words(struct body *b, struct line *l)
{
    const char *at = l->text;
    while (*at && *at != '#') {
        bool blank = *at == ' ';
        at += strspn(at, " ");
        if (!*at || *at == '#')
            break;
        size_t n = word_size(at);
        struct word w = {.text = arena_strndup(b->arena, at, n), .blank = blank};
        w.kind = isdigit((unsigned char)*at) ? IS_NUMBER : IS_TEXT;
        if (l->count && is(l, l->count - 1, "as"))
            w.kind = IS_PATH;
        ARENA_PUSH(b->arena, l->word, l->count, l->room) = w;
        at += n;
    }
    l->comment = *at == '#' ? at : "";
}

/* A path without the marks around it. */
static const char *bare(struct body *b, const char *path)
{
    return *path == '"' ? arena_strndup(b->arena, path + 1, strlen(path) - 2) : path;
}

/* What the word stands for, where it is a value, or a layer of which a member is read. */
static struct named *meaning(const struct body *b, const struct line *l, int i)
{
    const char *name = l->word[i].text;
    if (l->word[i].kind != IS_TEXT || is(l, i - 1, ".") || is(l, i + 1, "(") ||
        (is(l, i + 1, "=") && !is(l, i + 2, "=")))
        return NULL;
    return names_find(is(l, i + 1, ".") && !is(l, i + 2, ".") ? b->layers : b->values, name);
}

static struct named *add_named(struct body *b, const struct names **to, const char *name, int line,
                               int part)
{
    struct named *n = ARENA_NEW(b->arena, struct named);
    *n = (struct named){.name = name, .line = line, .part = part, .last = line,
                        .layer = to == &b->layers};
    *to = names_add(b->arena, *to, name, n);
    return n;
}

static void read_names(struct body *b, struct line *l, int number)
{
    for (int i = 0; i < l->count; i++) {
        l->word[i].of = meaning(b, l, i);
        if (l->word[i].of) {
            l->word[i].kind = IS_NAME;
            l->word[i].of->last = number;
        }
    }
}

/* The names that the line makes, and the layers. */
static void make_names(struct body *b, struct line *l, int number)
{
    int equals = equals_of(l);
    l->stored = is(l, 0, "param") || is(l, 0, "buffer");
    l->has_path = l->stored;
    l->fixed = equals == 0;
    for (int i = l->stored; i < (l->stored ? 2 : equals); i += 2) {
        bool alone = l->stored || is(l, i + 1, ",") || i + 1 == equals;
        if (!alone || l->mades == OUTSIDE || names_find(b->values, l->word[i].text)) {
            l->fixed = true;
            return;
        }
        l->word[i].of = add_named(b, &b->values, l->word[i].text, number, l->mades);
        l->word[i].kind = IS_NAME;
        l->made[l->mades++] = l->word[i].of;
    }
    for (int i = 0; i < l->count; i++)
        if (l->word[i].kind == IS_PATH) {
            l->has_path = true;
            add_named(b, &b->layers, bare(b, l->word[i].text), number, 0);
        }
}

static void read_line(struct body *b, struct line *l, int number)
{
    l->word = NULL;
    l->count = l->room = l->mades = 0;
    cut_words(b, l);
    read_names(b, l, number);
    make_names(b, l, number);
}

/* All that the lines say; what stands behind them reads to the end. */
static void read_lines(struct body *b)
{
    struct line rest = {.text = b->behind};
    const char *head = strrchr(b->before, '(');
    struct line formals = {.text = head ? head : ""};
    b->values = b->layers = NULL;
    cut_words(b, &formals);
    for (int i = 0; i + 1 < formals.count; i++)
        if (is(&formals, i + 1, ":"))
            add_named(b, &b->values, formals.word[i].text, -1, 0);
    for (int i = 0; i < b->count; i++)
        read_line(b, &b->line[i], i);
    for (const char *at = b->behind; at && *at;) {
        size_t n = strcspn(at, "\n");
        rest = (struct line){.text = arena_strndup(b->arena, at, n)};
        cut_words(b, &rest);
        read_names(b, &rest, INT32_MAX);
        at += n + (at[n] == '\n');
    }
}

/* ---- hashes of runs ---- */
static uint64_t mix(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * 1099511628211u;
    return hash ^ hash >> 29;
}

/* The number of a name from before the run, which is added where it is new; -1: too many. */
static int outside_of(struct named **list, int *count, struct named *n)
{
    for (int i = 0; i < *count; i++)
        if (list[i] == n)
            return i;
    if (*count == OUTSIDE)
        return -1;
    list[*count] = n;
    return (*count)++;
}

/* A run may begin with any line, but not read a layer's weights from before it. */
static bool add_line(const struct line *l, int number, int begin, struct named **outside,
                     int *outsides, uint64_t *hash)
{
    bool good = !l->fixed;
    for (int i = 0; i < l->count && good; i++) {
        const struct word *w = &l->word[i];
        *hash = mix(*hash, (uint64_t)w->kind);
        if (w->kind == IS_TEXT)
            *hash = mix(*hash, names_hash(w->text));
        if (w->kind != IS_NAME)
            continue;
        bool inside = w->of->line >= begin;
        int at = inside ? number - w->of->line : outside_of(outside, outsides, w->of);
        good = at >= 0 && (inside || !w->of->layer);
        *hash = mix(mix(*hash, inside), (uint64_t)(at * OUTSIDE + (inside ? w->of->part : 0)));
    }
    return good;
}

struct place { uint64_t hash; int begin; };

static int by_hash(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash)
                              : (x->begin > y->begin) - (x->begin < y->begin);
}

/* hash[begin * most + size - 1]; 0: no run is there, or one of no layer and no parameter. */
static uint64_t *hash_runs(struct body *b, int most)
{
    uint64_t *hash = ARENA_ARRAY(b->arena, uint64_t, (size_t)b->count * (size_t)most + 1);
    for (int begin = 0; begin < b->count; begin++) {
        struct named *outside[OUTSIDE];
        int outsides = 0;
        uint64_t so_far = 14695981039346656037u;
        bool has_path = false;
        for (int size = 1; size <= most && begin + size <= b->count; size++) {
            int at = begin + size - 1;
            if (!add_line(&b->line[at], at, begin, outside, &outsides, &so_far))
                break;
            has_path |= b->line[at].has_path;
            if (has_path)
                hash[(size_t)begin * (size_t)most + (size_t)size - 1] = so_far | 1;
        }
    }
    return hash;
}

/* ---- what runs have in common ---- */
static int gain_of(const struct runs *r)
{
    return (r->size - 1) * (r->count - 1) - 3; /* a block has three lines of its own */
}

/* Whether words of a run are those of the first, and what of them differs. */
static bool compare_words(struct body *b, struct runs *r, int run)
{
    int outsides = 0, first_outsides = 0, paths = 0, layers = 0;
    struct named **outside = r->outside + run * OUTSIDE;
    for (int k = 0; k < r->size; k++) {
        const struct line *l = &b->line[r->at[run] + k], *f = &b->line[r->at[0] + k];
        if (l->count != f->count || l->stored != f->stored)
            return false;
        for (int i = 0; i < l->count; i++) {
            const struct word *w = &l->word[i], *v = &f->word[i];
            if (w->kind != v->kind || (w->kind == IS_TEXT && strcmp(w->text, v->text)))
                return false;
            bool path = w->kind == IS_PATH || (l->stored && i == 1);
            if (path && paths == PATHS)
                return false;
            if (path) {
                r->stored[paths] = w->kind != IS_PATH;
                layers += !r->stored[paths];
                r->path[run * PATHS + paths++] = bare(b, w->text);
            }
            if (w->kind != IS_NAME)
                continue;
            bool inside = w->of->line >= r->at[run], first = v->of->line >= r->at[0];
            if (inside != first ||
                (inside ? w->of->line - r->at[run] != v->of->line - r->at[0] ||
                              w->of->part != v->of->part
                        : outside_of(outside, &outsides, w->of) !=
                              outside_of(r->outside, &first_outsides, v->of)))
                return false;
        }
    }
    r->outsides = outsides;
    r->paths = paths;
    r->layers = layers;
    return true;
}

/* The words of a run in their order: number `at`. */
static const struct word *word_of(const struct body *b, const struct runs *r, int run, int at)
{
    int k = r->at[run];
    while (at >= b->line[k].count)
        at -= b->line[k++].count;
    return &b->line[k].word[at];
}

/* A word of numbers that differ, as an argument: one for all words that differ alike. */
static bool add_number(struct body *b, struct runs *r, int at)
{
    bool differs = false;
    for (int run = 1; run < r->count; run++)
        differs |= strcmp(word_of(b, r, run, at)->text, word_of(b, r, 0, at)->text) != 0;
    for (int n = 0; n < r->numbers && differs; n++) {
        bool same = true;
        for (int run = 0; run < r->count; run++)
            same &= !strcmp(word_of(b, r, run, at)->text, r->number[run * NUMBERS + n]);
        differs = !same;
    }
    if (!differs)
        return true;
    if (r->numbers == NUMBERS)
        return false;
    for (int run = 0; run < r->count; run++)
        r->number[run * NUMBERS + r->numbers] = word_of(b, r, run, at)->text;
    r->column[r->numbers++] = at;
    return true;
}

static bool find_numbers(struct body *b, struct runs *r)
{
    int at = 0;
    for (int k = 0; k < r->size; k++)
        for (int i = 0; i < b->line[r->at[0] + k].count; i++, at++)
            if (b->line[r->at[0] + k].word[i].kind == IS_NUMBER && !add_number(b, r, at))
                return false;
    return true;
}

/* What is read behind any of the runs is what all give. */
static bool find_outs(struct body *b, struct runs *r)
{
    for (int k = 0; k < r->size; k++)
        for (int part = 0; part < b->line[r->at[0] + k].mades; part++) {
            bool read = false;
            for (int run = 0; run < r->count; run++)
                read |= b->line[r->at[run] + k].made[part]->last >= r->at[run] + r->size;
            if (read && r->outs == OUTSIDE)
                return false;
            if (read)
                r->out[r->outs++] = k * OUTSIDE + part;
        }
    return r->outs > 0;
}

/* Weights of the runs' layers are read in them alone. */
static bool keeps_layers(struct body *b, const struct runs *r)
{
    for (int run = 0; run < r->count; run++)
        for (int k = 0; k < r->size; k++) {
            const struct line *l = &b->line[r->at[run] + k];
            for (int i = 0; i < l->count; i++) {
                const struct named *n = l->word[i].kind == IS_PATH
                    ? names_find(b->layers, bare(b, l->word[i].text)) : NULL;
                if (n && n->last >= r->at[run] + r->size)
                    return false;
            }
        }
    return true;
}

/* What values from outside are, in all runs. */
static bool knows_types(const struct body *b, const struct runs *r)
{
    for (int i = 0; i < r->outsides; i++) {
        const struct made_type *first = made_type_of(b->made, r->outside[i]->name);
        for (int run = 0; run < r->count; run++) {
            const struct named *n = r->outside[run * OUTSIDE + i];
            const struct made_type *t = made_type_of(b->made, n->name);
            if (!first || !t || strcmp(t->element, first->element) ||
                (r->outsides > 1 && t->rank != first->rank))
                return false;
        }
    }
    return true;
}

/* ---- paths ---- */
/* The folder that all layers of a run lie in, or where "_" is a mark, what their names begin with;
 * NULL: there is none. */
static const char *folder_of(struct body *b, const struct runs *r, int run, const char *marks)
{
    const char *const *path = r->path + run * PATHS, *first = NULL;
    size_t common = 0;
    for (int i = 0; i < r->paths; i++) {
        if (r->stored[i])
            continue;
        size_t n = first ? 0 : strlen(path[i]), most = first ? common : n;
        first = first ? first : path[i];
        while (n < most && path[i][n] == first[n])
            n++;
        while (n && !(path[i][n] && path[i][n] == first[n] && strchr(marks, first[n])))
            n--;
        common = n;
    }
    return common ? arena_strndup(b->arena, first, common) : NULL;
}

/* Whether each run's layers lie in a folder of its own, in which they are called alike. */
static bool have_folders(struct body *b, struct runs *r, const char *marks)
{
    for (int run = 0; run < r->count; run++) {
        const char *folder = r->layers ? folder_of(b, r, run, marks) : NULL;
        if (!folder)
            return false;
        for (int i = 0; i < run; i++)
            if (!strcmp(r->folder[i], folder))
                return false;
        r->folder[run] = folder;
        for (int i = 0; i < r->paths; i++)
            if (!r->stored[i] && strcmp(r->path[run * PATHS + i] + strlen(folder),
                                        r->path[i] + strlen(r->folder[0])))
                return false;
    }
    return true;
}

/* The first path of a run that is the same as number i. */
static int first_of(const struct runs *r, int run, int i)
{
    int first = 0;
    while (strcmp(r->path[run * PATHS + first], r->path[run * PATHS + i]))
        first++;
    return first;
}

/* Whether what is one layer in a run is one in all. */
static bool have_same_layers(const struct runs *r)
{
    for (int i = 0; i < r->paths; i++)
        for (int run = 1; run < r->count; run++)
            if (first_of(r, run, i) != first_of(r, 0, i))
                return false;
    return true;
}

/* What layers and parameters are called in the block: what has no folder as it was, so that its
 * weights are read by that name. */
static void call_anew(struct body *b, struct runs *r)
{
    const struct names *taken = NULL;
    static char used;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < r->paths; i++) {
            const char *path = r->path[i], *slash = strrchr(path, '/');
            const char *wanted = slash ? slash + 1 : path, *name;
            if ((slash != NULL) != pass)
                continue;
            if (!r->renamed && !r->stored[i])
                wanted = path + strlen(r->folder[0]) + 1;
            name = wanted;
            for (int n = 2; names_find(taken, name); n++)
                name = arena_printf(b->arena, "%s_%d", wanted, n);
            taken = names_add(b->arena, taken, name, &used);
            r->inner[i] = name;
        }
    for (int i = 0; i < r->paths; i++)
        r->inner[i] = r->inner[first_of(r, 0, i)];
}

/* The saved array's path is that, or lies below it. */
static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

/* Whether nothing else is saved where the runs' arrays would be. */
static bool are_free(const struct body *b, const struct runs *r)
{
    for (int run = 0; run < r->count && !r->renamed; run++)
        for (int i = 0; i < r->paths; i++) {
            const char *path = arena_printf(b->arena, "%s/%s", r->folder[run], r->inner[i]);
            bool same = !strcmp(path, r->path[run * PATHS + i]);
            for (int s = 0; s < b->made->saved_count && !same; s++)
                if (is_below(b->made->saved[s].path, path))
                    return false;
        }
    return true;
}

/* Where the arrays of the runs are to lie, as far as paths may change. */
static bool find_folders(struct body *b, struct runs *r)
{
    bool alone = r->layers < r->paths;
    r->renamed = !have_folders(b, r, "/") &&
                 (b->paths == REPEATS_KEEP || !have_folders(b, r, "/_"));
    if ((r->renamed && b->paths != REPEATS_MOVE) || (alone && b->paths == REPEATS_KEEP))
        return false;
    call_anew(b, r);
    return are_free(b, r);
}

/* ---- the best of all ---- */
static bool judge(struct body *b, struct runs *r)
{
    struct arena *a = b->arena;
    r->outside = ARENA_ARRAY(a, struct named *, r->count * OUTSIDE);
    r->number = ARENA_ARRAY(a, const char *, r->count * NUMBERS);
    r->path = ARENA_ARRAY(a, const char *, r->count * PATHS);
    r->folder = ARENA_ARRAY(a, const char *, r->count);
    r->inner = ARENA_ARRAY(a, const char *, PATHS);
    for (int run = 0; run < r->count; run++)
        if (!compare_words(b, r, run))
            return false;
    if (!find_numbers(b, r) || !find_outs(b, r) || !keeps_layers(b, r) ||
        !knows_types(b, r) || !have_same_layers(r) || !find_folders(b, r))
        return false;
    r->score = gain_of(r) - 2 * (r->outsides - 1 + r->numbers + r->outs - 1 + r->renamed);
    return r->score > 0;
}

/* The runs among places of one hash, which do not overlap; those that save more than the best are
 * looked at. */
static void try_places(struct body *b, const struct place *place, int count, int size,
                       struct runs *best)
{
    struct arena *all = b->arena;
    b->arena = arena_within(all);
    struct runs r = {.size = size, .at = ARENA_ARRAY(b->arena, int, count)};
    for (int i = 0; i < count; i++)
        if (r.count == 0 || place[i].begin >= r.at[r.count - 1] + size)
            r.at[r.count++] = place[i].begin;
    if (r.count > 1 && gain_of(&r) > best->score && judge(b, &r) && r.score > best->score)
        *best = r;
    else
        arena_free(b->arena);
    b->arena = all;
}

static struct runs find_best(struct body *b)
{
    struct runs best = {0};
    int most = b->count / 2 < LONGEST ? b->count / 2 : LONGEST;
    const uint64_t *hash = hash_runs(b, most);
    struct place *place = ARENA_ARRAY(b->arena, struct place, b->count + 1);
    for (int size = most; size >= 3; size--) {
        int count = 0;
        for (int begin = 0; begin + size <= b->count; begin++) {
            uint64_t h = hash[(size_t)begin * (size_t)most + (size_t)size - 1];
            if (h)
                place[count++] = (struct place){h, begin};
        }
        qsort(place, (size_t)count, sizeof *place, by_hash);
        for (int i = 0, end; i < count; i = end) {
            for (end = i + 1; end < count && place[end].hash == place[i].hash;)
                end++;
            if (end > i + 1)
                try_places(b, place + i, end - i, size, &best);
        }
    }
    return best;
}

/* ---- the block ---- */
/* "layer" of "encoder/layer/0": the last part of a path that is no number. */
static const char *stem_of(struct body *b, const char *path)
{
    const char *best = "layer";
    size_t most = strlen(best);
    for (const char *at = path; *at;) {
        size_t n = strcspn(at, "/"), kept = n;
        while (kept && (isdigit((unsigned char)at[kept - 1]) || at[kept - 1] == '_'))
            kept--;
        if (kept && isalpha((unsigned char)*at)) {
            best = at;
            most = kept;
        }
        at += n + (at[n] == '/');
    }
    return arena_strndup(b->arena, best, most);
}

/* The block's arguments while they are written: `used` are the words that it has. */
struct head {
    struct text text;
    const struct names *used;
    const char *number[NUMBERS];        /* what those that differ are called */
};

static const char *free_word(struct body *b, struct head *h, const char *wanted)
{
    const char *name = wanted;
    for (int n = 2; names_find(h->used, name); n++)
        name = arena_printf(b->arena, "%s%d", wanted, n);
    h->used = names_add(b->arena, h->used, name, h);
    return name;
}

/* "x: f32[...]", or "x: f32[n, n2]" where there are several. */
static void put_value(struct body *b, const struct runs *r, int i, struct head *h)
{
    const struct made_type *t = made_type_of(b->made, r->outside[i]->name);
    text_printf(&h->text, "%s%s: %s%s", i ? ", " : "", r->outside[i]->name, t->element,
                r->outsides == 1 ? "[...]" : "");
    for (int k = 0; k < t->rank && r->outsides > 1; k++)
        text_printf(&h->text, "%s%s%s", k ? ", " : "[", free_word(b, h, "n"),
                    k + 1 == t->rank ? "]" : "");
}

static bool is_whole(const char *number)
{
    return !number[strspn(number, "0123456789")];
}

/* A number is called as the argument that it is, where it is one with a name. */
static void put_number(struct body *b, const struct runs *r, int n, struct head *h)
{
    int at = r->column[n];
    const char *sign = at > 1 ? word_of(b, r, 0, at - 1)->text : "";
    const char *before = at > 1 ? word_of(b, r, 0, at - 2)->text : "";
    bool whole = true;
    for (int run = 0; run < r->count; run++)
        whole &= is_whole(r->number[run * NUMBERS + n]);
    h->number[n] = free_word(b, h, !strcmp(sign, "=") && isalpha((unsigned char)*before)
                                       ? arena_printf(b->arena, "%s_", before) : "size");
    text_printf(&h->text, "%s%s: %s", n || r->outsides ? ", " : "", h->number[n],
                whole ? "int" : "f32");
}

static void put_head(struct body *b, const struct runs *r, struct head *h)
{
    for (int k = 0; k < r->size; k++)
        for (int i = 0; i < b->line[r->at[0] + k].count; i++)
            h->used = names_add(b->arena, h->used, b->line[r->at[0] + k].word[i].text, h);
    text_init(&h->text, b->arena);
    text_puts(&h->text, "");
    for (int i = 0; i < r->outsides; i++)
        put_value(b, r, i, h);
    for (int n = 0; n < r->numbers; n++)
        put_number(b, r, n, h);
}

/* The argument that a number of the first run is; -1: it is the same in all. */
static int number_of(const struct body *b, const struct runs *r, int at)
{
    for (int n = 0; n < r->numbers; n++) {
        bool same = true;
        for (int run = 0; run < r->count && same; run++)
            same = !strcmp(word_of(b, r, run, at)->text, r->number[run * NUMBERS + n]);
        if (same)
            return n;
    }
    return -1;
}

/* The words of the first run's lines as they stand in the block. */
static void put_lines(struct body *b, const struct runs *r, const struct head *h, struct text *out)
{
    int at = 0, path = 0;
    for (int k = 0; k < r->size; k++) {
        const struct line *l = &b->line[r->at[0] + k];
        for (int i = 0; i < l->count; i++, at++) {
            const struct word *w = &l->word[i];
            int n = w->kind == IS_NUMBER ? number_of(b, r, at) : -1;
            const char *text = n >= 0 ? h->number[n] : w->text;
            if (w->kind == IS_PATH)
                text = as_text(b->arena, r->inner[path++]) + strlen(" as ");
            else if (l->stored && i == 1)
                text = r->inner[path++];
            text_printf(out, "%s%s", i == 0 ? "  " : w->blank ? " " : "", text);
        }
        text_printf(out, "%s%s\n", *l->comment ? "  " : "", l->comment);
    }
}

/* "y, z": what a run gives, by its own names. */
static void put_outs(const struct body *b, const struct runs *r, int run, struct text *out)
{
    for (int i = 0; i < r->outs; i++)
        text_printf(out, "%s%s", i ? ", " : "",
                    b->line[r->at[run] + r->out[i] / OUTSIDE].made[r->out[i] % OUTSIDE]->name);
}

static const char *block_text(struct body *b, const struct runs *r, const char *name)
{
    struct head h = {.used = NULL};
    struct text out;
    put_head(b, r, &h);
    text_init(&out, b->made->arena);
    text_printf(&out, "# What stands %d times in the file that this is made of.\nblock %s(%s) {\n",
                r->count, name, h.text.data);
    put_lines(b, r, &h, &out);
    text_puts(&out, "  return ");
    put_outs(b, r, 0, &out);
    text_puts(&out, "\n}\n\n");
    return out.data;
}

/* "# Conv a ... Relu b": what a run is made of. */
static const char *comment_of_run(struct body *b, const struct runs *r, int run)
{
    static const char dots[] = " ... ";
    const char *from = b->line[r->at[run]].comment, *first = strstr(from, dots);
    const char *to = b->line[r->at[run] + r->size - 1].comment;
    for (const char *next; (next = strstr(to, dots)) != NULL;)
        to = next + strlen(dots);
    to += *to == '#' ? strlen("# ") : 0;
    return !*from || !*to ? from
                          : arena_printf(b->arena, "%.*s%s%s",
                                         (int)(first ? first - from : (long)strlen(from)), from,
                                         dots, to);
}

static const char *call_text(struct body *b, const struct runs *r, int run, const char *name)
{
    struct text out;
    text_init(&out, b->made->arena);
    text_puts(&out, "  ");
    put_outs(b, r, run, &out);
    text_printf(&out, " = %s(", name);
    for (int i = 0; i < r->outsides; i++)
        text_printf(&out, "%s%s", i ? ", " : "", r->outside[run * OUTSIDE + i]->name);
    for (int n = 0; n < r->numbers; n++)
        text_printf(&out, "%s%s", n || r->outsides ? ", " : "", r->number[run * NUMBERS + n]);
    const char *comment = comment_of_run(b, r, run);
    text_printf(&out, ")%s%s%s", as_text(b->arena, r->folder[run]), *comment ? "  " : "",
                comment);
    return out.data;
}

/* Saved arrays lie where their layers are now. */
static void move_saved(struct body *b, const struct runs *r)
{
    for (int s = 0; s < b->made->saved_count; s++) {
        struct made_array *a = &b->made->saved[s];
        const char *folder = NULL, *inner = NULL, *old = "";
        for (int run = 0; run < r->count; run++)
            for (int i = 0; i < r->paths; i++) {
                const char *path = r->path[run * PATHS + i];
                if (is_below(a->path, path) && strlen(path) > strlen(old)) {
                    old = path;
                    folder = r->folder[run];
                    inner = r->inner[i];
                }
            }
        if (folder)
            a->path = arena_printf(b->made->arena, "%s/%s%s", folder, inner, a->path + strlen(old));
    }
}

/* The lines with a call in the place of each run. */
static void put_calls(struct body *b, const struct runs *r, const char *name)
{
    int kept = 0, run = 0;
    for (int i = 0; i < b->count; i++) {
        bool calls = run < r->count && i == r->at[run];
        b->line[kept++] = calls ? (struct line){.text = call_text(b, r, run, name)} : b->line[i];
        if (calls)
            i = r->at[run++] + r->size - 1;
    }
    b->count = kept;
}

static void write_block(struct body *b, struct runs *r)
{
    const char *stem = stem_of(b, r->renamed ? r->path[0] : r->folder[0]);
    const char *name = made_identifier(b->made, arena_printf(b->arena, "%s_part", stem));
    const char *model = strstr(b->before, "\nmodel ");
    for (int run = 0; run < r->count && r->renamed; run++)
        r->folder[run] = made_identifier(b->made, arena_printf(b->arena, "%s_%d", stem, run + 1));
    b->before = arena_printf(b->made->arena, "%.*s\n%s%s", (int)(model - b->before), b->before,
                             block_text(b, r, name), model + 1);
    move_saved(b, r);
    put_calls(b, r, name);
}

/* The text of the model file around the lines of its model. */
static bool cut_model(struct body *b, const char *text)
{
    const char *model = strstr(text, "\nmodel "), *from = model ? strstr(model, " {\n") : NULL;
    const char *end = from ? strstr(from, "\n}\n") : NULL;
    if (!end)
        return false;
    from += strlen(" {\n");
    b->before = arena_strndup(b->made->arena, text, (size_t)(from - text));
    b->behind = end + 1;
    while (from < end + 1) {
        size_t n = strcspn(from, "\n");
        ARENA_PUSH(b->made->arena, b->line, b->count, b->room) =
            (struct line){.text = arena_strndup(b->made->arena, from, n)};
        from += n + 1;
    }
    return true;
}

const char *repeats_as_blocks(struct made *m, const char *text,
                              enum repeats_paths paths)
{
    struct body b = {.made = m, .paths = paths};
    struct text out;
    bool more = cut_model(&b, text);
    if (!more)
        return text;
    for (int round = 0; round < ROUNDS && more; round++) {
        b.arena = arena_new();
        read_lines(&b);
        struct runs best = find_best(&b);
        more = best.count > 0;
        if (more)
            write_block(&b, &best);
        arena_free(b.arena);
    }
    text_init(&out, m->arena);
    text_puts(&out, b.before);
    for (int i = 0; i < b.count; i++)
        text_printf(&out, "%s\n", b.line[i].text);
    text_puts(&out, b.behind);
    return out.data;
}
