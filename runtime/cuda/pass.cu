/* Passes over the data set: a step is a CUDA graph, one for each distinct number of rows, and
 * nothing waits for the device before the pass is through. */
#include "cuda/private.cuh"
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
    job->run.rows = left < job->batch ? left : job->batch;
    if (job->training)
        job->run.step = job->first_step + (int32_t)job->done;
}

/* Element e of a field's batch; row i of it is row row[i] of the data set. */
static __device__ uint32_t element_of(const struct cuda_job *job, const struct cuda_field *field,
                                      const int32_t *row, int64_t e)
{
    int64_t i = e / field->words, word = e % field->words;
    if (!field->from[0])
        return 0;
    if (!job->resident)
        return field->from[job->done & 1][e];
    return field->from[0][row[i] * field->step + word];
}

/* Inputs and sample numbers of the step at hand. */
static __global__ void gather_rows(const struct inv_run *run)
{
    const struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    const int32_t *row = job->row + job->done * job->batch;
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

/* After INV_TRAIN: a loss that is not finite stops all that follows. */
static __global__ void check_loss(const struct inv_run *run)
{
    struct cuda_job *job = job_of(run);
    if (!inv_stopped(run) && !inv_is_finite(loss_of(job, 0)))
        job->stopped = 1;
}

/* What rankings keep of the step's rows. */
static __global__ void collect_rows(const struct inv_run *run)
{
    const struct cuda_job *job = job_of(run);
    if (inv_stopped(run))
        return;
    for (int i = 0; i < job->collected_count; i++) {
        const struct cuda_collected *c = &job->collected[i];
        const uint32_t *from = (const uint32_t *)(const void *)(run->arena + c->offset);
        uint32_t *to = c->to + job->done * job->batch * c->words;
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

/* ---- the graph of a step ---- */

static void launch_phase(const struct cuda_device *d, const struct inv_run *run,
                         enum inv_phase phase)
{
    if (d->model->phase[phase])
        d->model->phase[phase](run);
}

static void launch_step(const struct cuda_device *d, const struct inv_run *run, int training)
{
    int64_t words = run->rows * (d->row_bytes / 4);
    INV_LAUNCH(run, begin_step, 1, 1, 0);
    INV_LAUNCH(run, gather_rows, inv_blocks(words, THREADS), THREADS, 0);
    if (!training) {
        launch_phase(d, run, INV_EVALUATE);
    } else {
        launch_phase(d, run, INV_AUGMENT);
        launch_phase(d, run, INV_TRAIN);
        INV_LAUNCH(run, check_loss, 1, 1, 0);
        launch_phase(d, run, INV_UPDATE);
    }
    if (d->shadow.collected_count > 0)
        INV_LAUNCH(run, collect_rows, inv_blocks(run->rows, THREADS), THREADS, 0);
    INV_LAUNCH(run, end_step, 1, 1, 0);
}

/* A step that is stopped before it begins: loads kernels and lets libraries choose theirs, which
 * a capture may not do, and leaves the arena as it is. */
static void rehearse(struct cuda_device *d, const struct inv_run *run, int training)
{
    struct cuda_job job = d->shadow;
    job.run = inv_cuda_run(d, run);
    job.stopped = 1;
    inv_cuda_put(d, d->job, &job, sizeof job);
    launch_step(d, run, training);
    CHECK(cudaStreamSynchronize(d->stream));
}

static cudaGraphExec_t capture(struct cuda_device *d, const struct inv_run *like, int training,
                               int64_t rows)
{
    struct inv_run run = *like;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    run.rows = rows;
    run.trace = NULL;
    rehearse(d, &run, training);
    CHECK(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal));
    launch_step(d, &run, training);
    CHECK(cudaStreamEndCapture(d->stream, &graph));
    CHECK(cudaGraphInstantiate(&exec, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    return exec;
}

static cudaGraphExec_t graph_for(struct cuda_device *d, const struct inv_run *run, int training,
                                 int64_t rows)
{
    for (int i = 0; i < d->graphs; i++)
        if (d->graph[i].training == training && d->graph[i].rows == rows)
            return d->graph[i].exec;
    size_t size = (size_t)(d->graphs + 1) * sizeof *d->graph;
    d->graph = (struct cuda_step_graph *)inv_resize(d->graph, size);
    struct cuda_step_graph *made = &d->graph[d->graphs++];
    made->training = training;
    made->rows = rows;
    made->exec = capture(d, run, training, rows);
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

/* Group by group, for run->trace to see what each stores, or by the graph of such a step. */
static void do_step(struct cuda_device *d, const struct inv_run *run, int training, int64_t rows,
                    cudaGraphExec_t graph)
{
    struct inv_run here = *run;
    here.rows = rows;
    if (run->trace)
        launch_step(d, &here, training);
    else
        CHECK(cudaGraphLaunch(graph, d->stream));
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
    run->rows = job.run.rows;
    run->first_row = 0;
    run->step = job.run.step;
}

void inv_cuda_pass(struct inv_run *run, struct inv_device_pass *pass)
{
    struct cuda_device *d = cuda_of(run);
    int64_t steps = (pass->rows + pass->batch - 1) / pass->batch;
    int64_t last = pass->rows - (steps - 1) * pass->batch;
    cudaGraphExec_t whole = steps > 1 ? graph_for(d, run, pass->training, pass->batch) : NULL;
    cudaGraphExec_t rest = graph_for(d, run, pass->training, last);
    begin_pass(d, run, pass, steps);
    for (int64_t k = 0; k < steps; k++) {
        int64_t rows = k + 1 < steps ? pass->batch : last;
        inv_cuda_stage(d, k, pass->row + k * pass->batch, rows);
        do_step(d, run, pass->training, rows, k + 1 < steps ? whole : rest);
        inv_cuda_unstage(d, k);
    }
    CHECK(cudaStreamSynchronize(d->stream));
    end_pass(d, run, pass, steps);
}
