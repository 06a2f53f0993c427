/* Contractions of operands that more loops walk than one stride says: windows, and axes that lie
 * apart.  See runtime/core/windows.h. */
#include <inttypes.h>
#include "emit/c/finish.h"
#include "emit/c/nest.h"
#include "emit/c/windows.h"
#include "emit/text.h"

/* Does any number of the table depend on the batch's rows? */
static bool depends_on_rows(const struct walk *walk, int count)
{
    for (int i = 0; i < count; i++)
        if (walk[i].stride.rows != 0 || (i > 0 && walk[i].extent.rows != 0))
            return true;
    return false;
}

/* "static const struct inv_walk a_own[] = {{0, 784, {0}}, {14, 56, {2}}};" */
static void add_walks(struct function *f, const char *name, const struct walk *walk, int count,
                      int limits, struct text *text)
{
    text_printf(text, "    %sconst struct inv_walk %s[] = {",
                depends_on_rows(walk, count) ? "" : "static ", name);
    for (int i = 0; i < count; i++) {
        text_printf(text, "%s{%s, %s, {", i > 0 ? ",\n        " : "",
                    i > 0 ? function_extent(f, walk[i].extent) : "0",
                    function_extent(f, walk[i].stride));
        for (int l = 0; l < limits || l == 0; l++)
            text_printf(text, "%s%" PRId64, l > 0 ? ", " : "", walk[i].step[l]);
        text_puts(text, "}}");
    }
    text_puts(text, "};\n");
}

static void add_list(struct text *text, const int64_t *value, int count)
{
    text_puts(text, ", {");
    for (int l = 0; l < count || l == 0; l++)
        text_printf(text, "%s%" PRId64, l > 0 ? ", " : "", count > 0 ? value[l] : 0);
    text_puts(text, "}");
}

/* Declares `name` as struct inv_operand, and its tables. */
static void add_operand(struct function *f, const struct side *side, const char *name,
                        struct text *text)
{
    struct arena *arena = f->emit->arena;
    const char *own = arena_printf(arena, "%s_own", name), *k = arena_printf(arena, "%s_k", name);
    if (side->owns > 0)
        add_walks(f, own, side->own_walk, side->owns, side->limits, text);
    if (side->ks > 0)
        add_walks(f, k, side->k_walk, side->ks, side->limits, text);
    text_printf(text, "    const struct inv_operand %s = {%s, %s, %s, %s, %d, %d, %d", name,
                side->base, function_extent(f, side->offset), side->owns > 0 ? own : "NULL",
                side->ks > 0 ? k : "NULL", side->owns, side->ks, side->limits);
    add_list(text, side->first, side->limits);
    add_list(text, side->extent, side->limits);
    text_printf(text, ",\n        {0, %s", function_extent(f, side->page_walk.stride));
    add_list(text, side->page_walk.step, side->limits);
    text_puts(text, f->emit->target->narrow ? "}};\n" : "}, 0};\n"); /* firmware: all of k */
}

/* ---- the same as the address of an element ---- */

/* The largest number that walks over an operand add up to, limits being no limits. */
static int64_t reach(const struct function *f, const struct walk *walk, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        int64_t stride = function_most(f, walk[i].stride);
        sum += (stride < 0 ? -stride : stride) * function_most(f, walk[i].extent);
    }
    return sum;
}

static int64_t numbers(const struct function *f, const struct walk *walk, int count)
{
    int64_t product = 1;
    for (int i = 0; i < count; i++)
        product *= function_most(f, walk[i].extent);
    return product;
}

/* Whether numbers of 32 bits do: dividing those of 64 takes a device several times as long. */
static bool is_narrow(const struct function *f, const struct side *side)
{
    const int64_t most = INT32_MAX / 4;
    return numbers(f, side->own_walk, side->owns) < most &&
           numbers(f, side->k_walk, side->ks) < most &&
           reach(f, side->own_walk, side->owns) < most && reach(f, side->k_walk, side->ks) < most &&
           function_most(f, side->offset) < most && function_most(f, side->offset) > -most;
}

/* Adds the indices of the loops that a number stands for, as `name`0, .. */
static void add_indices(struct function *f, const char *type, const char *number, const char *name,
                        const struct walk *walk, int count, struct code *code)
{
    for (int i = 0; i < count; i++) {
        struct extent inner = {.constant = 1};
        for (int j = i + 1; j < count; j++)
            inner = extent_multiply(inner, walk[j].extent);
        struct text index;
        text_init(&index, f->emit->arena);
        text_puts(&index, number);
        if (!extent_is(inner, 1))
            text_printf(&index, " / (%s)", function_extent(f, inner));
        if (i > 0)
            text_printf(&index, " %% (%s)", function_extent(f, walk[i].extent));
        code_line(code, "const %s %s%d = %s;", type, name, i, index.data);
    }
}

static void add_step(struct text *text, int64_t step, const char *name, int loop)
{
    if (step != 0)
        text_printf(text, " + %" PRId64 " * %s%d", step, name, loop);
}

static void add_limits(const struct side *side, const char *type, struct code *code)
{
    for (int l = 0; l < side->limits; l++) {
        struct text at;
        text_init(&at, code->arena);
        text_printf(&at, "%" PRId64, side->first[l]);
        for (int i = 0; i < side->owns; i++)
            add_step(&at, side->own_walk[i].step[l], "o", i);
        for (int i = 0; i < side->ks; i++)
            add_step(&at, side->k_walk[i].step[l], "q", i);
        if (side->page_walk.step[l] != 0)
            text_printf(&at, " + %" PRId64 " * page", side->page_walk.step[l]);
        code_line(code, "const %s at%d = %s;", type, l, at.data);
    }
}

void windows_address(struct function *f, const struct side *side, struct code *code)
{
    struct text text, index;
    bool narrow = is_narrow(f, side);
    const char *type = narrow ? "int32_t" : "int64_t";
    text_init(&text, f->emit->arena);
    text_init(&index, f->emit->arena);
    text_puts(&index, function_extent(f, side->offset));
    add_indices(f, type, narrow ? "(uint32_t)own" : "own", "o", side->own_walk, side->owns, code);
    add_indices(f, type, narrow ? "(uint32_t)p" : "p", "q", side->k_walk, side->ks, code);
    add_limits(side, type, code);
    for (int i = 0; i < side->owns; i++)
        emit_term(&index, side->own_walk[i].stride, arena_printf(f->emit->arena, "o%d", i));
    for (int i = 0; i < side->ks; i++)
        emit_term(&index, side->k_walk[i].stride, arena_printf(f->emit->arena, "q%d", i));
    emit_term(&index, side->page_walk.stride, "page");
    text_puts(&text, "return ");
    for (int l = 0; l < side->limits; l++)
        text_printf(&text, "%sat%d >= 0 && at%d < %" PRId64, l > 0 ? " && " : "", l, l,
                    side->extent[l]);
    text_printf(&text, "%s%s + (%s)%s;", side->limits > 0 ? " ? " : "", side->base, index.data,
                side->limits > 0 ? " : nullptr" : "");
    code_line(code, "%s", text.data);
}

/* Is it a multiple of four whatever the batch's rows? */
static bool by_fours(struct extent e)
{
    return e.constant % 4 == 0 && e.rows % 4 == 0;
}

static bool others_by_fours(const struct side *side, const struct walk *but)
{
    bool good = by_fours(side->offset) && by_fours(side->page_walk.stride);
    for (int i = 0; i < side->owns; i++)
        good = good && (&side->own_walk[i] == but || by_fours(side->own_walk[i].stride));
    for (int i = 0; i < side->ks; i++)
        good = good && (&side->k_walk[i] == but || by_fours(side->k_walk[i].stride));
    return good;
}

/* Do the last of these loops' indices, four at a time, name neighbours that no limit parts? */
static bool goes_by_fours(const struct side *side, const struct walk *walk, int count)
{
    const struct walk *last = &walk[count - 1];
    if (count == 0 || !extent_is(last->stride, 1) || !by_fours(last->extent))
        return false;
    for (int l = 0; l < side->limits; l++)
        if (last->step[l] != 0)
            return false;
    return others_by_fours(side, last);
}

const char *windows_neighbours(const struct side *side)
{
    return goes_by_fours(side, side->k_walk, side->ks)       ? "INV_ALONG_K"
           : goes_by_fours(side, side->own_walk, side->owns) ? "INV_ALONG_ROWS"
                                                             : "INV_APART";
}

/* ---- groups ---- */

/* Rows of a product that wait for their epilogue: as many as share a packed block. */
enum { WINDOW_ROWS_MAX = 528 };

/* The products that an epilogue reads. */
struct products {
    const char *storage;                /* NULL: a tile */
    struct extent n;
    const char *column;
};

static const char *product_element(struct nest *nest, int id)
{
    struct function *f = nest->function;
    const struct products *products = nest->state;
    if (id != group_first(f)->id)
        return NULL;
    struct access access = schedule_access(f->graph, id, &nest->space);
    if (products->storage)
        return arena_printf(f->emit->arena, "%s[%s]", products->storage,
                            nest_index(nest, &access));
    struct text index;
    text_init(&index, f->emit->arena);
    emit_term(&index, products->n, "(row - first)");
    if (!extent_is(products->n, 1))     /* else made before the loop over them */
        emit_term(&index, (struct extent){.constant = 1}, products->column);
    return arena_printf(f->emit->arena, "tile[%s]", index.data);
}

/* What is made of rows first .. last - 1 of the product; nothing where that is nothing. */
static void add_epilogue(struct function *f, const struct contraction *c, const char *storage,
                         struct code *body)
{
    struct products products = {.storage = storage, .n = c->row, .column = "column"};
    struct nest nest = {.local = product_element, .state = &products};
    const char *integer = f->emit->target->integer;
    struct code inner, columns;
    code_init(&inner, f->emit->arena);
    code_init(&columns, f->emit->arena);
    nest_init(&nest, f, &group_first(f)->shape, c->columns == 1 ? KEEP_LAST : KEEP_ALL);
    int rows = nest.rank - c->columns;
    nest_join(&nest, 0, rows, "row", &inner);
    if (c->columns == 1)
        products.column = nest.loop[rows].name;
    else
        nest_join(&nest, rows, nest.rank, "column", &columns);
    nest.outer = c->columns == 1 ? rows : nest.rank;
    int before = columns.count;
    nest_emit(&nest, &columns);
    if (columns.count == before)
        return;
    if (c->columns == 1)
        code_append(&inner, &columns);
    else
        code_block(&inner, arena_printf(inner.arena, "for (%s column = 0; column < %s; column++)",
                                        integer, function_extent(f, c->row)), &columns);
    code_block(body, arena_printf(inner.arena, "for (%s row = first; row < last; row++)", integer),
               &inner);
}

static int64_t tile_rows(const struct function *f, const struct contraction *c)
{
    int64_t rows = f->emit->target->tile_floats / function_most(f, c->row);
    return rows < 1 ? 1 : rows > WINDOW_ROWS_MAX ? WINDOW_ROWS_MAX : rows;
}

static const char *tile_declaration(struct function *f, const struct contraction *c)
{
    int64_t rows = tile_rows(f, c), columns = function_most(f, c->row);
    f->stack += rows * columns * dtype_bytes(F32);
    return arena_printf(f->emit->arena, "        float tile[%" PRId64 " * %" PRId64 "];", rows,
                        columns);
}

static void set_sides(struct function *f, const struct contraction *c, const char *row)
{
    const struct node *contract = group_first(f);
    struct side a = group_contract_side(f, contract, 0), b = group_contract_side(f, contract, 1);
    struct text tables;
    text_init(&tables, f->emit->arena);
    if (c->windowed) {
        add_operand(f, &a, "left", &tables);
        add_operand(f, &b, "right", &tables);
        values_set(f->values, "tables", tables.data);
    }
    values_set(f->values, "row", row);
    values_set(f->values, "a", function_pointer_at(f, a.pointer, a.own, row));
    values_set(f->values, "b", b.pointer);
    function_set_extent(f, "a_m", a.own);
    function_set_extent(f, "a_k", a.k);
    function_set_extent(f, "b_k", b.k);
    function_set_extent(f, "b_n", b.own);
    function_set_extent(f, "k", c->k);
}

/* The function before: sums of the chunks that begin in the terms at hand. */
static void write_chunks(struct function *f, const struct node *contract,
                         const struct contraction *c)
{
    struct function chunks = function_before(f, "chunks");
    set_sides(&chunks, c, "");
    values_set(chunks.values, "chunks", function_chunks(&chunks, true));
    values_set(chunks.values, "stem", c->beside ? "pages" : "windows");
    values_set(chunks.values, "pages",
               c->beside ? arena_printf(f->emit->arena, "%s, ", function_extent(f, c->pages)) : "");
    function_set_extent(&chunks, "m", c->m);
    function_set_extent(&chunks, "n", c->n);
    function_set_extent(&chunks, "out_row", c->row);
    function_set_extent(&chunks, "outputs", extent_multiply(c->m, c->row));
    if (!c->windowed) {
        struct side a = group_contract_side(&chunks, contract, 0);
        struct side b = group_contract_side(&chunks, contract, 1);
        values_set(chunks.values, "a", function_pointer_at(&chunks, a.pointer, a.k, "p"));
        values_set(chunks.values, "b", function_pointer_at(&chunks, b.pointer, b.k, "p"));
    }
    chunks.skeleton = c->windowed ? "templates/skeleton/windows_chunks.c"
                                  : "templates/skeleton/contract_chunks.c";
    chunks.mapping = "here the sum of each chunk";
    function_finish(&chunks);
    f->chunks = chunks.name;
}

void windows_add_chunks(struct function *f, const struct node *contract, const struct code *body)
{
    struct contraction c = group_contraction(f, contract);
    int product = group_product_storage(f, contract);
    const char *storage = product < 0 ? NULL : function_pointer(f, product, true);
    bool tiled = body->count > 0;
    write_chunks(f, contract, &c);
    values_set(f->values, "chunks", function_chunks(f, false));
    values_set(f->values, "out", storage ? function_pointer_at(f, storage, c.row,
                                                               tiled ? "first" : "begin")
                                         : "tile");
    values_printf(f->values, "tile_rows", "%" PRId64, tile_rows(f, &c));
    values_set(f->values, "tile", storage ? "" : tile_declaration(f, &c));
    function_set_extent(f, "out_row", c.row);
    function_set_extent(f, "outputs", extent_multiply(c.m, c.row));
    function_set_extent(f, "k", c.k);
    function_set_code(f, "body", body, 2);
    f->skeleton = tiled ? "templates/skeleton/contract_add_tiles.c"
                        : "templates/skeleton/contract_add.c";
    f->count = c.m;
    f->terms = c.k;
    function_use(f, contract->op);
}

void windows_group(struct function *f)
{
    const struct node *contract = group_first(f);
    struct contraction c = group_contraction(f, contract);
    int product = group_product_storage(f, contract);
    const char *storage = product < 0 ? NULL : function_pointer(f, product, true);
    bool whole = f->group->chunks == NULL;
    const char *finish =
        c.windowed && storage && whole ? finish_line(f, contract, product, "begin") : NULL;
    struct code body;
    code_init(&body, f->emit->arena);
    if (!finish)
        add_epilogue(f, &c, storage, &body);
    f->mapping = windows_text(f, contract);
    if (!whole) {
        windows_add_chunks(f, contract, &body);
        return;
    }
    bool tiled = body.count > 0;
    const char *row = tiled ? "first" : "begin";
    set_sides(f, &c, row);
    values_set(f->values, "row_begin", "begin");
    values_set(f->values, "row_end", "end");
    values_set(f->values, "rows", "end - begin");
    values_set(f->values, "columns", function_extent(f, c.n));
    values_set(f->values, "stem", c.beside ? "pages" : finish ? "windows_finish" : "windows");
    values_set(f->values, "pages", c.beside ? arena_printf(f->emit->arena, "%s, ",
                                                           function_extent(f, c.pages)) : "");
    function_set_extent(f, "out_row", c.row);
    values_set(f->values, "out", storage ? function_pointer_at(f, storage, c.row, row) : "tile");
    values_printf(f->values, "tile_rows", "%" PRId64, tile_rows(f, &c));
    values_set(f->values, "tile", storage ? "" : tile_declaration(f, &c));
    function_set_code(f, "body", &body, 2);
    group_contract_call(f, "inv_contract", finish ? finish : "", "finish");
    values_set(f->values, "finish",
               finish ? arena_printf(f->emit->arena, "    %s\n", finish) : "");
    f->skeleton = c.windowed ? tiled ? "templates/skeleton/windows_tiles.c"
                                     : "templates/skeleton/windows.c"
                  : tiled    ? "templates/skeleton/contract_tiles.c"
                             : "templates/skeleton/contract.c";
    f->count = c.m;
    function_use(f, contract->op);
}

const char *windows_text(struct function *f, const struct node *contract)
{
    const struct node *a = graph_node(f->graph, contract->operand[0]);
    const struct node *b = graph_node(f->graph, contract->operand[1]);
    struct arena *arena = f->emit->arena;
    struct contraction c = group_contraction(f, contract);
    return arena_printf(arena, "%s: sum over p < %s of %s by %s, ascending in chunks of 256",
                        shape_print(arena, F32, &contract->shape), function_extent(f, c.k),
                        shape_print(arena, F32, &a->shape), shape_print(arena, F32, &b->shape));
}
