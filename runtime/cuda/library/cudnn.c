#include "cuda/library/cudnn.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/errors.h"

enum { KNOBS = 13 };
enum { STREAM_K = 38 };                 /* a knob's type that not every version's header names */

/* What a candidate's config holds. */
struct config {
    int64_t engine;
    int32_t knobs;
    struct {
        int16_t type, value;
    } knob[KNOBS];
};

_Static_assert(sizeof(struct config) <= INV_CONFIG, "a config holds an engine and its knobs");

static int find(struct inv_cudnn *c, const char *name, void *function)
{
    void *found = dlsym(c->file, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

char *inv_cudnn_open(struct inv_cudnn *c)
{
    char *file = inv_text("libcudnn.so.%d", CUDNN_MAJOR);
    const char *wish = getenv("INVAR_CUDNN");
    c->file = dlopen(wish && *wish ? wish : file, RTLD_NOW | RTLD_LOCAL);
    free(file);
    if (!c->file)
        return inv_text("cuDNN cannot be opened: %s; install it or add its folder to "
                        "LD_LIBRARY_PATH, or build without --kernels library", dlerror());
    if (find(c, "cudnnBackendCreateDescriptor", &c->create) &&
        find(c, "cudnnBackendDestroyDescriptor", &c->destroy) &&
        find(c, "cudnnBackendFinalize", &c->finalize) &&
        find(c, "cudnnBackendSetAttribute", &c->set) &&
        find(c, "cudnnBackendGetAttribute", &c->get))
        return NULL;
    inv_cudnn_close(c);
    return inv_text("cuDNN lacks functions of its backend API; install cuDNN 9 or later");
}

void inv_cudnn_close(struct inv_cudnn *c)
{
    if (c->file)
        dlclose(c->file);
    c->file = NULL;
}

/* ---- one engine configuration ---- */

/* Traits of what an engine says of its numbers and behaviour. */
static unsigned traits_of(const cudnnBackendNumericalNote_t *note, int64_t notes,
                          const cudnnBackendBehaviorNote_t *behaviour, int64_t behaviours)
{
    unsigned traits = INV_NO_GRAPH;
    for (int64_t i = 0; i < notes; i++) {
        traits |= note[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC ? INV_NOT_DETERMINISTIC : 0;
        traits |= note[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ? INV_NOT_FMA : 0;
        traits |= note[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ? INV_NARROW_INPUT : 0;
        traits |= note[i] == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ? INV_NARROW_SUM : 0;
        traits |= note[i] >= CUDNN_NUMERICAL_NOTE_TYPE_COUNT ? INV_UNTOLD : 0;
    }
    for (int64_t i = 0; i < behaviours; i++)
        if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_SUPPORTS_CUDA_GRAPH_NATIVE_API)
            traits &= ~(unsigned)INV_NO_GRAPH;
    return traits;
}

static unsigned read_engine(const struct inv_cudnn *c, cudnnBackendDescriptor_t engine,
                            int64_t *number)
{
    cudnnBackendNumericalNote_t note[64];
    cudnnBackendBehaviorNote_t behaviour[64];
    int64_t notes = 0, behaviours = 0, count = 0;
    if (c->get(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count, number) != 0 ||
        c->get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, 64, &notes,
               note) != 0 ||
        c->get(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, 64, &behaviours,
               behaviour) != 0 || notes > 64 || behaviours > 64)
        return INV_UNTOLD;
    return traits_of(note, notes, behaviour, behaviours);
}

/* Does a knob at this value share a sum's elements among blocks? */
static int splits_sum(int type, int64_t value)
{
    return type == STREAM_K ? value != 0
                            : (type == CUDNN_KNOB_TYPE_SPLIT_K ||
                               type == CUDNN_KNOB_TYPE_SPLIT_K_SLC) && value > 1;
}

static unsigned read_knob(const struct inv_cudnn *c, cudnnBackendDescriptor_t choice,
                          struct config *config)
{
    cudnnBackendKnobType_t type = 0;
    int64_t value = 0, count = 0;
    int n = config->knobs++;
    if (c->get(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &count,
               &type) != 0 ||
        c->get(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &count,
               &value) != 0 || value < INT16_MIN || value > INT16_MAX)
        return INV_UNTOLD;
    config->knob[n].type = (int16_t)type;
    config->knob[n].value = (int16_t)value;
    return splits_sum((int)type, value) ? INV_SPLIT_SUM : 0;
}

/* More knobs than a config holds, or what cannot be read, could not be pinned. */
static unsigned read_knobs(const struct inv_cudnn *c, cudnnBackendDescriptor_t from,
                           struct config *config)
{
    cudnnBackendDescriptor_t choice[KNOBS] = { NULL };
    int64_t count = 0, all = 0;
    unsigned traits = 0;
    for (int i = 0; i < KNOBS; i++)
        if (c->create(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &choice[i]) != 0)
            traits |= INV_UNTOLD;
    if (c->get(from, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &all,
               NULL) != 0 || all > KNOBS ||
        c->get(from, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, KNOBS,
               &count, choice) != 0)
        traits |= INV_UNTOLD;
    for (int64_t i = 0; !traits && i < count; i++)
        traits |= read_knob(c, choice[i], config);
    for (int i = 0; i < KNOBS; i++)
        if (choice[i])
            c->destroy(choice[i]);
    return traits;
}

static void read_config(const struct inv_cudnn *c, cudnnBackendDescriptor_t from,
                        int64_t workspace, struct inv_candidate *candidate)
{
    struct config config = { .engine = -1 };
    cudnnBackendDescriptor_t engine = NULL;
    int64_t count = 0, bytes = 0;
    unsigned traits = INV_UNTOLD;
    if (c->create(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) == 0 &&
        c->get(from, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
               &engine) == 0)
        traits = read_engine(c, engine, &config.engine) | read_knobs(c, from, &config);
    if (c->get(from, CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count, &bytes) != 0)
        traits |= INV_UNTOLD;
    traits |= bytes > workspace ? INV_BIG_WORKSPACE : 0;
    if (engine)
        c->destroy(engine);
    *candidate = (struct inv_candidate){ .traits = traits };
    memcpy(candidate->config, &config, sizeof config);
    snprintf(candidate->text, sizeof candidate->text, "engine %lld with %d knobs",
             (long long)config.engine, (int)config.knobs);
}

/* ---- what is proposed ---- */

static int propose_by(const struct inv_cudnn *c, cudnnBackendDescriptor_t graph,
                      cudnnBackendHeurMode_t mode, int64_t workspace, int most,
                      struct inv_candidate *candidate)
{
    cudnnBackendDescriptor_t heuristic = NULL, result[INV_CANDIDATES] = { NULL };
    int64_t count = 0;
    int good = c->create(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristic) == 0 &&
               c->set(heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph) == 0 &&
               c->set(heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode) == 0 &&
               c->finalize(heuristic) == 0;
    for (int i = 0; good && i < most; i++)
        good = c->create(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &result[i]) == 0;
    if (!good || c->get(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                        most, &count, result) != 0)
        count = 0;
    count = count < most ? count : most;
    for (int64_t i = 0; i < count; i++)
        read_config(c, result[i], workspace, &candidate[i]);
    for (int i = 0; i < most; i++)
        if (result[i])
            c->destroy(result[i]);
    if (heuristic)
        c->destroy(heuristic);
    return (int)count;
}

int inv_cudnn_propose(const struct inv_cudnn *c, cudnnBackendDescriptor_t graph,
                      int64_t workspace, struct inv_candidate *candidate)
{
    int first = propose_by(c, graph, CUDNN_HEUR_MODE_A, workspace, INV_CANDIDATES, candidate);
    if (first == INV_CANDIDATES)
        return first;
    return first + propose_by(c, graph, CUDNN_HEUR_MODE_FALLBACK, workspace,
                              INV_CANDIDATES - first, candidate + first);
}
