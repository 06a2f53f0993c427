/* ${model}: trains and runs the model of ${source} in memory that the caller gives; written by
 * ${compiler}.  No heap, no files, no globals that change: all state lies in struct ${model} and in
 * the arena.  Below, "run" means of the host's trainer: the same model, data and seed give the
 * same bits here.  What invar writes belongs to its user. */
#ifndef ${guard}
#define ${guard}
#include <stddef.h>
#include <stdint.h>
#include "core/run.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ${upper}_ABI_VERSION ${abi}
#if ${upper}_ABI_VERSION != INV_FIRMWARE_ABI
#error "${model}: core/run.h is of another version than this header; emit both with one invar"
#endif

#define ${upper}_BATCH ${batch}             /* most rows of a call */
#define ${upper}_ARENA_BYTES ${arena_bytes}      /* to train, aligned to 8 bytes */
#define ${upper}_TUNING_BYTES ${tuning_bytes}     /* the same, where frozen weights lie elsewhere */
/* Parameters and buffers: the arena's first bytes. */
#define ${upper}_WEIGHT_BYTES ${saved_bytes}
/* The last of them, which training changes; those before are frozen. */
#define ${upper}_TRAINED_BYTES ${trained_bytes}
/* Parameters, buffers, optimizer state and totals. */
#define ${upper}_STATE_BYTES ${state_bytes}
/* At most what ${model}_save writes: the state but for frozen weights, where the run is, totals of
 * losses, checksums. */
#define ${upper}_SAVE_BYTES \
    (${upper}_STATE_BYTES - ${upper}_WEIGHT_BYTES + ${upper}_TRAINED_BYTES + 64 + \
     sizeof(struct ${model}_pass))
/* Work memory of inference with the weights in flash. */
#define ${upper}_INFER_BYTES ${infer_bytes}
/* Rows of the data where they are drawn, not read; else 0. */
#define ${upper}_DRAWN_ROWS ${data_rows}
/* Words of struct ${model}_data.order for so many rows, with its part_rows[0]. */
#define ${upper}_ORDER_WORDS(rows) (${order_words} * (rows))

@each text
/* A text that goes on: so many tokens are a window, of so many classes, and so much is kept. */
#define ${upper}_PLACES ${places}
#define ${upper}_CLASSES ${classes}
#define ${upper}_TEXT_BYTES ${text_bytes}
@end

enum ${model}_status {
    ${upper}_OK = 0,
    ${upper}_MORE = 1,                  /* not finished: continue it */
    ${upper}_EPOCH = 2,                 /* this step ended an epoch */
    ${upper}_DONE = 3,                  /* all steps are done */
    ${upper}_ARENA_TOO_SMALL = -1,      /* fewer bytes than this header names */
    ${upper}_ARENA_MISALIGNED = -2,     /* not at a multiple of 8 */
    ${upper}_UNTRUSTED = -3,            /* the self-test failed: see ${model}_selftest */
    ${upper}_BAD_CALL = -4,             /* no data or order, wrong rows or part, amid a step,
                                         * or more than 2^31 - 1 steps to do */
    ${upper}_BAD_DATA = -5,             /* a row is missing or bad, a needed part has none, or
                                         * cells are beyond what fits: squares leave binary32 */
    ${upper}_NOT_FINITE = -6,           /* the loss is: the step changed nothing; or, after the
                                         * last step, the weights are */
    ${upper}_BAD_STATE = -7,            /* what is loaded is damaged, of another model, or of
                                         * other frozen weights */
    ${upper}_IO = -8                    /* a callback failed */
};

/* Where the cells of one row go. */
struct ${model}_row {
    int32_t sample;                     /* its number in the data */
@each cell
    ${ctype} *${name}; /* ${elements} */
@end
};

struct ${model}_data {
    int32_t rows;                       /* those that are split; drawn ones: theirs, or 0 */
    int32_t *order;                     /* ${upper}_ORDER_WORDS(rows) words; NULL where that is 0 */
    int (*row)(void *user, const struct ${model}_row *); /* fills it and returns 0 */
    void *user;
    /* Of `part train =`, `part val =`, `part test =`, numbered from `rows` on in this order, and
     * of windows, whose `rows` are 0; else, or where left out, 0. */
    int32_t part_rows[3];
};

enum ${model}_part { ${upper}_TRAIN, ${upper}_VAL, ${upper}_TEST };

struct ${model}_reports {
@each report
    ${ctype} ${name}${array};
@end
};

/* Results of inference, a row after the other; good until the next call. */
struct ${model}_outputs {
@each output
    const ${ctype} *${name}; /* ${elements} for each row */
@end
    int32_t rows;
};

/* What `keep best` and `patience` of the model have seen; zero it before the first epoch. */
struct ${model}_best {
    void *weights;                      /* for `keep best`: ${upper}_TRAINED_BYTES, or NULL */
    int32_t epoch;                      /* of the best, from 1; 0: none yet */
    int32_t misses;                     /* calls without one that counts for `patience` */
    ${watch_ctype} value, mark;         /* of the best; of the last that counted */
};

/* Sums of losses over the rows of an epoch or part. */
struct ${model}_pass {
    int32_t rows;
    int64_t sum[${loss_count} * 16];
};

@each text
/* A text that goes on, with what of each place later ones read; several may go on at a time.  How
 * tokens are drawn may be changed after ${model}_text_begin; the other fields are private. */
struct ${model}_text {
    uint64_t seed;
    float temperature;                  /* 0: always the likeliest */
    int32_t top_k;                      /* drawn are so many of the likeliest; 0: all */
    int32_t count, done, drawn;
    int32_t token[${upper}_PLACES];
    unsigned char memory[${upper}_TEXT_BYTES] __attribute__((aligned(8)));
};

@end
/* All fields are private but run.step, the number of steps done. */
struct ${model} {
    struct inv_run run;
    const unsigned char *given;         /* weights of ${model}_init_tuning, or NULL */
    struct inv_cursor cursor;
    struct ${model}_data data;
    struct ${model}_pass pass;
    int32_t stage, batch_at, part_end[3], per_epoch, ordered_epoch, place, fit_field, fit_pass;
    uint32_t fit_varied;                /* bit s: statistic s of the pass at hand */
};

typedef int ${model}_write(void *user, const void *bytes, size_t count); /* 0: all written */
typedef int ${model}_read(void *user, void *bytes, size_t count);        /* 0: all read */

/* Whether this machine and build compute as the model demands: ${upper}_OK or _UNTRUSTED. */
enum ${model}_status ${model}_selftest(void);

/* Tests the machine, takes the arena and draws start values from the seed. */
enum ${model}_status ${model}_init(struct ${model} *, void *arena, size_t bytes);
/* The same, but that training begins with these weights (${upper}_WEIGHT_BYTES, aligned to 8), as
 * after ${model}_init and a copy of them to the arena's start.  Frozen ones are read where they
 * lie; the arena takes ${upper}_TUNING_BYTES. */
enum ${model}_status ${model}_init_tuning(struct ${model} *, const void *weights, void *arena,
                                  size_t bytes);
/* For inference only: weights (${upper}_WEIGHT_BYTES of an arena, aligned to 8) stay where they
 * are, work takes ${upper}_INFER_BYTES. */
enum ${model}_status ${model}_init_inference(struct ${model} *, const void *weights,
                                     void *work, size_t bytes);

/* Weights of a file, where ${file}_weights.c was emitted, too (--weights FILE). */
extern const uint32_t ${model}_weights[(${upper}_WEIGHT_BYTES + 3) / 4];

/* Splits the data and fits what is fitted to it, as a run would.  Call it before ${model}_load. */
enum ${model}_status ${model}_begin(struct ${model} *, const struct ${model}_data *);
/* The same in slices of about `budget` scalar operations, at least one row: ${upper}_MORE, until
 * it has begun. */
enum ${model}_status ${model}_begin_slices(struct ${model} *, const struct ${model}_data *);
enum ${model}_status ${model}_begin_continue(struct ${model} *, int32_t budget);
/* One step of training. */
enum ${model}_status ${model}_step(struct ${model} *);
/* The same in slices of about `budget` scalar operations, after ${model}_step_begin. */
enum ${model}_status ${model}_step_begin(struct ${model} *);
enum ${model}_status ${model}_step_continue(struct ${model} *, int32_t budget);
/* The loss of the last step's batch, before its update. */
float ${model}_loss(const struct ${model} *);
/* Losses and metrics of the epoch that has ended. */
void ${model}_epoch_reports(struct ${model} *, struct ${model}_reports *);
/* Losses and metrics of a part; between epochs, for it starts their totals anew. */
enum ${model}_status ${model}_evaluate(struct ${model} *, enum ${model}_part,
                               struct ${model}_reports *);
/* After a step that ended an epoch: evaluates the part that the model watches, keeps the weights
 * of the best and gives schedules the results that they follow.  ${upper}_DONE: its patience has
 * run out. */
enum ${model}_status ${model}_watch(struct ${model} *, struct ${model}_best *,
                            struct ${model}_reports *);
/* After the last step: parameters become their moving averages, where the model keeps some, and
 * the best, where there is one (NULL: none). */
void ${model}_finish(struct ${model} *, const struct ${model}_best *);
/* Exchanges the parameters with their moving averages: before and after what is to see these. */
void ${model}_exchange_average(struct ${model} *);

/* Outputs of at most ${upper}_BATCH rows of cells. */
enum ${model}_status ${model}_infer(struct ${model} *, int32_t rows,
@each argument
                            const ${ctype} *${name},
@end
                            struct ${model}_outputs *);

@each text
/* For texts only: weights as for ${model}_init_inference, and no work memory. */
enum ${model}_status ${model}_init_text(struct ${model} *, const void *weights);
/* An empty text, to be drawn as the model file says.  Begin anew when the weights have changed. */
void ${model}_text_begin(struct ${model}_text *);
/* Puts a token behind the text; ${upper}_BAD_DATA: it is none of 0 to ${upper}_CLASSES - 1. */
enum ${model}_status ${model}_text_add(struct ${model}_text *, int32_t token);
/* The ${upper}_CLASSES logits of what follows, good until the next call: those that ${model}_infer
 * gives for the last place.  Each token that was added since the last call costs one place; where
 * the text is longer than the window, whose last ${upper}_PLACES tokens then count, all of it. */
enum ${model}_status ${model}_text_logits(const struct ${model} *, struct ${model}_text *,
                                  const float **logits);
/* The token that follows, which is not added yet: of the n-th call the n-th that --generate of the
 * trainer writes.  ${upper}_NOT_FINITE: a logit is. */
enum ${model}_status ${model}_text_draw(const struct ${model} *, struct ${model}_text *,
                                int32_t *token);

@end
/* All that training goes on from, with a checksum, and one of the frozen weights, which are not
 * in it: for a device of the same byte order. */
enum ${model}_status ${model}_save(const struct ${model} *, ${model}_write *, void *user);
/* On failure the model is as after ${model}_init or ${model}_init_tuning. */
enum ${model}_status ${model}_load(struct ${model} *, ${model}_read *, void *user);
/* The weights as a .safetensors file, byte for byte the one that a run writes. */
enum ${model}_status ${model}_write_weights(const struct ${model} *, ${model}_write *, void *user);

#ifdef __cplusplus
}
#endif
#endif
