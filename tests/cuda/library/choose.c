/* The choice of algorithms and the lock file, with a library that plays back what it is told. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "cuda/library/library.h"
#include "host/errors.h"

/* ---- the library ---- */

struct play {
    int64_t version;
    unsigned traits[INV_CANDIDATES];    /* of algorithm i, whose config begins with byte i */
    int count, proposals;               /* how often it was asked */
};

static int64_t version(void *state)
{
    return ((struct play *)state)->version;
}

static int propose(void *state, const struct inv_contraction *c, struct inv_candidate *candidate)
{
    struct play *p = state;
    (void)c;
    for (int i = 0; i < p->count; i++) {
        memset(&candidate[i], 0xee, sizeof candidate[i]);
        candidate[i].config[0] = (unsigned char)i;
    }
    p->proposals++;
    return p->count;
}

static void examine(void *state, const struct inv_contraction *c, struct inv_candidate *candidate)
{
    const struct play *p = state;
    (void)c;
    candidate->traits = p->traits[candidate->config[0]];
    snprintf(candidate->text, sizeof candidate->text, "algorithm %d", candidate->config[0]);
}

static const struct inv_library_type double_type = {
    .name = "playback", .version = version, .propose = propose, .examine = examine,
};

/* ---- a run of it ---- */

static const struct inv_machine machine = { "Some GPU", "sm_90", 132 };
static const struct inv_contraction contraction = {
    1, 32, 128, 64, { 512, 0, 64, 1 }, { 1024, 0, 1, 128 }
};
static char *messages;
static size_t messages_size;

/* Opens as `m` and chooses for `c`: what inv_library_choose says, or -2 where opening failed.
 * messages: what was reported. */
static int choose_on(struct play *p, const struct inv_machine *m, const struct inv_contraction *c,
                     int update, struct inv_candidate *got)
{
    free(messages);
    struct inv_errors errors = { .to = open_memstream(&messages, &messages_size) };
    struct inv_library *l = inv_library_open(&double_type, p, m, "m.lock", update, &errors);
    int answer = l ? inv_library_choose(l, c, got) : -2;
    if (l)
        inv_library_close(l);
    fclose(errors.to);
    return answer;
}

static int choose(struct play *p, struct inv_candidate *got)
{
    return choose_on(p, &machine, &contraction, 0, got);
}

static int says(const char *part)
{
    return strstr(messages, part) != NULL;
}

static void read_file(char *text, size_t room)
{
    FILE *file = fopen("m.lock", "r");
    size_t size = file ? fread(text, 1, room - 1, file) : 0;
    text[size] = 0;
    if (file)
        fclose(file);
}

static void write_file(const char *text)
{
    FILE *file = fopen("m.lock", "w");
    fputs(text, file);
    fclose(file);
}

/* ---- checks ---- */

/* Each forbidden property alone keeps an algorithm out, the first allowed one is taken. */
static void check_refusals(void)
{
    struct inv_candidate got;
    for (unsigned trait = 1; trait <= INV_UNTOLD; trait *= 2) {
        struct play p = { .version = 1, .traits = { trait, trait | INV_NOT_FMA }, .count = 4 };
        unlink("m.lock");
        CHECK_FOR(inv_library_refusal(trait) != NULL, "a trait without a reason");
        CHECK_FOR(choose(&p, &got) == 1 && got.config[0] == 2, inv_library_refusal(trait));
        p.count = 2;
        unlink("m.lock");
        CHECK_FOR(choose(&p, &got) == 0, "all forbidden: the exact kernel");
        CHECK_FOR(choose(&p, &got) == 0 && p.proposals == 2, "exact is pinned, too");
    }
    for (unsigned trait = 1; trait <= INV_UNTOLD; trait *= 2)
        CHECK(strcmp(inv_library_refusal(trait), inv_library_refusal(INV_UNTOLD * 2)) != 0);
    CHECK(inv_library_refusal(0) == NULL);
    CHECK(inv_library_refusal(INV_UNTOLD * 2) != NULL);
}

static void check_pinned(void)
{
    struct play p = { .version = 1, .traits = { INV_SPLIT_SUM, 0, 0 }, .count = 3 };
    struct inv_contraction other = contraction;
    struct inv_candidate got;
    char text[4096];
    other.m = 7;
    unlink("m.lock");
    CHECK(choose(&p, &got) == 1 && got.config[0] == 1);
    read_file(text, sizeof text);
    CHECK(strstr(text, "gpu Some GPU\narchitecture sm_90\nprocessors 132\nplayback 1\n") != NULL);
    CHECK(strstr(text, "contraction 1 x 32 x 128 x 64, a 0 64 1 by 256, b 0 1 128 by 256: 01ee"));
    CHECK(strstr(text, "ee algorithm 1\n") != NULL);
    p.traits[0] = 0;
    CHECK_FOR(choose(&p, &got) == 1 && got.config[0] == 1, "pinned, although 0 is allowed now");
    CHECK(p.proposals == 1);
    CHECK_FOR(choose_on(&p, &machine, &other, 0, &got) == 1 && got.config[0] == 0, "another shape");
    CHECK_FOR(choose(&p, &got) == 1 && got.config[0] == 1, "its addition keeps the first");
    read_file(text, sizeof text);
    CHECK(strstr(text, "ee algorithm 1\n") != NULL && strstr(text, "ee algorithm 0\n") != NULL);
    p.traits[1] = INV_UNSUPPORTED;
    CHECK(choose(&p, &got) == -1 && says("algorithm 1 cannot be taken: the library does not sup"));
    CHECK(says("--update-lock"));
    CHECK(choose_on(&p, &machine, &contraction, 1, &got) == 1 && got.config[0] == 0);
    CHECK_FOR(choose(&p, &got) == 1 && got.config[0] == 0, "the update is pinned");
}

/* A forbidden algorithm that someone wrote into the file. */
static void check_forged(void)
{
    struct play p = { .version = 1, .traits = { 0, INV_NOT_DETERMINISTIC }, .count = 2 };
    struct inv_candidate got;
    char text[4096];
    unlink("m.lock");
    CHECK(choose(&p, &got) == 1);
    read_file(text, sizeof text);
    memcpy(strstr(text, ": 00ee"), ": 01ee", 6);
    write_file(text);
    CHECK(choose(&p, &got) == -1 && says("its maker calls it not deterministic"));
}

static void check_changes(void)
{
    struct play p = { .version = 130001, .traits = { 0 }, .count = 1 }, newer = p;
    struct inv_machine gpu = { "Other GPU", "sm_90", 132 }, small = { "Some GPU", "sm_90", 114 };
    struct inv_machine older = { "Some GPU", "sm_80", 132 };
    struct inv_candidate got;
    newer.version = 130100;
    unlink("m.lock");
    CHECK(choose(&p, &got) == 1);
    CHECK(choose(&newer, &got) == -2 && says("m.lock: playback is 130001 there and 130100 here"));
    CHECK(choose_on(&p, &gpu, &contraction, 0, &got) == -2 &&
          says("gpu is Some GPU there and Other GPU here"));
    CHECK(choose_on(&p, &small, &contraction, 0, &got) == -2 &&
          says("processors is 132 there and 114 here") && says("--update-lock"));
    CHECK(choose_on(&p, &older, &contraction, 0, &got) == -2 && says("architecture is sm_90"));
    CHECK_FOR(choose(&p, &got) == 1, "none of these changed the file");
    CHECK(choose_on(&newer, &gpu, &contraction, 1, &got) == 1 && !*messages);
    CHECK(choose_on(&newer, &gpu, &contraction, 0, &got) == 1);
    CHECK(choose(&p, &got) == -2);
}

static void check_broken_files(void)
{
    static const char head[] = "gpu Some GPU\narchitecture sm_90\nprocessors 132\nplayback 1\n";
    struct play p = { .version = 1, .traits = { 0 }, .count = 1 };
    struct inv_candidate got;
    char text[512];
    write_file("");
    CHECK(choose(&p, &got) == -2 && says("m.lock: does not name gpu"));
    write_file("gpu Some GPU\narchitecture sm_90\nprocessors 132\n");
    CHECK(choose(&p, &got) == -2 && says("does not name"));
    snprintf(text, sizeof text, "%sfrobnicate\n", head);
    write_file(text);
    CHECK(choose(&p, &got) == -2 && says("m.lock:5: this is no line of a lock file"));
    snprintf(text, sizeof text, "%scontraction 1 x 2: 0123\n", head);
    write_file(text);
    CHECK(choose(&p, &got) == -2 && says("m.lock:5:"));
    snprintf(text, sizeof text, "%scontraction 1 x 2\n", head);
    write_file(text);
    CHECK(choose(&p, &got) == -2 && says("m.lock:5:"));
}

int main(void)
{
    check_refusals();
    check_pinned();
    check_forged();
    check_changes();
    check_broken_files();
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
