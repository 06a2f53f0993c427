/* A libcudnn whose heuristics propose what STUB_A and STUB_FALLBACK say: engines apart by commas,
 * each NUMBER:NOTES:BEHAVIOURS:WORKSPACE:SPLIT:KNOBS; NOTES and BEHAVIOURS are masks of
 * enumerators, SPLIT is the value of the first of KNOBS knobs, which is split-K, or of the type
 * that STUB_KNOB says. */
#include <cudnn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
    long long number, workspace, split;
    unsigned notes, behaviours;
    int knobs;
};

struct descriptor {
    cudnnBackendDescriptorType_t type;
    cudnnBackendHeurMode_t mode;
    int finalized, has_graph;
    struct engine engine;
    int64_t knob_type, knob_value;
};

int stub_cudnn_alive;                   /* descriptors that were not destroyed */

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t *d)
{
    struct descriptor *made = calloc(1, sizeof *made);
    made->type = type;
    *d = made;
    stub_cudnn_alive++;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d)
{
    free(d);
    stub_cudnn_alive--;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t d)
{
    ((struct descriptor *)d)->finalized = 1;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void *value)
{
    struct descriptor *heuristic = d;
    (void)type;
    if (count != 1 || heuristic->type != CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
        return CUDNN_STATUS_BAD_PARAM;
    if (name == CUDNN_ATTR_ENGINEHEUR_MODE)
        memcpy(&heuristic->mode, value, sizeof heuristic->mode);
    else
        heuristic->has_graph = 1;
    return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t get_results(const struct descriptor *heuristic, int64_t most, int64_t *count,
                                 cudnnBackendDescriptor_t *result)
{
    const char *at = getenv(heuristic->mode == CUDNN_HEUR_MODE_A ? "STUB_A" : "STUB_FALLBACK");
    if (!heuristic->finalized || !heuristic->has_graph)
        return CUDNN_STATUS_NOT_INITIALIZED;
    for (*count = 0; at && *at && *count < most; (*count)++) {
        struct engine *e = &((struct descriptor *)result[*count])->engine;
        if (sscanf(at, "%lld:%x:%x:%lld:%lld:%d", &e->number, &e->notes, &e->behaviours,
                   &e->workspace, &e->split, &e->knobs) != 6)
            return CUDNN_STATUS_INTERNAL_ERROR;
        at = strchr(at, ',');
        at = at ? at + 1 : "";
    }
    return CUDNN_STATUS_SUCCESS;
}

static void list_bits(unsigned mask, int64_t *count, void *value)
{
    int32_t *list = value;
    *count = 0;
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1)
            list[(*count)++] = i;
}

/* With room for none: how many there are. */
static void get_knobs(const struct engine *e, int64_t most, int64_t *count,
                      cudnnBackendDescriptor_t *choice)
{
    const char *first = getenv("STUB_KNOB");
    *count = most == 0 || e->knobs < most ? e->knobs : most;
    for (int64_t i = 0; i < *count && most > 0; i++) {
        struct descriptor *knob = choice[i];
        knob->knob_type = i > 0 ? CUDNN_KNOB_TYPE_SWIZZLE
                          : first ? atoi(first) : CUDNN_KNOB_TYPE_SPLIT_K;
        knob->knob_value = i == 0 ? e->split : i;
    }
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const d,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t most,
                                       int64_t *count, void *value)
{
    const struct descriptor *from = d;
    const struct engine *e = &from->engine;
    (void)type;
    *count = 1;
    switch (name) {
    case CUDNN_ATTR_ENGINEHEUR_RESULTS: return get_results(from, most, count, value);
    case CUDNN_ATTR_ENGINECFG_ENGINE:
        (*(struct descriptor **)value)->engine = *e;
        break;
    case CUDNN_ATTR_ENGINECFG_KNOB_CHOICES: get_knobs(e, most, count, value); break;
    case CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE: memcpy(value, &e->workspace, 8); break;
    case CUDNN_ATTR_ENGINE_GLOBAL_INDEX: memcpy(value, &e->number, 8); break;
    case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE: list_bits(e->notes, count, value); break;
    case CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE: list_bits(e->behaviours, count, value); break;
    case CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE: memcpy(value, &from->knob_type, 4); break;
    case CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE: memcpy(value, &from->knob_value, 8); break;
    default: return CUDNN_STATUS_NOT_SUPPORTED;
    }
    return CUDNN_STATUS_SUCCESS;
}
