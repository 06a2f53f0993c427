/* What the files of the back end share: the device as the host sees it, and the state of a pass in
 * the device's memory. */
#ifndef INV_CUDA_PRIVATE_CUH
#define INV_CUDA_PRIVATE_CUH

#include "cuda/launch.cuh"
extern "C" {
#include "host/errors.h"
#include "host/variable.h"
}

/* A field of the data set.  Resident: row r of it at from[0] + r * words.  Else from[k] is a batch
 * that the host put there, for steps k, k + 2, ...  from[0] NULL: all zeros. */
struct cuda_field {
    const uint32_t *from[2];
    int64_t words, step;                /* of a row; from one to the next */
    int64_t offset;                     /* of the input in the arena, bytes */
};

/* A variable of the arena whose rows are collected over a pass. */
struct cuda_collected {
    uint32_t *to;                       /* of the pass's first row */
    int64_t words, step;                /* of a row; from one to the next */
    int64_t offset;                     /* in the arena, bytes */
};

/* What shards of a step leave to be added up: bytes of the arena, floats, 32-bit words. */
struct cuda_sums {
    int64_t shards;                     /* of a training step; 0: it is not cut */
    int64_t sums, count;                /* of a shard */
    int64_t partial, stride;            /* of those before; from one to the next */
    int64_t loss;                       /* which of the sums is report 0 */
    int64_t totals, words;              /* all accumulators, to which train adds */
    uint32_t *kept;                     /* what they were before the step */
};

/* In the device's memory.  The run comes first: a kernel that gets it has all the rest. */
struct cuda_job {
    struct inv_run run;
    int32_t stopped;
    int32_t training, resident, fields, reports;
    int32_t first_step;
    int64_t done;                       /* steps whose losses are in `sum` */
    int64_t rows, batch;                /* of the pass; of a step, but the last one's */
    const int32_t *row;                 /* row numbers of the pass */
    const struct cuda_field *field;
    int64_t sample;                     /* where the sample numbers lie in the arena */
    const int64_t *loss_offset;         /* for each report: its loss in the arena, or -1 */
    int64_t *sum;                       /* for each report: of loss * rows, as in core/exact.h */
    float *loss;                        /* of each step */
    int32_t collected_count;
    const struct cuda_collected *collected;
    struct cuda_sums sums;
    int64_t shard, bad;                 /* at hand, or -1; the first of the step whose loss is not
                                         * finite, or how many there are */
};

struct cuda_device;

/* Launches the kernels of a step, or of a piece of one, of run->rows rows. */
typedef void cuda_piece(const struct cuda_device *, const struct inv_run *);

/* Such a piece with so many rows. */
struct cuda_step_graph {
    cuda_piece *piece;
    int64_t rows;
    cudaGraphExec_t exec;
};

/* A batch under way to the device. */
struct cuda_slot {
    unsigned char *host, *device;       /* fields end to end, each for `batch` rows */
    cudaEvent_t copied, used;
};

struct cuda_device {
    struct inv_device base;
    const struct inv_model *model;
    cudaStream_t stream, copies;
    int64_t limit, taken, later;        /* bytes of device memory; later: of the exchange of sums,
                                         * which are taken when training begins */
    unsigned char *arena, *spare;
    float *workspace;
    struct cuda_job *job;               /* in the device's memory */
    struct cuda_job shadow;             /* what the host wrote there last */
    const struct inv_device_field *field; /* of the host */
    struct cuda_field *device_field;
    unsigned char *data;                /* resident, or NULL */
    struct cuda_slot slot[2];
    int64_t row_bytes;                  /* of all fields that are not all zeros */
    int32_t *row;
    float *loss;
    int64_t *sum;
    int64_t *loss_offset;
    struct cuda_collected *collected;   /* collected_count of the job */
    unsigned char *kept;                /* what they point to */
    int64_t row_room, loss_room, kept_room;
    struct cuda_step_graph *graph;
    int graphs;
    struct cuda_library *library;       /* NULL: exact kernels alone */
};

#define CHECK(call) inv_cuda_check((int)(call), #call)

static inline struct cuda_device *cuda_of(const struct inv_run *run)
{
    return (struct cuda_device *)(void *)run->device;
}

/* device.cu: prints an error and ends the program with INV_UNTRUSTED. */
void inv_cuda_quit(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Device memory, counted; exceeding the limit ends the program. */
void *inv_cuda_take(struct cuda_device *, int64_t bytes, const char *what);
void inv_cuda_give(struct cuda_device *, void *memory, int64_t bytes);
/* Between host and device, finished when they return. */
void inv_cuda_put(const struct cuda_device *, void *device, const void *host, int64_t bytes);
void inv_cuda_get(const struct cuda_device *, void *host, const void *device, int64_t bytes);
/* The device's copy of a run. */
struct inv_run inv_cuda_run(const struct cuda_device *, const struct inv_run *);
/* "1.5 MiB" */
void inv_cuda_size(int64_t bytes, char text[32]);

/* data.cu */
void inv_cuda_keep(const struct inv_run *, int count, const struct inv_device_field *,
                   int64_t rows, void *out);
void inv_cuda_release_data(struct cuda_device *);
/* Starts the copies of step k's batch, where the data set is not resident. */
void inv_cuda_stage(struct cuda_device *, int64_t k, const int32_t *row, int64_t rows);
/* Marks step k's batch as read, once all of the stream so far is done. */
void inv_cuda_unstage(struct cuda_device *, int64_t k);

/* pass.cu */
void inv_cuda_pass(struct inv_run *, struct inv_device_pass *);
void inv_cuda_release_graphs(struct cuda_device *);

/* Library mode, in programs that are built for it alone (library/). */
struct inv_library_type;
struct inv_library_mode {
    const struct inv_library_type *type;
    int64_t workspace;                  /* bytes; fixed: the choice of kernels depends on it */
    void (*open)(struct cuda_device *, const struct inv_device_wish *, void *out);
    void (*close)(struct cuda_device *);
    void (*tell)(const struct cuda_device *, inv_tell *, void *state);
    /* Before there is a device: name and version, and the kernels that the lock file pins. */
    void (*describe)(const struct inv_model *, inv_tell *, void *state);
};

/* check.cu: NULL, or why this device must not be trusted. */
const char *inv_cuda_selftest(void);

#endif
