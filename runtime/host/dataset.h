/* The whole data set as the model sees it: every field of every row after INV_PREPARE and
 * INV_NORMALISE, 4 bytes an element, and the order of the rows in the three parts.  In a row file
 * (row_file.h) rows are as before INV_NORMALISE, with NaN for missing cells; what is gathered is
 * then filled and normalised.  So it is where memory does not hold what is in the files that cells
 * name: their fields have no values here, but are decoded and prepared as they are gathered.
 *
 * Where fields are windows, the rows here are single ones, and those of the parts are the first
 * ones of windows, which lie in `value` as they are: row r of a field, in a batch, is rows r + from
 * up to r + from + rows - 1. */
#ifndef INV_HOST_DATASET_H
#define INV_HOST_DATASET_H
#include "invar.h"
#include "decoder.h"
#include "errors.h"
#include "fitted.h"
#include "names.h"
#include "paths.h"
#include "row_map.h"

enum inv_part { INV_PART_TRAIN, INV_PART_VAL, INV_PART_TEST, INV_PARTS };

struct inv_row_writer;

struct inv_dataset {
    const struct inv_model *model;
    struct inv_errors *errors;
    const char *given;                  /* of --data, or NULL: see place.h */
    const struct inv_arrays *arrays;    /* rows of who calls a library (train/rows.c), or NULL */
    int whole;                          /* a file that is used: all of it is the test part, and no
                                         * keys are read */
    int inputs_only;                    /* nor labels: with `whole` */
    uint64_t seed;                      /* of the run: used where the data have none */
    const char *rows_given;             /* of --rows, or NULL: see row_place.h */
    int64_t rows_memory;                /* of --rows-memory, or not more than 0 */
    int thorough;                       /* sources of a row file are hashed, whatever their times */
    int64_t rows, room, most;           /* read so far; in memory there is place for; may be in
                                         * memory at all, where a file can hold them, else 0 */
    int many;                           /* there are more */
    unsigned char **value;              /* field f, row r: value[f] + r * step[f] */
    size_t *bytes, *step;               /* of a row; from one row to the next */
    struct inv_row_map map;             /* where the values lie, but those of keys, or nothing */
    struct inv_cell_files files;        /* that cells name, where memory may not hold what is in
                                         * them */
    struct inv_decoder *decoder;        /* reads them anew as rows are gathered, or NULL */
    int32_t *walk;                      /* with a decoder: rows 0, 1, 2 ... */
    struct inv_row_writer *writer;      /* rows that are read go there, or NULL: into memory */
    int32_t *order;                     /* train, val, test end to end */
    int64_t count[INV_SOURCES];         /* rows of each source; those drawn are of INV_MAIN */
    int64_t dropped[INV_SOURCES];       /* and those left out, as fields ask */
    int64_t begin[INV_PARTS + 1];       /* part p: order[begin[p]] up to order[begin[p + 1]] */
    int32_t *learnt;                    /* rows that statistics are of: those of the train part, and
                                         * not only where windows begin */
    int64_t learnt_count;
    int64_t *stretch;                   /* of windows: where files begin among the rows */
    int stretch_count, stretch_room;
    int file;                           /* of the row before, while they are read */
    struct inv_names key[INV_KEYS];     /* what the values of each key stand for */
    struct inv_paths read;              /* the files, in the order of reading */
    char (*hash)[65];                   /* SHA-256 of each file */
    struct inv_fitted fitted;           /* of trained weights (known is 1), or found out here */
};

/* Reads, prepares and splits.  model, errors, given and seed must be set, and fitted where it is
 * known.  The run's arena is used; its rows are changed.  0 after an error. */
int inv_dataset_load(struct inv_dataset *, struct inv_run *);
/* The parts of the rows that were read: partition.c.  key: of the data's seed. */
void inv_dataset_split(struct inv_dataset *, const uint32_t key[2]);
/* The part that a cell of INV_KEY_PART stands for, or -1. */
int inv_dataset_part_of(const struct inv_data *, const char *cell);
void inv_dataset_free(struct inv_dataset *);
static inline int64_t inv_dataset_part_rows(const struct inv_dataset *data, enum inv_part part)
{
    return data->begin[part + 1] - data->begin[part];
}

/* Whether rows are as before INV_NORMALISE. */
static inline int inv_dataset_is_raw(const struct inv_dataset *data)
{
    return data->map.at || data->decoder;
}

/* Whether files that cells name can be decoded as their rows are gathered. */
static inline int inv_dataset_may_decode(const struct inv_dataset *data)
{
    const struct inv_model *model = data->model;
    return model->data.files && model->data.window == 0 && !data->whole && !data->arrays &&
           !model->device_type;
}

/* NULL: it is decoded as rows are gathered. */
static inline unsigned char *inv_dataset_row(const struct inv_dataset *data, int f, int64_t row)
{
    return data->value[f] ? data->value[f] + (size_t)row * data->step[f] : NULL;
}

/* Bytes of what lies in a row file that may be in memory, too. */
static inline int64_t inv_dataset_rows_memory(const struct inv_dataset *data)
{
    return data->rows_memory > 0 ? data->rows_memory : INV_ROW_MEMORY;
}

const char *inv_dataset_part_name(enum inv_part);
/* Fits the statistics of fields that ask for it, from the training rows in split order (fit.c); 0
 * after an error. */
int inv_dataset_fit(const struct inv_dataset *, struct inv_run *);
/* Weights that balance the classes of fields that ask for it, from the training rows: weight c is
 * n / (k * n_c) for n labels, n_c of class c, of k classes.  0 after an error: a class has no row
 * (balance.c). */
int inv_dataset_balance(const struct inv_dataset *, unsigned char *arena);
/* Notes classes of labels that no row of the train part has. */
void inv_dataset_note_classes(const struct inv_dataset *);
/* 0 after an error: all rows of a part have the weight 0. */
int inv_dataset_check_weights(const struct inv_dataset *);
/* Runs INV_NORMALISE over all rows, once; of a row file to see what comes out.  0 where a value is
 * then not finite. */
int inv_dataset_normalise(struct inv_dataset *, struct inv_run *);
/* Of a walk through the rows as they lie: puts as many as a batch has, from `row` on, into the
 * INV_INPUT variables, where only a decoder gives their fields, as before INV_NORMALISE. */
void inv_dataset_decode(const struct inv_dataset *, struct inv_run *, int64_t row);
/* Puts rows row[0 .. count-1] into the INV_INPUT and INV_SAMPLE variables; sets run->rows.  ahead:
 * which of those behind them in row[] are wanted next, or NULL. */
void inv_dataset_gather(const struct inv_dataset *, struct inv_run *, const int32_t *row,
                        int64_t count, const struct inv_row_ahead *ahead);

/* The part of every row, INV_PARTS where it is in none, in new memory. */
unsigned char *inv_dataset_parts(const struct inv_dataset *);
/* Digest of the files that were read (of drawn rows: their seed) and of the part of each row, in
 * new memory. */
char *inv_dataset_parts_digest(const struct inv_dataset *);

#endif
