/* Beside the C of the operators' cases runs their CUDA source, compiled for the emulated device:
 * both must give the same bits. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "emit/emit.h"
#include "generated.h"

static void *library;
static void (*run_on_device)(const struct inv_model *, const struct inv_run *);

static bool write_text(const char *directory, const char *name, const char *suffix,
                       const char *text, const char *mode)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix);
    FILE *file = fopen(path, mode);
    if (!file)
        return false;
    fputs(text, file);
    return fclose(file) == 0;
}

/* All kernels are one translation unit, each program in a namespace: headers are read once. */
static bool add(struct program *program, const char *directory)
{
    struct text files[2], header, line;
    text_init(&files[0], program->arena);
    text_init(&files[1], program->arena);
    text_init(&header, program->arena);
    text_init(&line, program->arena);
    emit_cuda(program, files);
    emit_cuda_header(program, &header);
    text_printf(&line, "namespace %s_cases {\n#include \"%s.cu\"\n}\n", program->name,
                program->name);
    return write_text(directory, program->name, ".cu", files[0].data, "wb") &&
           write_text(directory, program->name, ".h", header.data, "wb") &&
           write_text(directory, program->name, "_tables.inc", files[1].data, "wb") &&
           write_text(directory, "kernels", ".inc", line.data, "ab");
}

/* The trees' headers of operators first, so that none is read inside a namespace. */
static const char *load(const char *directory)
{
    static char command[4096], path[512];
    snprintf(command, sizeof command,
             "cd %s && { "
             "{ echo '#include \"cuda/columns.cuh\"'; echo '#include \"cuda/contract.cuh\"'; "
             "echo '#include \"cuda/rows.cuh\"'; echo '#include \"cuda/scatter.cuh\"'; "
             "for h in %s/templates/ops/*.h; do echo \"#include \\\"ops/${h##*/}\\\"\"; done; "
             "cat kernels.inc; } >kernels.cpp && "
             "for t in *_tables.inc; do cp $t tables_${t%%.inc}.c; done && "
             "printf '%%s\\n' kernels.cpp tables_*.c %s/tests/cuda/emu/*.cpp "
             "%s/tests/cuda/operators/device.cpp | xargs -P 2 -I{} sh -c 'case {} in *.cpp) "
             "c=\"${CXX:-g++} -std=c++17\" ;; *) c=\"%s -std=gnu11\" ;; esac; "
             "$c -O1 -fPIC -ffp-contract=off -fno-math-errno -fno-trapping-math -I. "
             "-I%s/tests/cuda/emu -I%s/runtime -I%s/runtime/include -I%s/templates -c {} "
             "-o beside_$(basename {}).o' && "
             "${CXX:-g++} -shared -o beside.so beside_*.o; } >beside.log 2>&1 || "
             "{ grep -m 20 error beside.log; false; }",
             directory, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR,
             getenv("CC") ? getenv("CC") : INVAR_CC, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR,
             INVAR_SOURCE_DIR, INVAR_SOURCE_DIR);
    snprintf(path, sizeof path, "%s/beside.so", directory);
    if (access(path, R_OK) != 0 && system(command) != 0)
        return "the emitted CUDA sources do not compile";
    library = dlopen(path, RTLD_NOW);
    if (!library)
        return dlerror();
    *(void **)&run_on_device = dlsym(library, "run_on_device");
    return run_on_device ? NULL : dlerror();
}

static void run(const struct inv_model *model, const struct inv_run *state)
{
    char symbol[128];
    snprintf(symbol, sizeof symbol, "%s_model_cuda", model->name);
    const struct inv_model *cuda = dlsym(library, symbol);
    if (cuda)
        run_on_device(cuda, state);
}

static const struct generated_beside beside = {add, load, run};

static void __attribute__((constructor)) begin(void)
{
    generated_beside = &beside;
}
