/* ${model}: the training program of ${source},
 * written by ${compiler}.
 *
 * Values lie in one arena at fixed offsets, as dense arrays; b is the number of rows of the batch
 * at hand, at most ${batch}.  add_5 is value 5 of its phase, out_5 what it is written through,
 * row_5 a row of it on the stack.  rows_5 is up to INV_BESIDE (16) rows on the stack, turned so
 * that vectors go across them: column j of row first + r is rows_5[INV_BESIDE * j + r]; each_5 is
 * one value for each of them.  An array that another value takes over within a function says
 * "then"; what no later function reads may have its storage reused.
 *
 * A function computes outputs begin .. end - 1 of its outer loop, or all where nothing is split.
 * Groups of values that are computed alike share one: it takes from run->at where their storage
 * lies, and its names and shapes are those of the first.  A phase is a table of groups in their
 * order, at the end of this file: the function, the group's own numbers, {constant, rows}: constant
 * + rows * b outputs and operations, and the trace nodes that it stores.  The outputs of a large
 * group are shared among the threads; any split gives the same bits.  core/contract.h says what the
 * strides are that inv_contract takes.  What invar writes belongs to its user. */
@each bands
#define INV_BAND_BYTES ${bytes} /* of a thread's scratch for rows of groups that run together */
@end
#include <string.h>
#include "core/arith.h"
#include "core/check_level.h"
#include "core/hash.h"
#include "core/rows.h"
#include "core/steps.h"
#include "core/sums.h"
#include "invar.h"
@each include
#include "${include}"
@end

/* Before a loop whose iterations touch different elements and sum nothing up: compilers do not
 * always learn that from the restrict of a local pointer. ROLLED: of 4 or more, which compilers
 * else may take apart before they make vectors of them. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#pragma clang diagnostic ignored "-Wpass-failed"
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#define ROLLED _Pragma("GCC unroll 1")
#else
#define INDEPENDENT
#define ROLLED
#endif

INV_FN float *f32_at(const struct inv_run *run, int64_t offset)
{
    return (float *)(void *)(run->arena + ${place});
}

INV_FN int32_t *i32_at(const struct inv_run *run, int64_t offset)
{
    return (int32_t *)(void *)(run->arena + ${place});
}

INV_FN int64_t *i64_at(const struct inv_run *run, int64_t offset)
{
    return (int64_t *)(void *)(run->arena + ${place});
}

@each bands
/* Values of a band's rows lie in the thread's scratch, numbered as if it came behind the arena.  As
 * functions count rows from the first of all, the address is that of this one, were it there. */
INV_FN void *of_band(const struct inv_run *run, int64_t offset, int64_t row_bytes)
{
    return (void *)((uintptr_t)run->band_scratch + (uintptr_t)(offset - ${start}) -
                    (uintptr_t)(run->band_row * row_bytes));
}

INV_FN float *f32_of_band(const struct inv_run *run, int64_t offset, int64_t row_bytes)
{
    return (float *)of_band(run, offset, row_bytes);
}

INV_FN int32_t *i32_of_band(const struct inv_run *run, int64_t offset, int64_t row_bytes)
{
    return (int32_t *)of_band(run, offset, row_bytes);
}

@end
/* What a group has for itself of a function that it shares with others. */
#define OWN(...) (const int64_t[]){__VA_ARGS__}

@each prototype
INV_FN ${prototype};

@end
@each constant
static const float ${name}[${count}] = {
    ${elements}};

@end
@each function
${function}
@end
