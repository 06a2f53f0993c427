/* Trainers on CUDA devices. */
#ifndef INVAR_BUILD_CUDA_H
#define INVAR_BUILD_CUDA_H
#include "build/compile.h"

extern const struct build_kind build_cuda;

#endif
