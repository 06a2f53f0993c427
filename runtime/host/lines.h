/* JSON lines as the text of a CSV file: the names of the first object are the header, each object
 * is a record on a line of its own, so that all that reads tables reads these. */
#ifndef INV_HOST_LINES_H
#define INV_HOST_LINES_H
#include "json.h"
#include "names.h"
#include "stream.h"

#define INV_ZERO_BYTE \
    "a zero byte; this is not a text file, or one in UTF-16: iconv -f utf-16 -t utf-8"

struct inv_text_buffer { char *text; size_t size, room; };

struct inv_lines {
    struct inv_stream *stream;
    char decimal;                       /* as the records are to write numbers */
    int64_t line;                       /* of the file, the one at hand, from 1 */
    struct inv_names names;             /* of columns */
    int named;                          /* they are all there */
    struct inv_text_buffer ahead, object, record; /* read before; the line; what it becomes */
    size_t ahead_used;
    struct inv_text_buffer *cell;       /* one for each name: text of the record at hand */
    int *seen;
    size_t taken;                       /* of the record, handed out */
};

/* `start`: what was read of the stream already. */
struct inv_lines *inv_lines_open(struct inv_stream *, char decimal, const char *start, size_t);
/* Up to `bytes` of the CSV text; fewer only at the end, or after an error (stream->failed). */
size_t inv_lines_read(struct inv_lines *, char *to, size_t bytes);
void inv_lines_free(struct inv_lines *);
/* Whether a text begins as an object with a name does. */
int inv_lines_begin(const char *text, size_t size);

#endif
