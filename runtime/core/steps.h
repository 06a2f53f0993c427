/* The groups of a phase, one after another. */
#ifndef INV_CORE_STEPS_H
#define INV_CORE_STEPS_H

#include "core/arith.h"
#include "invar.h"

INV_FN int64_t inv_extent_of(const struct inv_run *run, struct inv_extent extent)
{
    return extent.constant + extent.rows * run->rows;
}

/* Where the step has stored what lies at that offset when nothing has moved.  Another of its
 * numbers may be that offset, too, and stay: the whole of which it stores one index. */
INV_FN int64_t inv_stored_at(const struct inv_run *run, const struct inv_step *step,
                             const struct inv_move *move, int64_t offset)
{
    if (run->at == step->at)
        return offset;
    for (int number = move->step; move->step == number; move++)
        if (step->at[move->number] == offset)
            return run->at[move->number];
    return offset;
}

/* Shows what the step has stored to who asks for it. */
INV_FN void inv_trace_step(const struct inv_run *run, const struct inv_step *step,
                           const struct inv_move *move, const struct inv_trace_node *nodes)
{
    for (int n = step->traced; n < step->traced_end; n++)
        if (nodes[n].offset >= 0)
            run->trace(run, n,
                       (const float *)(const void *)(run->arena +
                                                     inv_stored_at(run, step, move,
                                                                   nodes[n].offset)),
                       inv_extent_of(run, nodes[n].elements));
}

/* The outputs of this rank: the elements of its chunk of the sum that updates them. */
INV_FN int64_t inv_own_outputs(struct inv_run *run, const struct inv_step *step)
{
    int64_t begin = (run->own_begin - step->gradient) / 4, end = step->outputs.constant;
    if ((run->own_end - step->gradient) / 4 < end)
        end = (run->own_end - step->gradient) / 4;
    run->first_output = begin > 0 ? begin : 0;
    return end > run->first_output ? end - run->first_output : 0;
}

/* move: the first row of what moves in the step, where its numbers are not the table's. */
INV_FN void inv_run_step(const struct inv_run *here, const struct inv_step *step, int number,
                         const struct inv_move *move, const struct inv_trace_node *nodes)
{
    struct inv_run own;
    int64_t outputs = inv_extent_of(here, step->outputs);
    if (step->gradient > 0 && here->own_end > 0) {
        own = *here;
        outputs = inv_own_outputs(&own, step);
        inv_for(&own, step->group, outputs, inv_extent_of(here, step->operations));
    } else {
        inv_for(here, step->group, outputs, inv_extent_of(here, step->operations));
    }
    if (here->trace)
        inv_trace_step(here, step, move, nodes);
    if (here->stepped)
        here->stepped(here, step, number);
}

INV_FN void inv_run_steps(const struct inv_run *run, const struct inv_step *step, size_t count,
                          const struct inv_trace_node *nodes)
{
    struct inv_run here = *run;
    for (size_t i = 0; i < count; i++) {
        here.at = step[i].at;
        inv_run_step(&here, &step[i], (int)i, NULL, nodes);
    }
}

/* ---- phases with bands ---- */

#ifdef INV_BAND_BYTES

/* Where the piece that begins with a row ends. */
INV_FN int64_t inv_piece_end(const struct inv_band *band, int64_t first, int64_t end)
{
    int64_t last = end - first < band->rows ? end : first + band->rows;
    int64_t page_end = band->rows < band->page ? (first / band->page + 1) * band->page : end;
    return last < page_end ? last : page_end;
}

/* All steps of a band on some of its rows or pages, a few rows after the others: what the steps
 * make for one another lies in this thread's scratch until it is used. */
INV_UNMERGED static void inv_band_rows(const struct inv_run *run, int64_t begin, int64_t end)
{
    _Alignas(64) unsigned char scratch[INV_BAND_BYTES];
    struct inv_run own = *run;
    int64_t unit = run->band->page > 0 ? run->band->page : 1;
    own.band_scratch = scratch;
    for (int64_t first = begin * unit, last; first < end * unit; first = last) {
        last = inv_piece_end(run->band, first, end * unit);
        own.band_row = first;
        for (int i = 0; i < run->band->count; i++) {
            own.at = run->band_step[i].at;
            run->band_step[i].group(&own, first, last);
        }
    }
}

INV_FN void inv_run_band(const struct inv_run *run, const struct inv_step *step,
                         const struct inv_band *band, const struct inv_trace_node *nodes)
{
    struct inv_run here = *run;
    int64_t operations = 0;
    here.band = band;
    here.band_step = step;
    for (int i = 0; i < band->count; i++)
        operations += inv_extent_of(run, step[i].operations);
    inv_for(&here, inv_band_rows,
            inv_extent_of(run, step->outputs) / (band->page > 0 ? band->page : 1), operations);
    for (int i = 0; i < band->count; i++) {
        here.at = step[i].at;
        if (run->trace)
            inv_trace_step(&here, &step[i], NULL, nodes);
        if (run->stepped)
            run->stepped(&here, &step[i], band->first + i);
    }
}

/* bands: by their first steps, and one behind all steps. */
INV_FN void inv_run_bands(const struct inv_run *run, const struct inv_step *step, int count,
                          const struct inv_trace_node *nodes, const struct inv_band *band)
{
    struct inv_run here = *run;
    for (int i = 0; i < count;) {
        if (i == band->first) {
            inv_run_band(run, &step[i], band, nodes);
            i += band++->count;
            continue;
        }
        here.at = step[i].at;
        inv_run_step(&here, &step[i], i, NULL, nodes);
        i++;
    }
}

#endif

/* ---- phases with loops ---- */

struct inv_loops {
    const struct inv_loop *loop;
    size_t count;
    const struct inv_move *move;
};

/* How far a run of a phase is. */
struct inv_turns {
    const struct inv_loops *loops;
    int64_t turn[INV_LOOPS_DEEP];       /* of the loops around the step, by their depth */
    const struct inv_move *move;        /* none before it is of a step to come in this turn */
};

/* The step's numbers as they are in the turn: the table's, or in `at`. */
INV_FN const int64_t *inv_numbers_of(const struct inv_run *run, struct inv_turns *turns,
                                     const struct inv_step *step, int number, int64_t *at)
{
    while (turns->move->step >= 0 && turns->move->step < number)
        turns->move++;
    const struct inv_move *move = turns->move;
    if (move->step != number)
        return step->at;
    for (int i = 0; i < move->numbers; i++)
        at[i] = step->at[i];
    for (; move->step == number; move++) {
        const struct inv_loop *loop = &turns->loops->loop[move->loop];
        int64_t turn = turns->turn[loop->depth];
        at[move->number] += (loop->reverse ? loop->turns - 1 - turn : turn) *
                            inv_extent_of(run, move->bytes);
    }
    return at;
}

/* The number of the step after that one: the first of a loop that it ends a turn of, but for the
 * last turn, or the next. */
INV_FN int inv_next_step(struct inv_turns *turns, int number)
{
    number++;
    for (size_t l = turns->loops->count; l-- > 0;) {
        const struct inv_loop *loop = &turns->loops->loop[l];
        if (loop->end != number)
            continue;
        if (++turns->turn[loop->depth] < loop->turns) {
            turns->move = &turns->loops->move[loop->move];
            return loop->first;
        }
        turns->turn[loop->depth] = 0;
    }
    return number;
}

/* at: room for the numbers of a step whose storage moves. */
INV_FN void inv_run_loops(const struct inv_run *run, const struct inv_step *step, size_t count,
                          const struct inv_trace_node *nodes, const struct inv_loops *loops,
                          int64_t *at)
{
    struct inv_turns turns = {.loops = loops, .move = loops->move};
    struct inv_run here = *run;
    for (int i = 0; i < (int)count; i = inv_next_step(&turns, i)) {
        here.at = inv_numbers_of(run, &turns, &step[i], i, at);
        inv_run_step(&here, &step[i], i, turns.move, nodes);
    }
}

#endif
