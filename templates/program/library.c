/* The functions of lib${name}: see runtime/infer/library.h. */
#include "${file}.h"
#include "infer/library.h"
#include "library-functions.h"
@each trained
#include "library-weights.h"
@end
@each trains
#include "train/train.h"
@end

#define API __attribute__((visibility("default")))

static const struct inv_model *const levels[] = {
${levels}
    NULL,
};

API ${symbol} *${symbol}_open(const char *weights, char *error, size_t size)
{
@each trained
    return (${symbol} *)inv_library_open(levels, &inv_trained, weights, error, size);
@end
@each trains
    return (${symbol} *)inv_library_open(levels, NULL, weights, error, size);
@end
}

@each trains
API ${symbol} *${symbol}_train(const struct ${symbol}_data *data, const char *const *options,
                              int (*tell)(void *, const char *), void *state, char *error,
                              size_t size)
{
    struct inv_arrays arrays = {data->rows, data->field[0], data->names};
    return (${symbol} *)inv_library_train(levels, &arrays, options, tell, state, error, size);
}

API int ${symbol}_save(${symbol} *model, const char *weights, char *error, size_t size)
{
    return inv_library_save((struct inv_library *)model, weights, error, size);
}

API const char *${symbol}_hash(const ${symbol} *model)
{
    return inv_library_hash((const struct inv_library *)model);
}

@end
API int ${symbol}_predict(${symbol} *model, int64_t rows, const void *const *input,
                          void *const *output, char *error, size_t size)
{
    return inv_library_predict((struct inv_library *)model, rows, input, output, error, size);
}

API const char *${symbol}_describe(const ${symbol} *model)
{
@each trains
    if (!model)
        return inv_library_training(levels);
@end
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
