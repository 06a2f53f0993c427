/* ONNX files: protocol buffers, read within bounds and written whole. */
#ifndef INVAR_ONNX_H
#define INVAR_ONNX_H
#include "base/arena.h"
#include "host/errors.h"
#include "onnx.pb-c.h"

/* Numbers of the format. */
enum {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_UINT16 = 4,
    ONNX_INT16 = 5,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_STRING = 8,
    ONNX_BOOL = 9,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
    ONNX_UINT32 = 12,
    ONNX_UINT64 = 13,
    ONNX_COMPLEX64 = 14,
    ONNX_COMPLEX128 = 15,
    ONNX_BFLOAT16 = 16,
    ONNX_FLOAT8E4M3FN = 17,
    ONNX_FLOAT8E4M3FNUZ = 18,
    ONNX_FLOAT8E5M2 = 19,
    ONNX_FLOAT8E5M2FNUZ = 20,
    ONNX_UINT4 = 21,
    ONNX_INT4 = 22,
    ONNX_FLOAT4E2M1 = 23,
    ONNX_FLOAT8E8M0 = 24,
    ONNX_UINT2 = 25,
    ONNX_INT2 = 26
};
enum { ONNX_ATTRIBUTE_FLOAT = 1, ONNX_ATTRIBUTE_INT = 2, ONNX_ATTRIBUTE_STRING = 3,
       ONNX_ATTRIBUTE_TENSOR = 4, ONNX_ATTRIBUTE_INTS = 7 };
enum { ONNX_EXTERNAL = 1 };
/* What the documentation of a node begins with by which export tells import what the standard has
 * no word for: "invar: KEY = VALUE, KEY = VALUE". */
#define ONNX_SAYS "invar: "

/* "float", "int64", or the number where it has no name here. */
const char *onnx_type_name(struct arena *, int type);

/* The message of that kind in a file of 2 GB at most, whose messages nest 64 deep at most and take
 * at most 32 times the file's size in memory, and 64 MB more; NULL after an error.  It lies in the
 * arena. */
ProtobufCMessage *onnx_read(struct arena *, const ProtobufCMessageDescriptor *, const char *path,
                            struct inv_errors *);
/* Writes the message; 0 after an error. */
int onnx_write(struct arena *, const ProtobufCMessage *, const char *path, struct inv_errors *);

/* The bytes `length` from `offset` on of the file `location` beside the ONNX file `path`: external
 * data of a tensor.  Locations that lead out of the folder are refused, also by symbolic links.
 * length: at least 0, known from the tensor's shape.  NULL after an error. */
const unsigned char *onnx_read_external(struct arena *, const char *path, const char *location,
                                        uint64_t offset, uint64_t length, struct inv_errors *);

#endif
