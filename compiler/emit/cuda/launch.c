#include "emit/cuda/launch.h"

#include "emit/text.h"

enum { BLOCK_THREADS = 256 };           /* of a kernel with one thread an output */

void cuda_take_workspace(struct emit *emit, int64_t bytes)
{
    emit->workspace = emit->workspace > bytes ? emit->workspace : bytes;
}

const char *cuda_store_guard(struct nest *nest, const struct node *node)
{
    struct access access = schedule_access(nest->function->graph, node->id, &nest->space);
    struct text text;
    text_init(&text, nest->function->emit->arena);
    text_puts(&text, "");
    for (int i = 0; i < nest->rank; i++) {
        const struct nest_loop *loop = &nest->loop[i];
        if (!extent_is(access.stride[loop->axis], 0))
            continue;
        text_printf(&text, "%s%s == 0", text.size > 0 ? " && " : "",
                    loop->step ? "inv_lane()" : loop->name);
    }
    return text.data;
}

const char *cuda_threads_for(struct function *f, struct extent count)
{
    return arena_printf(f->emit->arena, "inv_blocks(%s, %d), %d, 0", function_extent(f, count),
                        BLOCK_THREADS, BLOCK_THREADS);
}
