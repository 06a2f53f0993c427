/* Passes over the data set: a step is a CUDA graph, or with shards one for each of these and one
 * before and behind them, for each distinct number of rows, and nothing waits for the device before
 * the pass is through. */
#include "cuda/private.cuh"
#include "cuda/shards.cuh"
#include "core/exact.h"
#include <stdlib.h>
#include <string.h>

enum { THREADS = 256 };

/* ---- kernels around a step: `run` is the first member of the job ---- */

static __device__ struct cuda_job *job_of(const struct inv_run *run)
{
    return (struct cuda_job *)(void *)(const_cast<struct inv_run *>(run));
}

static __global__ void begin_step(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    int64_t left = job->rows - job->done * job->batch;
    job->run.rows = job->run.batch = left < job->batch ? left : job->batch;
    job->run.first_row = 0;
    job->shard = -1;
    job->bad = job->sums.shards;
    if (job->training)
        job->run.step = job->first_step + (int32_t)job->done;
}

/* Before the shards of a step add to the totals. */
static __global__ void keep_totals(const struct inv_run *run)
{
    const struct cuda_sums *s = &job_of(run)->sums;
    if (inv_stopped(run))
        return;
    const uint32_t *from = (const uint32_t *)(const void *)(run->arena + s->totals);
    for (int64_t e = inv_thread(); e < s->words; e += inv_threads())
        s->kept[e] = from[e];
}

/* The first row of a shard in its batch. */
static __host__ __device__ int64_t first_of_shard(int64_t shard, int64_t batch, int64_t shards)
{
    return shard * batch / shards;
}

/* The next shard's rows are at hand. */
static __global__ void next_shard(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    int64_t shard = ++job->shard, shards = job->sums.shards;
    int64_t first = first_of_shard(shard, run->batch, shards);
    job->run.first_row = first;
    job->run.rows = first_of_shard(shard + 1, run->batch, shards) - first;
}

/* Element e of a field's rows at hand; row i of these is row row[i] of the data set. */
static __device__ uint32_t element_of(const struct cuda_job *job, const struct cuda_field *field,
                                      const int32_t *row, int64_t e)
{
    int64_t i = e / field->words, word = e % field->words;
    if (!field->from[0])
        return 0;
    if (!job->resident)
        return field->from[job->done & 1][job->run.first_row * field->words + e];
    return field->from[0][row[i] * field->step + word];
}

/* Inputs and sample numbers of the rows at hand. */
static __global__ void gather_rows(const struct inv_run *run)
{
    const struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    const int32_t *row = job->row + job->done * job->batch + run->first_row;
    int32_t *sample = (int32_t *)(void *)(run->arena + job->sample);
    for (int64_t i = inv_thread(); i < run->rows; i += inv_threads())
        sample[i] = row[i];
    for (int f = 0; f < job->fields; f++) {
        const struct cuda_field *field = &job->field[f];
        uint32_t *to = (uint32_t *)(void *)(run->arena + field->offset);
        for (int64_t e = inv_thread(); e < run->rows * field->words; e += inv_threads())
            to[e] = element_of(job, field, row, e);
    }
}

static __device__ float loss_of(const struct cuda_job *job, int report)
{
    return *(const float *)(const void *)(job->run.arena + job->loss_offset[report]);
}

/* What the shard at hand leaves joins that of those before; one without rows leaves zeros. */
static __global__ void add_shard(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    const struct cuda_sums *s = &job->sums;
    if (inv_stopped(run))
        return;
    float *sum = (float *)(void *)(run->arena + s->sums);
    float *partial = (float *)(void *)(run->arena + s->partial);
    for (int64_t e = inv_thread(); e < s->count; e += inv_threads()) {
        float value = run->rows > 0 ? sum[e] : 0.0f;
        if (e == s->loss && !inv_is_finite(value) && job->bad == s->shards)
            job->bad = job->shard;
        inv_shard_add(value, job->shard, s->shards, partial + e, s->stride, sum + e);
    }
}

/* After INV_TRAIN of all rows of the batch, which are at hand from here on: a loss that is not
 * finite stops all that follows. */
static __global__ void check_loss(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    job->run.rows = run->batch;
    job->run.first_row = 0;
    job->stopped = !inv_is_finite(loss_of(job, 0));
}

/* What rankings keep of the rows at hand. */
static __global__ void collect_rows(const struct inv_run *run)
{
    const struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    for (int i = 0; i < job->collected_count; i++) {
        const struct cuda_collected *c = &job->collected[i];
        const uint32_t *from = (const uint32_t *)(const void *)(run->arena + c->offset);
        uint32_t *to = c->to + (job->done * job->batch + run->first_row) * c->words;
        for (int64_t e = inv_thread(); e < run->rows * c->words; e += inv_threads())
            to[e] = from[e];
    }
}

/* The step is through: its losses into the sums, as runtime/host/pass.c adds them. */
static __global__ void end_step(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    for (int i = 0; i < job->reports; i++)
        if (job->loss_offset[i] >= 0)
            inv_exact_add(job->sum + i * INV_EXACT_WORDS, loss_of(job, i), (uint32_t)run->rows);
    job->loss[job->done] = loss_of(job, 0);
    job->done++;
}

/* ---- what a step consists of ---- */

static void launch_phase(const struct cuda_device *d, const struct inv_run *run,
                         enum inv_phase phase)
{
    if (d->model->phase[phase])
        d->model->phase[phase](run);
}

static void launch_gather(const struct cuda_device *d, const struct inv_run *run)
{
    int64_t words = run->rows * (d->row_bytes / 4);
    INV_LAUNCH(run, gather_rows, inv_blocks(words, THREADS), THREADS, 0);
}

static void launch_collect(const struct cuda_device *d, const struct inv_run *run)
{
    if (d->shadow.collected_count > 0)
        INV_LAUNCH(run, collect_rows, inv_blocks(run->rows, THREADS), THREADS, 0);
}

static void evaluate_batch(const struct cuda_device *d, const struct inv_run *run)
{
    INV_LAUNCH(run, begin_step, 1, 1, 0);
    launch_gather(d, run);
    launch_phase(d, run, INV_EVALUATE);
    launch_collect(d, run);
    INV_LAUNCH(run, end_step, 1, 1, 0);
}

static void train_rows(const struct cuda_device *d, const struct inv_run *run)
{
    launch_gather(d, run);
    launch_phase(d, run, INV_AUGMENT);
    launch_phase(d, run, INV_TRAIN);
}

static void update(const struct cuda_device *d, const struct inv_run *run)
{
    INV_LAUNCH(run, check_loss, 1, 1, 0);
    launch_phase(d, run, INV_UPDATE);
}

/* A step that is not cut into shards. */
static void train_batch(const struct cuda_device *d, const struct inv_run *run)
{
    INV_LAUNCH(run, begin_step, 1, 1, 0);
    train_rows(d, run);
    update(d, run);
    launch_collect(d, run);
    INV_LAUNCH(run, end_step, 1, 1, 0);
}

static void begin_shards(const struct cuda_device *d, const struct inv_run *run)
{
    INV_LAUNCH(run, begin_step, 1, 1, 0);
    INV_LAUNCH(run, keep_totals, inv_blocks(d->shadow.sums.words, THREADS), THREADS, 0);
}

static void train_shard(const struct cuda_device *d, const struct inv_run *run)
{
    INV_LAUNCH(run, next_shard, 1, 1, 0);
    if (run->rows > 0) {
        train_rows(d, run);
        launch_collect(d, run);
    }
    INV_LAUNCH(run, add_shard, inv_blocks(d->shadow.sums.count, THREADS), THREADS, 0);
}

static void end_shards(const struct cuda_device *d, const struct inv_run *run)
{
    update(d, run);
    INV_LAUNCH(run, end_step, 1, 1, 0);
}

/* ---- its graphs ---- */

/* A piece that is stopped before it begins: loads kernels and lets libraries choose theirs, which
 * a capture may not do, and leaves the arena as it is. */
static void rehearse(struct cuda_device *d, const struct inv_run *run, cuda_piece *piece)
{
    struct cuda_job job = d->shadow;
    job.run = inv_cuda_run(d, run);
    job.stopped = 1;
    inv_cuda_put(d, d->job, &job, sizeof job);
    piece(d, run);
    CHECK(cudaStreamSynchronize(d->stream));
}

static cudaGraphExec_t capture(struct cuda_device *d, const struct inv_run *like,
                               cuda_piece *piece, int64_t rows)
{
    struct inv_run run = *like;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    run.rows = rows;
    run.trace = NULL;
    rehearse(d, &run, piece);
    CHECK(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal));
    piece(d, &run);
    CHECK(cudaStreamEndCapture(d->stream, &graph));
    CHECK(cudaGraphInstantiate(&exec, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    return exec;
}

static cudaGraphExec_t graph_for(struct cuda_device *d, const struct inv_run *run,
                                 cuda_piece *piece, int64_t rows)
{
    for (int i = 0; i < d->graphs; i++)
        if (d->graph[i].piece == piece && d->graph[i].rows == rows)
            return d->graph[i].exec;
    size_t size = (size_t)(d->graphs + 1) * sizeof *d->graph;
    d->graph = (struct cuda_step_graph *)inv_resize(d->graph, size);
    struct cuda_step_graph *made = &d->graph[d->graphs++];
    made->piece = piece;
    made->rows = rows;
    made->exec = capture(d, run, piece, rows);
    return made->exec;
}

void inv_cuda_release_graphs(struct cuda_device *d)
{
    for (int i = 0; i < d->graphs; i++)
        CHECK(cudaGraphExecDestroy(d->graph[i].exec));
    free(d->graph);
    d->graph = NULL;
    d->graphs = 0;
}

/* ---- a pass ---- */

/* Room for so many rows and steps; graphs know the job alone, so both may move. */
static void make_room(struct cuda_device *d, int64_t rows, int64_t steps)
{
    if (rows > d->row_room) {
        inv_cuda_give(d, d->row, d->row_room * 4);
        d->row = (int32_t *)inv_cuda_take(d, rows * 4, "the order of the rows");
        d->row_room = rows;
    }
    if (steps > d->loss_room) {
        inv_cuda_give(d, d->loss, d->loss_room * 4);
        d->loss = (float *)inv_cuda_take(d, steps * 4, "the losses of the steps");
        d->loss_room = steps;
    }
}

/* Room for what is collected of so many rows, an array after the other. */
static void make_collected(struct cuda_device *d, const struct inv_device_pass *pass)
{
    int64_t row = 0, count = pass->collected_count;
    for (int i = 0; i < count; i++)
        row += pass->collected[i].bytes;
    if (pass->rows * row > d->kept_room) {
        inv_cuda_give(d, d->kept, d->kept_room);
        d->kept = (unsigned char *)inv_cuda_take(d, pass->rows * row, "the scores of a part");
        d->kept_room = pass->rows * row;
    }
    struct cuda_collected *made =
        (struct cuda_collected *)inv_allocate((size_t)(count + 1) * sizeof *made);
    unsigned char *to = d->kept;
    for (int i = 0; i < count; i++) {
        made[i].to = (uint32_t *)(void *)to;
        made[i].words = pass->collected[i].bytes / 4;
        made[i].offset = pass->collected[i].offset;
        to += pass->rows * pass->collected[i].bytes;
    }
    if (count > 0)
        inv_cuda_put(d, d->collected, made, count * (int64_t)sizeof *made);
    free(made);
}

static void get_collected(struct cuda_device *d, const struct inv_device_pass *pass)
{
    const unsigned char *from = d->kept;
    for (int i = 0; i < pass->collected_count; i++) {
        int64_t bytes = pass->rows * pass->collected[i].bytes;
        inv_cuda_get(d, pass->collected[i].value, from, bytes);
        from += bytes;
    }
}

static void begin_pass(struct cuda_device *d, const struct inv_run *run,
                       const struct inv_device_pass *pass, int64_t steps)
{
    struct cuda_job *job = &d->shadow;
    make_room(d, pass->rows, steps);
    make_collected(d, pass);
    inv_cuda_put(d, d->row, pass->row, pass->rows * 4);
    inv_cuda_put(d, d->sum, pass->sum, job->reports * INV_EXACT_WORDS * 8);
    job->run = inv_cuda_run(d, run);
    job->run.first_row = 0;
    job->training = pass->training;
    job->first_step = pass->first_step;
    job->done = 0;
    job->rows = pass->rows;
    job->batch = pass->batch;
    job->row = d->row;
    job->loss = d->loss;
    inv_cuda_put(d, d->job, job, sizeof *job);
}

/* ---- a step ---- */

typedef void on_piece(struct cuda_device *, const struct inv_run *, cuda_piece *, int64_t rows);

/* Each piece of a step of so many rows, in order. */
static void walk_step(struct cuda_device *d, const struct inv_run *run, int training,
                      int64_t rows, on_piece *on)
{
    int64_t shards = d->shadow.sums.shards;
    if (!training || shards == 0) {
        on(d, run, training ? train_batch : evaluate_batch, rows);
        return;
    }
    on(d, run, begin_shards, rows);
    for (int64_t s = 0; s < shards; s++)
        on(d, run, train_shard,
           first_of_shard(s + 1, rows, shards) - first_of_shard(s, rows, shards));
    on(d, run, end_shards, rows);
}

static void prepare(struct cuda_device *d, const struct inv_run *run, cuda_piece *piece,
                    int64_t rows)
{
    graph_for(d, run, piece, rows);
}

/* Group by group, for run->trace to see what each stores, or by its graph. */
static void launch(struct cuda_device *d, const struct inv_run *run, cuda_piece *piece,
                   int64_t rows)
{
    struct inv_run here = *run;
    here.rows = rows;
    if (run->trace)
        piece(d, &here);
    else
        CHECK(cudaGraphLaunch(graph_for(d, run, piece, rows), d->stream));
}

/* Of a step that is left out: totals are as before it, and the run that of its first shard whose
 * loss is not finite; of no rows where only the sum of them is not. */
static void leave_out(const struct cuda_device *d, const struct cuda_job *job, struct inv_run *run)
{
    const struct cuda_sums *s = &job->sums;
    int64_t end = job->bad < s->shards ? job->bad + 1 : s->shards;
    run->first_row = first_of_shard(job->bad, run->batch, s->shards);
    run->rows = first_of_shard(end, run->batch, s->shards) - run->first_row;
    if (s->words > 0)
        CHECK(cudaMemcpyAsync(d->arena + s->totals, s->kept, (size_t)s->words * 4,
                              cudaMemcpyDeviceToDevice, d->stream));
    CHECK(cudaStreamSynchronize(d->stream));
}

/* Where a step is not finite, the run becomes that of this step. */
static void end_pass(struct cuda_device *d, struct inv_run *run, struct inv_device_pass *pass,
                     int64_t steps)
{
    struct cuda_job job;
    inv_cuda_get(d, &job, d->job, sizeof job);
    inv_cuda_get(d, pass->sum, d->sum, job.reports * INV_EXACT_WORDS * 8);
    if (pass->loss)
        inv_cuda_get(d, pass->loss, d->loss, steps * 4);
    get_collected(d, pass);
    pass->done = job.done;
    run->rows = run->batch = job.run.batch;
    run->first_row = 0;
    run->step = job.run.step;
    if (job.stopped && job.sums.shards > 0)
        leave_out(d, &job, run);
}

void inv_cuda_pass(struct inv_run *run, struct inv_device_pass *pass)
{
    struct cuda_device *d = cuda_of(run);
    int64_t steps = (pass->rows + pass->batch - 1) / pass->batch;
    int64_t last = pass->rows - (steps - 1) * pass->batch;
    if (steps > 1)
        walk_step(d, run, pass->training, pass->batch, prepare);
    walk_step(d, run, pass->training, last, prepare);
    begin_pass(d, run, pass, steps);
    for (int64_t k = 0; k < steps; k++) {
        int64_t rows = k + 1 < steps ? pass->batch : last;
        inv_cuda_stage(d, k, pass->row + k * pass->batch, rows);
        walk_step(d, run, pass->training, rows, launch);
        inv_cuda_unstage(d, k);
    }
    CHECK(cudaStreamSynchronize(d->stream));
    end_pass(d, run, pass, steps);
}
