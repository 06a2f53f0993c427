#include "convert/export.h"

const struct export_form export_forms[] = {
    {"onnx", ".onnx", true, export_onnx},
    {"npz", ".npz", false, export_npz},
    {"torch", "_torch.safetensors", false, export_torch},
    {"keras", ".h5", false, export_keras},
    {"c-header", "_weights.h", false, export_c_header},
    {NULL, NULL, false, NULL},
};
