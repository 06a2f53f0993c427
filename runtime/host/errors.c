#include "errors.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif
#include "progress.h"

enum { PAGE = 4096, LARGE = 4 << 20 };  /* bytes; what is LARGE asks for large pages */

static void clear_line(struct inv_errors *errors)
{
#ifndef INV_LIBRARY
    if (errors->progress)
        inv_progress_clear(errors->progress);
#else
    (void)errors;
#endif
}

void inv_error(struct inv_errors *errors, const char *format, ...)
{
    if (errors->count++ >= INV_ERROR_LIMIT)
        return;
    va_list arguments;
    clear_line(errors);
    va_start(arguments, format);
    fprintf(errors->to, "%serror: ", errors->program ? errors->program : "");
    vfprintf(errors->to, format, arguments);
    fputc('\n', errors->to);
    va_end(arguments);
}

void inv_note(struct inv_errors *errors, const char *format, ...)
{
    va_list arguments;
    clear_line(errors);
    va_start(arguments, format);
    fputs("note: ", errors->to);
    vfprintf(errors->to, format, arguments);
    fputc('\n', errors->to);
    va_end(arguments);
}

int inv_errors_full(const struct inv_errors *errors)
{
    return errors->count >= INV_ERROR_LIMIT;
}

void inv_errors_close(struct inv_errors *errors)
{
    if (errors->count > INV_ERROR_LIMIT)
        fprintf(errors->to, "error: and %d more\n", errors->count - INV_ERROR_LIMIT);
    else if (errors->count == INV_ERROR_LIMIT)
        fprintf(errors->to, "error: stopped after %d errors\n", INV_ERROR_LIMIT);
}

void inv_give_up(int status, const char *format, ...)
{
    char why[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
#ifdef INV_LIBRARY
    inv_library_gives_up(status, why);
#else
    fprintf(stderr, "error: %s\n", why);
    exit(status);
#endif
}

static void die_of_memory(size_t bytes)
{
    inv_give_up(INV_BAD_DATA, "out of memory (%zu bytes wanted)", bytes);
}

/* Rows in shuffled order find few of their small pages in the processor's table of them.  Whole
 * mappings are asked for: one whose pages are of two kinds cannot grow in place. */
static void ask_for_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    /* invar-lint: allow pointer-order because whole pages are asked for */
    uintptr_t begin = (uintptr_t)memory / PAGE * PAGE;
    /* invar-lint: allow pointer-order because whole pages are asked for */
    uintptr_t end = ((uintptr_t)memory + bytes + PAGE - 1) / PAGE * PAGE;
    if (bytes >= LARGE)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* a wish: where it fails, so be it */
#else
    (void)memory, (void)bytes;
#endif
}

/* What is large is mapped by itself: it goes back to the system when it is freed, and what grows
 * keeps its pages, without a copy.  glibc would raise the threshold by large blocks that are freed.
 */
static void map_large(size_t bytes)
{
#if defined(M_MMAP_THRESHOLD) && !defined(INV_LIBRARY) /* the process is another's there */
    if (bytes >= LARGE)
        mallopt(M_MMAP_THRESHOLD, LARGE);
#else
    (void)bytes;
#endif
}

void *inv_allocate(size_t bytes)
{
    map_large(bytes);
    void *memory = calloc(bytes ? bytes : 1, 1);
    if (!memory)
        die_of_memory(bytes);
    ask_for_large_pages(memory, bytes);
    return memory;
}

void *inv_resize(void *old, size_t bytes)
{
    map_large(bytes);
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        die_of_memory(bytes);
    ask_for_large_pages(memory, bytes);
    return memory;
}

char *inv_copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(inv_allocate(bytes), text, bytes);
}

char *inv_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t bytes = (size_t)(length < 0 ? 0 : length) + 1;
    char *text = inv_allocate(bytes);
    va_start(arguments, format);
    vsnprintf(text, bytes, format, arguments);
    va_end(arguments);
    return text;
}
