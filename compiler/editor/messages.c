/* Messages of the Language Server Protocol in a stream of bytes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "editor/messages.h"
#include "host/errors.h"

enum { HEADER_MAX = 4096 };             /* bytes of all header lines */

static const char length_header[] = "Content-Length:";
enum { LENGTH_HEADER = sizeof length_header - 1 };

void messages_add(struct messages *m, const char *bytes, size_t size)
{
    if (size == 0)
        return;
    if (m->from)
        memmove(m->data, m->data + m->from, m->size - m->from);
    m->size -= m->from;
    m->from = 0;
    if (m->size + size > m->room) {
        m->room = 2 * m->room > m->size + size ? 2 * m->room : m->size + size;
        m->data = inv_resize(m->data, m->room);
    }
    memcpy(m->data + m->size, bytes, size);
    m->size += size;
}

void messages_free(struct messages *m)
{
    free(m->data);
}

/* Goes on behind `skip` bytes, where a header begins; an end that may be the begin of one stays. */
static void leave_out(struct messages *m, size_t skip)
{
    size_t left = m->size - m->from;
    for (skip = skip < left ? skip : left; left - skip >= LENGTH_HEADER; skip++)
        if (!strncasecmp(m->data + m->from + skip, length_header, LENGTH_HEADER))
            break;
    m->from += skip;
}

/* The size that a line of the header tells, or -1 where it is none that can be; it stays where
 * the line tells of something else. */
static void read_line(const char *line, const char *end, long long *size)
{
    if (end - line < LENGTH_HEADER || strncasecmp(line, length_header, LENGTH_HEADER))
        return;
    const char *at = line + LENGTH_HEADER;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    long long value = at < end && isdigit((unsigned char)*at) ? 0 : -1;
    for (; at < end && isdigit((unsigned char)*at) && value >= 0; at++)
        value = value > MESSAGE_MAX ? -1 : 10 * value + (*at - '0');
    *size = at == end && value <= MESSAGE_MAX && *size == -2 ? value : -1;
}

/* The header's end behind its empty line, or NULL; lines may end in LF alone. */
static const char *read_header(const char *at, const char *end, long long *size)
{
    *size = -2;                         /* it was not told */
    while (at < end) {
        const char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return NULL;
        at = stop + 1;
        stop -= stop > line && stop[-1] == '\r';
        if (stop == line)
            return at;
        read_line(line, stop, size);
    }
    return NULL;
}

enum message messages_next(struct messages *m, const char **body, size_t *size)
{
    const char *data = m->data ? m->data + m->from : "";
    size_t left = m->size - m->from;
    long long length;
    const char *begin = read_header(data, data + (left < HEADER_MAX ? left : HEADER_MAX), &length);
    if (!begin && left < HEADER_MAX)
        return MESSAGE_NONE;
    if (!begin || length < 0) {
        *body = !begin         ? "a header without end"
                : length == -1 ? "a Content-Length that is none, is there twice or over 64 MiB"
                               : "a header without Content-Length";
        leave_out(m, begin ? (size_t)(begin - data) : 1);
        return MESSAGE_BROKEN;
    }
    if ((size_t)length > left - (size_t)(begin - data))
        return MESSAGE_NONE;
    *body = begin;
    *size = (size_t)length;
    m->from += (size_t)(begin - data) + (size_t)length;
    return MESSAGE_HERE;
}

void message_write(FILE *out, const char *body, size_t size)
{
    fprintf(out, "Content-Length: %zu\r\n\r\n", size);
    fwrite(body, 1, size, out);
    fflush(out);
}
