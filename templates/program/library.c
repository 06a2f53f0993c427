/* The six functions of lib${name}: see runtime/infer/library.h. */
#include "${file}.h"
#include "infer/library.h"
#include "library-functions.h"
#include "library-weights.h"

#define API __attribute__((visibility("default")))

static const struct inv_model *const levels[] = {
${levels}
    NULL,
};

API ${symbol} *${symbol}_open(const char *weights, char *error, size_t size)
{
    return (${symbol} *)inv_library_open(levels, &inv_trained, weights, error, size);
}

API int ${symbol}_predict(${symbol} *model, int64_t rows, const void *const *input,
                          void *const *output, char *error, size_t size)
{
    return inv_library_predict((struct inv_library *)model, rows, input, output, error, size);
}

API const char *${symbol}_describe(const ${symbol} *model)
{
    return inv_library_describe((const struct inv_library *)model);
}

API const char *${symbol}_class_name(const ${symbol} *model, int output, int64_t value)
{
    return inv_library_class_name((const struct inv_library *)model, output, value);
}

API const char *${symbol}_version(void)
{
    return "${compiler} ${model} ${sha256}";
}

API void ${symbol}_close(${symbol} *model)
{
    inv_library_close((struct inv_library *)model);
}
