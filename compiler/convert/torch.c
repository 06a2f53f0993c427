#include "convert/torch.h"
#include <string.h>

/* The block whose own parameter it is, where a model calls it; "" where a library block does, of
 * which dense is the one with a matrix. */
static const char *block_of(const struct program *program, const struct variable *v)
{
    if (v->layer <= 0 || v->layer >= program->layer_count)
        return "";
    const struct layer_call *layer = &program->layer[v->layer];
    size_t length = strlen(layer->path);
    bool own = strncmp(v->path, layer->path, length) == 0 && v->path[length] == '/' &&
               !strchr(v->path + length + 1, '/');
    return own ? layer->block : "";
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

const char *torch_dotted(struct arena *arena, const char *path)
{
    char *name = arena_strndup(arena, path, strlen(path));
    for (char *c = name; *c; c++)
        *c = *c == '/' ? '.' : *c;
    return name;
}

/* Filters first, then channels, then the places of a window; of a matrix outputs, then inputs. */
static void put_filters_first(struct torch_form *form, int rank)
{
    form->order[0] = rank - 1;
    form->order[1] = rank - 2;
    for (int i = 2; i < rank; i++)
        form->order[i] = i - 2;
}

/* How much of the path is the layer there: norms of the library have both in a folder `affine`. */
static int layer_length(const char *path, const char *slash, const char *block)
{
    static const char affine[] = "/affine/";
    int length = (int)(slash - path), whole = (int)sizeof affine - 2;
    bool norm = !*block && length > whole &&
                (strcmp(slash, "/scale") == 0 || strcmp(slash, "/shift") == 0) &&
                strncmp(slash - whole, affine, sizeof affine - 1) == 0;
    return norm ? length - whole : length;
}

struct torch_form torch_form(const struct program *program, const struct variable *v)
{
    static const char *const tables[] = {"embedding", NULL};
    static const char *const matrices[] = {"", "dense", NULL};
    static const char *const windows[] = {
        "", "conv1d", "conv2d", "conv3d", "conv1d_transpose", "conv2d_transpose",
        "conv3d_transpose", NULL};
    static const char *const others[] = {
        "simple_rnn", "simple_rnn_cell", "gru", "gru_cell", "lstm", "lstm_cell", NULL};
    static const struct { const char *own, *theirs; } leaves[] = {
        {"w", "weight"}, {"bias", "bias"}, {"scale", "weight"}, {"shift", "bias"},
        {"slope", "weight"}, {"running_mean", "running_mean"},
        {"running_variance", "running_var"}};
    const char *block = block_of(program, v), *slash = strrchr(v->path, '/');
    const char *leaf = slash ? slash + 1 : v->path, *theirs = NULL;
    int rank = v->shape.rank;
    struct torch_form form = {.name = torch_dotted(program->arena, v->path)};
    for (int i = 0; i < rank; i++)
        form.order[i] = i;
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        theirs = strcmp(leaf, leaves[i].own) == 0 ? leaves[i].theirs : theirs;
    bool is_w = strcmp(leaf, "w") == 0;
    form.known = theirs && slash && !is_one_of(block, others) &&
                 (strcmp(leaf, "slope") != 0 || strcmp(block, "prelu") == 0) &&
                 (!is_w || is_one_of(block, rank == 2 ? matrices : windows) ||
                  is_one_of(block, tables));
    if (!form.known)
        return form;
    if (is_w && rank >= 2 && !is_one_of(block, tables))
        put_filters_first(&form, rank);
    form.name = torch_dotted(program->arena,
                             arena_printf(program->arena, "%.*s/%s",
                                          layer_length(v->path, slash, block), v->path, theirs));
    return form;
}
