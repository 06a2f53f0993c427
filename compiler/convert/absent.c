/* In the place of what reads and writes ONNX, in a build without protobuf-c. */
#include <stdio.h>
#include "convert/export.h"
#include "convert/import.h"

static int refuse(const char *command)
{
    fprintf(stderr, "invar %s: this invar was built without ONNX; install protobuf-c (Debian: "
            "libprotobuf-c-dev protobuf-c-compiler) and build it again\n", command);
    return 1;
}

int export_onnx(struct program *p, const struct export_request *request)
{
    (void)p;
    (void)request;
    return refuse("export");
}

int import_onnx(const char *path, const struct import_request *request)
{
    (void)path;
    (void)request;
    return refuse("import");
}
