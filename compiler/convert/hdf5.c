/* HDF5 files: libhdf5 has had overflows, so that a child reads, with limits of memory and time and,
 * on Linux, no system calls but those that memory and the pipe to its parent need.  The parent
 * trusts nothing that comes back. */
#include "convert/hdf5.h"
#include <errno.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined __linux__ && (defined __x86_64__ || defined __aarch64__)
#define CONFINED                        /* numbers of system calls below are of these */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* Damaged files may keep libhdf5 busy for ever: seconds of processor time, and bytes for each
 * further one. */
enum { CPU_SECONDS = 5, CPU_BYTES = 10 << 20, NAME = 4096, TEXT = 64 << 20 };
#define MEMORY ((uint64_t)4 << 30)
/* What unpacked arrays may be: hostile files of a few bytes could stand for all memory. */
static uint64_t most(size_t size)
{
    uint64_t room = (uint64_t)size * 1100 + (1 << 20);
    return room < MEMORY ? room : MEMORY;
}

/* What is said of each text (T) and array (A); E is the end, F a failure, X too large. */
struct record {
    char kind;
    int rank;
    uint32_t name;                      /* bytes of the name, which follows, */
    uint64_t bytes;                     /* and of what follows it */
    int64_t dim[INV_RANK];
};

/* ---- the child ---- */
struct child { int to; uint64_t room; };

static _Noreturn void end(int to, char kind)
{
    struct record r = {.kind = kind};
    ssize_t written = write(to, &r, sizeof r);
    _exit(kind == 'E' && written == (ssize_t)sizeof r ? 0 : 1);
}

static void put(int to, const void *bytes, size_t size)
{
    const char *at = bytes;
    for (ssize_t n; size > 0; at += n, size -= (size_t)n)
        if ((n = write(to, at, size)) <= 0)
            _exit(1);
}

static void take_room(struct child *c, uint64_t bytes)
{
    if (bytes > c->room)
        end(c->to, 'X');
    c->room -= bytes;
}

static herr_t send_array(hid_t file, const char *name, struct child *c)
{
    struct record r = {.kind = 'A', .name = (uint32_t)strlen(name)};
    hsize_t dim[H5S_MAX_RANK];
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    H5T_class_t class = H5Tget_class(type);
    r.rank = H5Sget_simple_extent_ndims(space);
    if ((class == H5T_FLOAT || class == H5T_INTEGER) && r.rank >= 0 && r.rank <= INV_RANK &&
        r.name < NAME && H5Sget_simple_extent_dims(space, dim, NULL) >= 0) {
        uint64_t count = 1;
        for (int i = 0; i < r.rank; i++) {
            r.dim[i] = (int64_t)dim[i];
            if (dim[i] > INT32_MAX || __builtin_mul_overflow(count, dim[i], &count))
                end(c->to, 'X');
        }
        if (__builtin_mul_overflow(count, sizeof(float), &r.bytes))
            end(c->to, 'X');
        take_room(c, r.bytes);
        float *data = calloc(count + 1, sizeof *data);
        if (!data)
            end(c->to, 'X');
        if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
            end(c->to, 'F');
        put(c->to, &r, sizeof r);
        put(c->to, name, r.name);
        put(c->to, data, r.bytes);
        free(data);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return 0;
}

static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *data)
{
    return info->type == H5O_TYPE_DATASET && strcmp(name, ".") ? send_array(file, name, data) : 0;
}

/* One text, of fixed or variable length. */
static herr_t send_text(hid_t file, const char *name, const H5A_info_t *info, void *data)
{
    struct child *c = data;
    struct record r = {.kind = 'T', .name = (uint32_t)strlen(name)};
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    (void)info;
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1 &&
        r.name < NAME) {
        bool varies = H5Tis_variable_str(type) > 0;
        size_t size = varies ? 0 : H5Tget_size(type);
        char *text = varies ? NULL : calloc(size < TEXT ? size + 1 : 1, 1);
        if (size >= TEXT || H5Aread(attribute, type, varies ? (void *)&text : (void *)text) < 0)
            end(c->to, 'F');
        r.bytes = !text ? 0 : varies ? strlen(text) : strnlen(text, size);
        take_room(c, r.bytes);
        put(c->to, &r, sizeof r);
        put(c->to, name, r.name);
        put(c->to, text, r.bytes);
        free(text);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return 0;
}

static void limit(int what, uint64_t most_of_it)
{
    struct rlimit l = {.rlim_cur = (rlim_t)most_of_it, .rlim_max = (rlim_t)most_of_it};
    setrlimit(what, &l);
}

/* From here on: memory, the pipe, the end. */
static bool confine(uint64_t memory, uint64_t seconds)
{
    limit(RLIMIT_CPU, seconds);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow takes all addresses there are */
    limit(RLIMIT_AS, memory);
#endif
    (void)memory;
#ifdef CONFINED
#ifdef __x86_64__
    const uint32_t machine = AUDIT_ARCH_X86_64;
#else
    const uint32_t machine = AUDIT_ARCH_AARCH64;
#endif
#define ALLOW(number)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter filter[] = {
        /* Numbers of another machine's calls, which this one may have, too, mean others. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(__NR_write), ALLOW(__NR_exit_group), ALLOW(__NR_brk), ALLOW(__NR_mmap),
        ALLOW(__NR_munmap), ALLOW(__NR_mremap), ALLOW(__NR_madvise), ALLOW(__NR_mprotect),
        ALLOW(__NR_futex), ALLOW(__NR_clock_gettime), ALLOW(__NR_gettimeofday),
        /* libhdf5 wants to know that there is no file of the image's name. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOENT),
#ifdef __SANITIZE_ADDRESS__
        ALLOW(__NR_sigaltstack), ALLOW(__NR_gettid),
#endif
        ALLOW(__NR_rt_sigreturn), ALLOW(__NR_getpid), ALLOW(__NR_sched_yield),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
    return true;
#endif
}

static _Noreturn void read_file(const unsigned char *bytes, size_t size, int to)
{
    struct child c = {.to = to, .room = most(size)};
    hid_t access = -1, file = -1;
    hsize_t from = 0;
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 || H5PLset_loading_state(0) < 0 ||
        !confine(c.room + 4 * (uint64_t)size + MEMORY / 4, CPU_SECONDS + size / CPU_BYTES))
        end(to, 'F');
    access = H5Pcreate(H5P_FILE_ACCESS);
    if (H5Pset_fapl_core(access, 1 << 16, 0) < 0 ||
        H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) < 0 ||
        (file = H5Fopen("/no/such/image", H5F_ACC_RDONLY, access)) < 0 ||
        H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_NATIVE, &from, send_text, &c) < 0 ||
        H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &c) < 0)
        end(to, 'F');
    end(to, 'E');
}

/* ---- the parent ---- */
static bool get(int from, void *to, size_t size)
{
    char *at = to;
    for (ssize_t n; size > 0; at += n, size -= (size_t)n)
        while ((n = read(from, at, size)) <= 0)
            if (n == 0 || errno != EINTR)
                return false;
    return true;
}

static bool add_array(struct foreign *f, const struct record *r, const char *name,
                      const unsigned char *data)
{
    struct foreign_array a = {.name = name, .element = INV_ELEMENT_F32, .rank = r->rank};
    int64_t stride = 1;
    for (int i = r->rank - 1; i >= 0; i--) {
        a.dim[i] = r->dim[i];
        a.stride[i] = stride;
        if (r->dim[i] < 0 || __builtin_mul_overflow(stride, r->dim[i] + !r->dim[i], &stride))
            return false;
    }
    return foreign_add_dense(f, a, data, r->bytes);
}

/* What the child sends, until its end. */
static char receive(struct foreign *f, int from, uint64_t room, struct hdf5_texts *texts)
{
    struct record r = {.kind = 0};
    while (get(from, &r, sizeof r) && (r.kind == 'A' || r.kind == 'T')) {
        if (r.name >= NAME || r.bytes > room || r.rank < 0 || r.rank > INV_RANK)
            return 'F';
        room -= r.bytes;
        char *name = arena_alloc(f->arena, r.name + 1);
        unsigned char *data = arena_alloc(f->arena, r.bytes + 1);
        if (!get(from, name, r.name) || !get(from, data, r.bytes))
            return 'F';
        if (r.kind == 'A' && !add_array(f, &r, name, data))
            return 'F';
        if (r.kind == 'T')
            ARENA_PUSH(f->arena, texts->text, texts->count, texts->room) =
                (struct hdf5_text){name, (char *)data, r.bytes};
        r.kind = 0;
    }
    return r.kind ? r.kind : 'F';
}

bool foreign_hdf5(struct foreign *f, const unsigned char *bytes, size_t size,
                  struct hdf5_texts *texts)
{
    int way[2], status, before = f->errors->count;
    if (pipe(way) != 0)
        return foreign_fail(f, "cannot be read: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(way[0]);
        read_file(bytes, size, way[1]);
    }
    close(way[1]);
    char how = child < 0 ? 'F' : receive(f, way[0], most(size), texts);
    close(way[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (how == 'E')
        return true;
    if (f->errors->count > before)
        return false;
    return foreign_fail(f, how == 'X' ? "says that its arrays are too large for a file of its size"
                        : child < 0 ? "cannot be read: there is no further process"
                        : WIFSIGNALED(status) ? "is damaged: reading it was stopped"
                        : "is no HDF5 file, or it is damaged; save the model again");
}
