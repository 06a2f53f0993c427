#include "convert/export.h"

const struct export_form export_forms[] = {
    {"npz", ".npz", export_npz},
    {"torch", "_torch.safetensors", export_torch},
    {"c-header", "_weights.h", export_c_header},
    {NULL, NULL, NULL},
};
