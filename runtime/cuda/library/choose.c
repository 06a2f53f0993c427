/* Which of a library's algorithms are taken, and the lock file that pins them. */
#include "cuda/library/library.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/errors.h"
#include "host/output.h"

/* ---- what may be taken ---- */

const char *inv_library_refusal(unsigned traits)
{
    static const struct {
        unsigned trait;
        const char *reason;
    } reasons[] = {
        { INV_UNSUPPORTED, "the library does not support it here" },
        { INV_UNTOLD, "the library does not say how it computes" },
        { INV_NOT_DETERMINISTIC, "its maker calls it not deterministic" },
        { INV_UNORDERED_SUM, "it adds the parts of a sum by a scheme of its own" },
        { INV_SPLIT_SUM, "it splits sums into parts" },
        { INV_NOT_FMA, "it computes on tensor cores" },
        { INV_NARROW_INPUT, "it rounds operands to less than f32" },
        { INV_NARROW_SUM, "it does not keep sums in f32" },
        { INV_NO_GRAPH, "it cannot be part of a CUDA graph" },
        { INV_BIG_WORKSPACE, "it needs more workspace than there is" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (traits & reasons[i].trait)
            return reasons[i].reason;
    return traits ? "it has a property that is not known" : NULL;
}

/* ---- the lock ---- */

struct choice {
    char *key;                          /* key_of its contraction */
    int exact;                          /* none may be taken */
    struct inv_candidate candidate;     /* examined when it is first used */
    int examined;
};

struct inv_library {
    const struct inv_library_type *type;
    void *state;
    struct inv_machine machine;
    char *path;
    struct inv_errors *errors;
    struct choice *choice;
    int choices;
};

int inv_side_alignment(const struct inv_side *side)
{
    int alignment = 256;
    while (alignment > 1 && (side->offset % alignment != 0 || side->page * 4 % alignment != 0))
        alignment /= 2;
    return alignment;
}

/* "1 x 32 x 128 x 32, a 0 32 1 by 256, b 0 1 128 by 64": pages, m, n and k; strides of pages, own
 * and k; alignment in bytes. */
static char *key_of(const struct inv_contraction *c)
{
    return inv_text("%" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64 ", a %" PRId64 " %" PRId64
                    " %" PRId64 " by %d, b %" PRId64 " %" PRId64 " %" PRId64 " by %d", c->pages,
                    c->m, c->n, c->k, c->a.page, c->a.own, c->a.k, inv_side_alignment(&c->a),
                    c->b.page, c->b.own, c->b.k, inv_side_alignment(&c->b));
}

static struct choice *find(struct inv_library *l, const char *key)
{
    for (int i = 0; i < l->choices; i++)
        if (strcmp(l->choice[i].key, key) == 0)
            return &l->choice[i];
    return NULL;
}

/* Takes the key. */
static struct choice *add(struct inv_library *l, char *key)
{
    l->choice = inv_resize(l->choice, (size_t)(l->choices + 1) * sizeof *l->choice);
    struct choice *made = &l->choice[l->choices++];
    *made = (struct choice){ .key = key };
    return made;
}

static void write_choice(struct inv_output *out, const struct choice *choice)
{
    inv_output_print(out, "contraction %s: ", choice->key);
    if (choice->exact) {
        inv_output_print(out, "exact\n");
        return;
    }
    for (int i = 0; i < INV_CONFIG; i++)
        inv_output_print(out, "%02x", choice->candidate.config[i]);
    inv_output_print(out, " %s\n", choice->candidate.text);
}

static int save(struct inv_library *l)
{
    struct inv_output out;
    char digest[65];
    if (!inv_output_open(&out, l->path, l->errors))
        return 0;
    inv_output_print(&out, "# Which kernels contractions take in library mode: see docs/gpu.md.\n"
                     "gpu %s\narchitecture %s\nprocessors %d\n%s %" PRId64 "\n", l->machine.gpu,
                     l->machine.architecture, l->machine.processors, l->type->name,
                     l->type->version(l->state));
    for (int i = 0; i < l->choices; i++)
        write_choice(&out, &l->choice[i]);
    return inv_output_close(&out, digest);
}

/* ---- reading it ---- */

static int read_config(const char *hex, unsigned char *config)
{
    for (int i = 0; i < INV_CONFIG; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return 0;
        config[i] = (unsigned char)byte;
    }
    return hex[2 * INV_CONFIG] == ' ' || hex[2 * INV_CONFIG] == 0;
}

/* "KEY: exact" or "KEY: HEX TEXT". */
static int read_choice(struct inv_library *l, const char *line)
{
    const char *colon = strstr(line, ": ");
    struct inv_candidate candidate = { .traits = INV_UNTOLD };
    if (!colon)
        return 0;
    int exact = strcmp(colon + 2, "exact") == 0;
    if (!exact && (strlen(colon + 2) < 2 * INV_CONFIG || !read_config(colon + 2, candidate.config)))
        return 0;
    if (!exact && colon[2 + 2 * INV_CONFIG] == ' ')
        snprintf(candidate.text, sizeof candidate.text, "%s", colon + 3 + 2 * INV_CONFIG);
    struct choice *made = add(l, inv_text("%.*s", (int)(colon - line), line));
    made->exact = exact;
    made->candidate = candidate;
    return 1;
}

/* Compares `there`, from the lock, with what is here. */
static void compare(struct inv_library *l, const char *what, const char *there, const char *here)
{
    if (strcmp(there, here) != 0)
        inv_error(l->errors, "%s: %s is %s there and %s here, so weights would get other bits; use "
                  "the same again, or accept the change with --update-lock", l->path, what, there,
                  here);
}

static const char *after(const char *line, const char *word)
{
    size_t size = strlen(word);
    return strncmp(line, word, size) == 0 && line[size] == ' ' ? line + size + 1 : NULL;
}

/* A line of the file; 0 where it is none. */
static int read_line(struct inv_library *l, const char *line, int *seen)
{
    char *processors = inv_text("%d", l->machine.processors);
    char *version = inv_text("%" PRId64, l->type->version(l->state));
    const char *const facts[][2] = { { "gpu", l->machine.gpu },
        { "architecture", l->machine.architecture }, { "processors", processors },
        { l->type->name, version } };
    const char *rest = after(line, "contraction");
    int good = *line == '#' || (rest && read_choice(l, rest));
    for (int i = 0; i < 4 && !rest; i++) {
        const char *there = after(line, facts[i][0]);
        if (!there)
            continue;
        compare(l, facts[i][0], there, facts[i][1]);
        *seen |= 1 << i;
        good = 1;
    }
    free(processors);
    free(version);
    return good;
}

static void read_lines(struct inv_library *l, FILE *file)
{
    char line[1024];
    int number = 0, seen = 0;
    while (fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "\n")] = 0;
        if (!read_line(l, line, &seen))
            inv_error(l->errors, "%s:%d: this is no line of a lock file; restore the file, or "
                      "write it anew with --update-lock", l->path, number);
    }
    if (seen != 15)
        inv_error(l->errors, "%s: does not name gpu, architecture, processors and %s; restore the "
                  "file, or write it anew with --update-lock", l->path, l->type->name);
}

/* Without a file all is chosen now. */
static int read_lock(struct inv_library *l)
{
    int before = l->errors->count;
    FILE *file = fopen(l->path, "r");
    if (!file && errno == ENOENT)
        return 1;
    if (!file) {
        inv_error(l->errors, "%s: cannot read the lock: %s", l->path, strerror(errno));
        return 0;
    }
    read_lines(l, file);
    fclose(file);
    return l->errors->count == before;
}

struct inv_library *inv_library_open(const struct inv_library_type *type, void *state,
                                     const struct inv_machine *machine, const char *path,
                                     int update, struct inv_errors *errors)
{
    struct inv_library *l = inv_allocate(sizeof *l);
    *l = (struct inv_library){ .type = type, .state = state, .machine = *machine,
                               .path = inv_copy_text(path), .errors = errors };
    if (update || read_lock(l))
        return l;
    inv_library_close(l);
    return NULL;
}

void inv_library_close(struct inv_library *l)
{
    for (int i = 0; i < l->choices; i++)
        free(l->choice[i].key);
    free(l->choice);
    free(l->path);
    free(l);
}

void inv_library_tell(const struct inv_library *l, inv_tell *tell, void *state)
{
    char *version = inv_text("%" PRId64, l->type->version(l->state));
    tell(state, l->type->name, version);
    for (int i = 0; i < l->choices; i++)
        tell(state, l->choice[i].key, l->choice[i].exact ? "exact" : l->choice[i].candidate.text);
    free(version);
}

/* ---- choosing ---- */

/* Pins the first proposal that may be taken. */
static struct choice *choose_new(struct inv_library *l, const struct inv_contraction *c, char *key)
{
    struct inv_candidate *list = inv_allocate(INV_CANDIDATES * sizeof *list);
    int count = l->type->propose(l->state, c, list), taken = 0;
    struct choice *made = add(l, key);
    for (; taken < count; taken++) {
        l->type->examine(l->state, c, &list[taken]);
        if (!inv_library_refusal(list[taken].traits))
            break;
    }
    made->exact = taken == count;
    made->examined = 1;
    if (taken < count)
        made->candidate = list[taken];
    free(list);
    return made;
}

/* A pinned algorithm must still be one that may be taken. */
static int confirm(struct inv_library *l, const struct inv_contraction *c, struct choice *choice)
{
    l->type->examine(l->state, c, &choice->candidate);
    const char *why = inv_library_refusal(choice->candidate.traits);
    choice->examined = 1;
    if (why)
        inv_error(l->errors, "%s: contraction %s: %s cannot be taken: %s; choose anew with "
                  "--update-lock", l->path, choice->key, choice->candidate.text, why);
    return why == NULL;
}

int inv_library_choose(struct inv_library *l, const struct inv_contraction *c,
                       struct inv_candidate *candidate)
{
    char *key = key_of(c);
    struct choice *choice = find(l, key);
    if (!choice) {
        choice = choose_new(l, c, key);
        if (!save(l))
            return -1;
    } else {
        free(key);
    }
    if (!choice->exact && !choice->examined && !confirm(l, c, choice))
        return -1;
    *candidate = choice->candidate;
    return !choice->exact;
}
