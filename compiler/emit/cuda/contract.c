/* CONTRACT groups as kernels: which tiles of the product a block takes, whether blocks also share
 * the chunks of k, and what is made of a product before it is stored. */
#include <inttypes.h>
#include <string.h>
#include "emit/cuda/group.h"
#include "emit/cuda/launch.h"
#include "emit/c/group.h"
#include "emit/c/windows.h"
#include "emit/text.h"

/* A product, and how blocks share it. */
struct product {
    const struct node *matmul;
    struct contraction of;
    const char *tile;                   /* of runtime/cuda/contract.cuh */
    bool split;                         /* chunks of k over blocks, then joined */
};

/* Tiles of outputs that a block can take, the largest first. */
static const struct {
    int m, n;
    const char *name;
} tiles[] = {{128, 128, "inv_tile_128x128"}, {128, 64, "inv_tile_128x64"},
             {64, 128, "inv_tile_64x128"},   {64, 64, "inv_tile_64x64"},
             {64, 32, "inv_tile_64x32"},     {32, 64, "inv_tile_32x64"},
             {32, 32, "inv_tile_32x32"}};
enum { TILES = sizeof tiles / sizeof *tiles };

static int64_t tile_count(const struct function *f, const struct product *p, int tile)
{
    int64_t m = (function_most(f, p->of.m) + tiles[tile].m - 1) / tiles[tile].m;
    int64_t n = (function_most(f, p->of.n) + tiles[tile].n - 1) / tiles[tile].n;
    return m * n * function_most(f, p->of.pages);
}

/* The largest tile, not larger than the output, of which there are enough for a whole device;
 * `parts` blocks work on each. */
static int choose_tile(const struct function *f, const struct product *p, int64_t parts)
{
    int tile = 0;
    while (tile + 1 < TILES &&
           (tile_count(f, p, tile) * parts < CUDA_BLOCKS ||
            tiles[tile].m >= 2 * function_most(f, p->of.m) ||
            tiles[tile].n >= 2 * function_most(f, p->of.n)))
        tile++;
    return tile;
}

/* Few outputs of a long sum: its chunks of 256 are computed side by side, if their sums fit. */
static void choose_shares(struct function *f, struct product *p)
{
    int64_t chunks = sum_chunks(function_most(f, p->of.k));
    int64_t outputs = function_most(f, p->of.m) * function_most(f, p->of.n) *
                      function_most(f, p->of.pages);
    int64_t bytes = 4 * chunks * outputs;
    p->split = tile_count(f, p, TILES - 1) < CUDA_BLOCKS / 2 && chunks >= CUDA_SPLIT_CHUNKS &&
               bytes <= CUDA_SPLIT_BYTES;
    p->tile = tiles[choose_tile(f, p, p->split ? chunks : 1)].name;
}

static struct product product_of(struct function *f)
{
    const struct node *matmul = group_first(f);
    struct product p = {.matmul = matmul, .of = group_contraction(f, matmul)};
    choose_shares(f, &p);
    return p;
}

static void set_product(struct function *f, const struct product *p)
{
    values_set(f->values, "tile", p->tile);
    function_set_extent(f, "pages", p->of.pages);
    function_set_extent(f, "m", p->of.m);
    function_set_extent(f, "n", p->of.n);
    function_set_extent(f, "k", p->of.k);
    function_use(f, p->matmul->op);
}

/* `key` stands between KEY_open and KEY_close: an operand by its strides, where they say it all,
 * else by the address of each element. */
static void set_operand(struct function *f, const char *key, const struct side *side, int indent)
{
    struct arena *arena = f->emit->arena;
    const char *open = arena_printf(arena, "%s_open", key);
    const char *close = arena_printf(arena, "%s_close", key);
    struct code address;
    code_init(&address, arena);
    if (side->windowed) {
        windows_address(f, side, &address);
        values_printf(f->values, open,
                      "inv_windows_at<%s>([=](int64_t own, int64_t p) -> const float * {",
                      windows_neighbours(side));
        values_set(f->values, close, "}),");
    } else {
        const char *x = function_pointer_at(f, side->pointer, side->page_walk.stride, "page");
        values_printf(f->values, open, "inv_rows{%s, %s, %s},", x, function_extent(f, side->own),
                      function_extent(f, side->k));
        values_set(f->values, close, "");
    }
    function_set_code(f, key, &address, indent);
}

static void set_sides(struct function *f, const struct product *p)
{
    struct side a = group_contract_side(f, p->matmul, 0);
    struct side b = group_contract_side(f, p->matmul, 1);
    const char *page = p->of.paged ? "i" : "";
    if (p->of.windowed) {
        set_operand(f, "a", &a, p->split ? 5 : 4);
        set_operand(f, "b", &b, p->split ? 5 : 4);
        return;
    }
    values_set(f->values, "a", function_pointer_at(f, a.pointer, a.page, page));
    values_set(f->values, "b", function_pointer_at(f, b.pointer, b.page, page));
    function_set_extent(f, "a_m", a.own);
    function_set_extent(f, "a_k", a.k);
    function_set_extent(f, "b_k", b.k);
    function_set_extent(f, "b_n", b.own);
}

/* What is made of a product and where it goes: the product is a local of that. */
static void set_epilogue(struct function *f, const struct product *p, int indent)
{
    struct nest nest = {.guard = cuda_store_guard};
    struct code body;
    code_init(&body, f->emit->arena);
    nest_init(&nest, f, &p->matmul->shape, KEEP_ALL);
    if (p->matmul->op != OP_MATMUL) {
        if (p->of.beside)
            code_line(&body, "const int64_t j = page * %s + column;",
                      function_extent(f, p->of.n));
        nest_join(&nest, 0, nest.rank - p->of.columns, "i", &body);
        nest_join(&nest, nest.rank - p->of.columns, nest.rank, "j", &body);
    }
    const char *product = function_local(f, p->matmul->id);
    if (function_stores(f, p->matmul->id))
        code_line(&body, "%s = %s;", nest_target(&nest, p->matmul), product);
    nest_emit_flat(&nest, &body);
    values_set(f->values, "column", p->of.beside ? "column" : "j");
    values_set(f->values, "product", product);
    function_set_code(f, "body", &body, indent);
}

static const char *tiles_for(struct function *f, const struct product *p)
{
    const char *m = function_extent(f, p->of.m), *n = function_extent(f, p->of.n);
    const char *k = p->split ? arena_printf(f->emit->arena, "%s, ", function_extent(f, p->of.k))
                             : "";
    return arena_printf(f->emit->arena, "%s, %s, %s, %s%s", p->tile, m, n, k,
                        function_extent(f, p->of.pages));
}

static const char *contraction_text(struct function *f, const struct node *node)
{
    return node->op == OP_MATMUL ? group_product_text(f, node) : windows_text(f, node);
}

static const char *product_text(struct function *f, const struct product *p, const char *how)
{
    return arena_printf(f->emit->arena, "%s\n * each block a %s of outputs%s",
                        contraction_text(f, p->matmul), p->tile + strlen("inv_"), how);
}

/* The kernel before: the sum of each chunk of k into the workspace. */
static void write_chunks(const struct function *f, const struct product *p)
{
    struct function chunks = function_before(f, "chunks");
    chunks.skeleton = p->of.windowed ? "templates/skeleton/windows_split.cu"
                                  : "templates/skeleton/contract_split.cu";
    chunks.mapping = product_text(&chunks, p, " and some chunks");
    set_product(&chunks, p);
    set_sides(&chunks, p);
    function_finish(&chunks);
}

/* What follows sums that lie in the workspace. */
static void set_join(struct function *f, const struct product *p, const char *how)
{
    set_product(f, p);
    set_epilogue(f, p, 3);
    values_set(f->values, "indices", p->of.paged    ? "int64_t i, int64_t j, int64_t k"
                                     : p->of.beside ? "int64_t page, int64_t i, int64_t column"
                                                 : "int64_t, int64_t i, int64_t j");
    const char *shape = shape_print(f->emit->arena, F32, &p->matmul->shape);
    f->mapping = arena_printf(f->emit->arena, "%s: a thread an element%s", shape, how);
    f->skeleton = "templates/skeleton/contract_join.cu";
    f->launch = cuda_threads_for(f, extent_of_all(&p->matmul->shape));
}

static void split_group(struct function *f, const struct product *p)
{
    int64_t chunks = sum_chunks(function_most(f, p->of.k));
    cuda_take_workspace(f->emit, 4 * chunks * function_most(f, extent_of_all(&p->matmul->shape)));
    write_chunks(f, p);
    set_join(f, p, ", chunks added up ascending");
    f->launches[0] = arena_printf(f->emit->arena, "INV_LAUNCH_CHUNKS(run, %s_chunks, %s", f->name,
                                  tiles_for(f, p));
    f->launches[1] = arena_printf(f->emit->arena, "INV_LAUNCH(run, %s, %s", f->name, f->launch);
}

static void whole_group(struct function *f, const struct product *p)
{
    set_product(f, p);
    set_sides(f, p);
    set_epilogue(f, p, p->of.paged || p->of.windowed ? 4 : 3);
    f->mapping = product_text(f, p, "");
    f->skeleton = p->of.windowed ? "templates/skeleton/windows.cu"
                  : p->of.paged  ? "templates/skeleton/contract_pages.cu"
                              : "templates/skeleton/contract.cu";
    f->launches[0] = arena_printf(f->emit->arena, "INV_LAUNCH_TILES(run, %s, %s", f->name,
                                  tiles_for(f, p));
}

/* "{512, 0, 1, 32}": an operand as struct inv_side. */
static const char *inv_side_text(struct function *f, const struct product *p, int index)
{
    struct side side = group_contract_side(f, p->matmul, index);
    struct place place = *function_place(f, side.node);
    place.offset += 4 * side.offset.constant;
    struct extent by_rows = {.rows = side.offset.rows};
    const char *rows = by_rows.rows == 0 ? "" : arena_printf(f->emit->arena, " + 4 * %s",
                                                             function_extent(f, by_rows));
    const char *page = function_extent(f, side.page), *own = function_extent(f, side.own);
    return arena_printf(f->emit->arena, "{%s%s, %s, %s, %s}", emit_offset(f->emit, &place), rows,
                        page, own, function_extent(f, side.k));
}

/* Library mode: the product comes into the workspace, and the group's kernel goes on from there.
 * The library's call is the host's, which has the operands' places where they move in a loop. */
static void library_group(struct function *f, const struct product *p)
{
    struct arena *arena = f->emit->arena;
    struct product given = *p;
    given.of.k = (struct extent){.constant = 1};
    set_join(f, &given, " of the library's product");
    cuda_take_workspace(f->emit, 4 * function_most(f, extent_of_all(&p->matmul->shape)));
    const char *m = function_extent(f, p->of.m), *n = function_extent(f, p->of.n);
    struct function none = {.emit = f->emit, .graph = f->graph, .group = f->group};
    const char *a = inv_side_text(&none, p, 0), *b = inv_side_text(&none, p, 1);
    const char *size = arena_printf(arena, "%s, %s, %s, %s", function_extent(f, p->of.pages), m, n,
                                    function_extent(f, p->of.k));
    f->before = arena_printf(arena, "inv_cuda_contract(run, {%s, %s, %s});\n", size, a, b);
}

void cuda_contract_group(struct function *f)
{
    struct product p = product_of(f);
    if (f->emit->program->library_kernels && !p.of.windowed)
        library_group(f, &p);
    else if (p.split)
        split_group(f, &p);
    else
        whole_group(f, &p);
}
