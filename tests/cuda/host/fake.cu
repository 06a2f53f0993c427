/* The model of tests/unit/fake_model.h as a trainer: its phases run on the emulated device as
 * kernels of one thread, or with FAKE=cpu as the C functions that they are.  In the environment
 * FAKE_MODEL: words average, best, patience, blow_up=STEP. */
#include <stdlib.h>
#include "core/hash.h"
#include "cuda/launch.cuh"
#include "unit/fake_model.h"

#define PHASE(name)                                                 \
    static __global__ void name##_kernel(const struct inv_run *run) \
    {                                                               \
        if (inv_stopped(run))                                       \
            return;                                                 \
        fake_##name(run);                                           \
    }                                                               \
    static void name##_launch(const struct inv_run *run)            \
    {                                                               \
        INV_LAUNCH(run, name##_kernel, 1, 1, 0);                    \
    }

PHASE(init)
PHASE(prepare)
PHASE(normalise)
PHASE(update)
PHASE(evaluate)
PHASE(finish)
PHASE(predict)

static __global__ void train_kernel(const struct inv_run *run)
{
    if (inv_stopped(run))
        return;
    fake_train(run);
}

static void train_launch(const struct inv_run *run)
{
    INV_LAUNCH(run, train_kernel, 1, 1, 0);
    inv_cuda_trace(run, 0, fake_variables[FAKE_X].offset, run->rows * 2);
    inv_cuda_trace(run, 1, fake_variables[FAKE_LOSS].offset, 1);
    inv_cuda_trace(run, 2, fake_variables[FAKE_LOSS].offset, 1);
}

static void traced_update_launch(const struct inv_run *run)
{
    update_launch(run);
    inv_cuda_trace(run, 3, fake_variables[FAKE_BLOCK].offset, 3);
}

static void move_to_device(struct inv_model *model)
{
    model->level = "cuda";
    model->device_type = &inv_cuda;
    model->workspace_bytes = 1024;
    model->phase[INV_INIT] = init_launch;
    model->phase[INV_PREPARE] = prepare_launch;
    model->phase[INV_NORMALISE] = normalise_launch;
    model->phase[INV_TRAIN] = train_launch;
    model->phase[INV_UPDATE] = traced_update_launch;
    model->phase[INV_EVALUATE] = evaluate_launch;
    model->phase[INV_FINISH] = finish_launch;
    model->phase[INV_PREDICT] = predict_launch;
}

int main(int argc, char **argv)
{
    struct inv_model model = fake_model();
    const struct inv_model *level[] = { &model, NULL };
    const char *where = getenv("FAKE"), *kind = getenv("FAKE_MODEL");
    const char *blow_up = kind ? strstr(kind, "blow_up=") : NULL;
    model.hash = inv_hash_piece;
    model.average = kind && strstr(kind, "average") ? 0.75f : 0;
    model.keep_best = kind && strstr(kind, "best") ? "val.error" : NULL;
    model.patience = kind && strstr(kind, "patience") ? 1 : 0;
    fake.blow_up_at = blow_up ? atoi(blow_up + 8) : -1;
    if (!where || strcmp(where, "cpu") != 0)
        move_to_device(&model);
    return inv_trainer_main(argc, argv, level, NULL, NULL);
}
