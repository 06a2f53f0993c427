/* For <nccl.h> beside the emulated <cuda_runtime.h>, of which it takes no type. */
