/* pass_random: numbers of random streams.
 *
 * requires:    every random node has its path.
 * establishes: attr.stream is the first 32 bits, big-endian, of SHA-256(path) (docs/numerics.md,
 *              section 4); no two paths of the program have the same number. */
#include <string.h>

#include "core/sha256.h"
#include "graph/op.h"
#include "passes/pass.h"

struct streams {
    struct program *program;
    struct stream { const char *path; uint32_t number; } *stream;
    int count, room;
    int *place;                         /* a table of places in `stream`, one more, or 0 */
    int places;                         /* a power of two */
};

static uint32_t number_of(const char *path)
{
    unsigned char digest[32];
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, path, strlen(path));
    inv_sha256_final(&sha, digest);
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
           (uint32_t)digest[3];
}

/* The first stream of that number, from a place of the table on, or the next free place. */
static int find_place(const struct streams *streams, uint32_t number)
{
    int at = (int)(number & (uint32_t)(streams->places - 1));
    while (streams->place[at] > 0 && streams->stream[streams->place[at] - 1].number != number)
        at = (at + 1) & (streams->places - 1);
    return at;
}

/* Makes room for one more stream, with half of the table free. */
static void grow(struct streams *streams)
{
    if (2 * (streams->count + 1) <= streams->places)
        return;
    streams->places = streams->places ? 2 * streams->places : 64;
    streams->place = ARENA_ARRAY(streams->program->arena, int, streams->places);
    for (int i = 0; i < streams->count; i++)
        streams->place[find_place(streams, streams->stream[i].number)] = i + 1;
}

static uint32_t add_stream(struct streams *streams, const char *path, struct span span)
{
    uint32_t number = number_of(path);
    grow(streams);
    int at = find_place(streams, number);
    if (streams->place[at] > 0) {
        const struct stream *other = &streams->stream[streams->place[at] - 1];
        if (strcmp(other->path, path) == 0)
            return number;
        struct diag *diag = diag_error(streams->program->diags, span,
                                       "random streams '%s' and '%s' have the same number %08x",
                                       other->path, path, (unsigned)number);
        diag_help(diag, "give one of the two layers another name with 'as'");
        return number;
    }
    ARENA_PUSH(streams->program->arena, streams->stream, streams->count, streams->room) =
        (struct stream){path, number};
    streams->place[at] = streams->count;
    return number;
}

void pass_random(struct program *program)
{
    struct streams streams = {.program = program};
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        const struct graph *graph = program->phase[phase];
        for (int id = 0; graph != NULL && id < graph->count; id++) {
            struct node *node = graph->node[id];
            if (node->attr.path != NULL)
                node->attr.stream = add_stream(&streams, node->attr.path, node->span);
        }
    }
    const char *data = program->data.name;
    if (data == NULL)
        return;
    struct span nowhere = {0};
    const char *split = arena_printf(program->arena, "data/%s/split", data);
    const char *shuffle = arena_printf(program->arena, "data/%s/shuffle", data);
    program->stream_split = add_stream(&streams, split, nowhere);
    program->stream_shuffle = add_stream(&streams, shuffle, nowhere);
    if (program->generate)
        program->generate->stream = add_stream(&streams, "generate", program->generate->span);
}
