#include "convert/onnx.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/output.h"

enum { NESTED = 64, AMPLIFIED = 32 };
static const size_t least_memory = (size_t)64 << 20;

const char *onnx_type_name(struct arena *arena, int type)
{
    static const char *const name[] = {
        "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string",
        "bool", "float16", "double", "uint32", "uint64", "complex64", "complex128", "bfloat16",
        "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4",
        "float4e2m1", "float8e8m0", "uint2", "int2"};
    if (type >= 0 && type < (int)(sizeof name / sizeof *name))
        return name[type];
    return arena_printf(arena, "of type number %d", type);
}

/* ---- nesting: what unpacks a message calls itself for each one in it ---- */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* True also of what is damaged: unpacking finds that out. */
static bool nests_within(const ProtobufCMessageDescriptor *d, const uint8_t *at, const uint8_t *end,
                         int levels)
{
    uint64_t tag, n;
    while (read_varint(&at, end, &tag)) {
        uint64_t skip = (tag & 7) == 1 ? 8 : (tag & 7) == 5 ? 4 : 0;
        if ((tag & 7) == 0 && !read_varint(&at, end, &n))
            return true;
        if ((tag & 7) == 2) {
            if (!read_varint(&at, end, &skip) || skip > (uint64_t)(end - at))
                return true;
            const ProtobufCFieldDescriptor *f =
                protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
            bool message = f && f->type == PROTOBUF_C_TYPE_MESSAGE;
            if (message && (levels == 0 || !nests_within(f->descriptor, at, at + skip, levels - 1)))
                return false;
        }
        if (skip > (uint64_t)(end - at))
            return true;
        at += skip;
    }
    return true;
}

/* ---- memory: few bytes may stand for large structures ---- */
struct budget { struct arena *arena; size_t left; };

static void *take(void *data, size_t size)
{
    struct budget *budget = data;
    if (size > budget->left)
        return NULL;
    budget->left -= size;
    return arena_alloc(budget->arena, size ? size : 1);
}

static void leave(void *data, void *memory)
{
    (void)data;
    (void)memory;                       /* goes with the arena */
}

/* ---- files ---- */
static unsigned char *read_part(struct arena *arena, FILE *file, uint64_t size)
{
    unsigned char *bytes = arena_alloc(arena, (size_t)size + 1);
    return fread(bytes, 1, (size_t)size, file) == size ? bytes : NULL;
}

/* The open file and its size; NULL after an error. */
static FILE *open_regular(const char *path, uint64_t *size, struct inv_errors *errors)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        inv_error(errors, "%s: cannot read it: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        inv_error(errors, "%s: this is no regular file; name the file of the model", path);
    } else {
        *size = (uint64_t)status.st_size;
        return fdopen(descriptor, "rb");
    }
    if (descriptor >= 0)
        close(descriptor);
    return NULL;
}

ProtobufCMessage *onnx_read(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                            const char *path, struct inv_errors *errors)
{
    uint64_t size;
    FILE *file = open_regular(path, &size, errors);
    if (!file)
        return NULL;
    unsigned char *bytes = size <= INT_MAX ? read_part(arena, file, size) : NULL;
    fclose(file);
    if (!bytes) {
        inv_error(errors, "%s: %s", path, size > INT_MAX
                  ? "over 2 GB, which no ONNX file is; large weights belong into external data"
                  : "it ends before its size; copy it again");
        return NULL;
    }
    if (!nests_within(descriptor, bytes, bytes + size, NESTED)) {
        inv_error(errors, "%s: its messages nest more than %d deep; no model needs that", path,
                  NESTED);
        return NULL;
    }
    struct budget budget = {.arena = arena, .left = least_memory + AMPLIFIED * (size_t)size};
    ProtobufCAllocator allocator = {.alloc = take, .free = leave, .allocator_data = &budget};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &allocator, (size_t)size, bytes);
    if (!message)
        inv_error(errors, "%s: this is no ONNX file, or it is damaged; export or copy it again",
                  path);
    return message;
}

int onnx_write(struct arena *arena, const ProtobufCMessage *message, const char *path,
               struct inv_errors *errors)
{
    struct inv_output out;
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size > INT_MAX) {
        inv_error(errors, "%s: the model has over 2 GB, which no ONNX file can hold", path);
        return 0;
    }
    uint8_t *bytes = arena_alloc(arena, size + 1);
    protobuf_c_message_pack(message, bytes);
    if (!inv_output_open(&out, path, errors))
        return 0;
    inv_output_write(&out, bytes, size);
    return inv_output_close(&out, NULL);
}

/* ---- external data ---- */

/* Whether the location names a file in the folder or below, by its text. */
static bool stays_below(const char *location)
{
    if (!*location || *location == '/' || strchr(location, '\\'))
        return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (!strncmp(part, "..", 2) && (part[2] == '/' || !part[2]))
            return false;
    }
    return true;
}

/* The path without symbolic links of `location` beside `path`, or NULL where it leads out. */
static const char *place_below(struct arena *arena, const char *path, const char *location)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path + 1)) : "./";
    char *real_folder = realpath(folder, NULL);
    char *real = realpath(arena_printf(arena, "%s%s", folder, location), NULL);
    size_t n = real_folder ? strlen(real_folder) : 0;
    bool below = real && n && !strncmp(real, real_folder, n) && (real[n] == '/' || n == 1);
    const char *result = below ? arena_strdup(arena, real) : NULL;
    bool there = real != NULL;
    free(real);
    free(real_folder);
    return result || there ? result : arena_printf(arena, "%s%s", folder, location);
}

const unsigned char *onnx_read_external(struct arena *arena, const char *path, const char *location,
                                        uint64_t offset, uint64_t length, struct inv_errors *errors)
{
    const char *place = stays_below(location) ? place_below(arena, path, location) : NULL;
    if (!place) {
        inv_error(errors, "%s: external data '%s' lies outside of the model's folder; put the file "
                  "beside the model", path, location);
        return NULL;
    }
    uint64_t size;
    FILE *file = open_regular(place, &size, errors);
    if (!file)
        return NULL;
    const unsigned char *bytes = NULL;
    if (offset <= size && length <= size - offset && fseeko(file, (off_t)offset, SEEK_SET) == 0)
        bytes = read_part(arena, file, length);
    fclose(file);
    if (!bytes)
        inv_error(errors, "%s: external data '%s' ends before byte %llu; copy the file again", path,
                  location, (unsigned long long)(offset + length));
    return bytes;
}
