/* Names, numbers and places as generated C spells them. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emit/target.h"
#include "emit/text.h"

/* Where the lines of a source begin. */
struct lines {
    const struct source *source;
    const char **line;
    int count, room;
    const char **comment;               /* of each line: what emit_model_line gave, or NULL */
    int *traced;                        /* of each line: 1 + its row among the trace lines, or 0 */
};

const char *emit_name(struct emit *emit, const char *stem, int id)
{
    return arena_printf(emit->arena, "%s_%d", stem, id);
}

/* Words of C, C++ and CUDA, what compilers define as macros, and names of their headers that no
 * ending gives away. */
static const char *const reserved[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char8_t", "class", "co_await", "co_return", "co_yield", "compl",
    "complex", "concept", "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
    "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "errno",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "imaginary",
    "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "noreturn", "not", "not_eq",
    "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register",
    "reinterpret_cast", "requires", "restrict", "return", "short", "signed", "sizeof", "static",
    "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local", "throw",
    "true", "try", "typedef", "typeid", "typename", "typeof", "typeof_unqual", "union", "unsigned",
    "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    "arm", "far", "hppa", "i386", "interface", "linux", "m68k", "mips", "near", "pascal", "powerpc",
    "sparc", "sun", "unix", "vax", "PPC",
    "memchr", "memcmp", "memcpy", "memmove", "memset", "offsetof", "stderr", "stdin", "stdout",
    "blockDim", "blockIdx", "dim3", "gridDim", "threadIdx", "warpSize",
    "BUFSIZ", "CHAR_BIT", "CLOCKS_PER_SEC", "EOF", "EXIT_FAILURE", "EXIT_SUCCESS", "HUGE_VAL",
    "HUGE_VALF", "HUGE_VALL", "I", "INFINITY", "NAN", "NULL", "FALSE", "TRUE", "INV", "inv"};

/* What a function means by these already; loop names are i to p, and ninth. */
static const char *const taken[] = {
    "b", "begin", "end", "run", "main", "variable", "model", "selftest", "trace", "tile", "f32_at",
    "i32_at", "i64_at", "first", "last", "at", "word", "total", "chunk", "element", "moment",
    "own", "draw", "draws", "edge", "index", "part", "parts", "quad", "rows", "skip", "strip",
    "value", "workspace", "INDEPENDENT", "ROLLED", "ninth", "finish", "later", "r", "of_band",
    "f32_of_band", "i32_of_band"};

static bool is_listed(const char *const *list, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == size && memcmp(list[i], name, size) == 0)
            return true;
    return false;
}

static bool ends_in(const char *name, size_t size, const char *end)
{
    return size >= strlen(end) && memcmp(name + size - strlen(end), end, strlen(end)) == 0;
}

/* The name without the underscores at its end: a safe name is one underscore longer, and no two
 * names become one. */
static size_t stem_size(const char *name)
{
    size_t size = strlen(name);
    while (size > 0 && name[size - 1] == '_')
        size--;
    return size;
}

static bool is_reserved(const char *name)
{
    static const char *const start[] = {"inv_", "INV_", "FLT_", "DBL_", "LDBL_", "SIG_", "SEEK_"};
    size_t size = stem_size(name);
    for (size_t i = 0; i < sizeof start / sizeof *start; i++)
        if (strncmp(name, start[i], strlen(start[i])) == 0)
            return true;
    return is_listed(reserved, sizeof reserved / sizeof *reserved, name, size) ||
           ends_in(name, size, "_t") || ends_in(name, size, "_MAX") ||
           ends_in(name, size, "_MIN");
}

static bool is_taken(const char *name)
{
    size_t size = stem_size(name);
    if (size == 1 && name[0] >= 'i' && name[0] <= 'p')
        return true;
    const char *number = strrchr(name, '_');
    return is_listed(taken, sizeof taken / sizeof *taken, name, size) || is_reserved(name) ||
           (number && isdigit((unsigned char)number[1]));
}

/* The path with underscores for what C lets no name hold. */
static char *spell(struct arena *arena, const char *path)
{
    char *name = arena_strdup(arena, path);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) || (unsigned char)*c > 127)
            *c = '_';
    if (isdigit((unsigned char)name[0]) || name[0] == '\0' || name[0] == '_')
        return arena_printf(arena, "v%s", name);
    return name;
}

const char *emit_symbol(struct arena *arena, const char *path)
{
    const char *name = spell(arena, path);
    return is_reserved(name) ? arena_printf(arena, "%s_", name) : name;
}

const char *emit_identifier(struct arena *arena, const char *path)
{
    const char *name = spell(arena, path);
    return is_taken(name) ? arena_printf(arena, "%s_", name) : name;
}

const char *emit_float(struct arena *arena, float value)
{
    if (isnan(value))
        return "INV_NAN";
    if (isinf(value))
        return value > 0 ? "INV_INFINITY" : "-INV_INFINITY";
    char text[64];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    bool whole = !strpbrk(text, ".e");
    return arena_printf(arena, "%s%sf", text, whole ? ".0" : "");
}

/* May the character stand in a string as it is, after the one before?  Two question marks would
 * begin a trigraph. */
static bool stands_in_string(unsigned char c, char before)
{
    return c >= 32 && c < 127 && c != '"' && c != '\\' && (c != '?' || before != '?');
}

static void add_escaped(struct text *text, unsigned char c)
{
    if (c == '"' || c == '\\' || c == '?')
        text_printf(text, "\\%c", c);
    else
        text_printf(text, "\\%03o", c);
}

const char *emit_string(struct arena *arena, const char *string)
{
    if (!string)
        return "NULL";
    struct text text;
    text_init(&text, arena);
    text_puts(&text, "\"");
    for (const char *at = string, *next = string; *at; at = next) {
        while (stands_in_string((unsigned char)*next, next > string ? next[-1] : ' '))
            next++;
        text_add(&text, at, (size_t)(next - at));
        if (next == at)
            add_escaped(&text, (unsigned char)*next++);
    }
    text_puts(&text, "\"");
    return text.data;
}

static const char *emit_rows(struct arena *arena, int64_t count)
{
    return count == 1 ? "b" : arena_printf(arena, "%" PRId64 " * b", count);
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool emit_names_rows(const char *code)
{
    for (const char *c = code; *c; c++) {
        const char *end = c[0] == '/' && c[1] == '*' ? strstr(c + 2, "*/") : NULL;
        if (end)
            c = end + 1;
        else if (*c == 'b' && !is_of_name(c[1]) && (c == code || !is_of_name(c[-1])))
            return true;
    }
    return false;
}

const char *emit_extent(struct arena *arena, struct extent extent)
{
    if (extent.rows == 0)
        return arena_printf(arena, "%" PRId64, extent.constant);
    if (extent.constant == 0)
        return emit_rows(arena, extent.rows);
    return arena_printf(arena, "%s + %" PRId64, emit_rows(arena, extent.rows), extent.constant);
}

void emit_add_pair(struct text *text, struct extent extent)
{
    text_puts(text, "{");
    text_int(text, extent.constant);
    text_puts(text, ", ");
    text_int(text, extent.rows);
    text_puts(text, "}");
}

void emit_add_offset(struct emit *emit, struct text *text, const struct place *place)
{
    text_int(text, emit->target->in_piece ? emit->target->in_piece(emit, place->offset)
                                          : place->offset);
    for (int depth = 0; emit->target->loop_lines && depth < LOOPS_DEEP; depth++)
        if (!extent_is(place->advance[depth], 0))
            text_printf(text, " + index%d * (%s)", depth,
                        emit_extent(emit->arena, place->advance[depth]));
}

const char *emit_offset(struct emit *emit, const struct place *place)
{
    struct text text;
    text_init(&text, emit->arena);
    emit_add_offset(emit, &text, place);
    return text.data;
}

void emit_term(struct text *text, struct extent stride, const char *name)
{
    if (extent_is(stride, 0))
        return;
    if (text->size > 0)
        text_puts(text, " + ");
    const char *factor = emit_extent(text->arena, stride);
    if (extent_is(stride, 1))
        text_puts(text, name);
    else if (stride.constant != 0 && stride.rows != 0)
        text_printf(text, "(%s) * %s", factor, name);
    else
        text_printf(text, "%s * %s", factor, name);
}

const char *emit_ctype(enum dtype dtype)
{
    return dtype == F32 ? "float" : dtype == I64 ? "int64_t" : "int32_t";
}

const char *emit_storage(enum dtype dtype)
{
    return dtype == F32 ? "f32" : dtype == I64 ? "i64" : "i32";
}

const char *emit_suffix(enum dtype dtype)
{
    return dtype == F32 ? "" : dtype == I64 ? "_i64" : "_i32";
}

static struct lines *source_lines(struct emit *emit, const struct source *source)
{
    for (int i = 0; i < emit->lines_count; i++)
        if (emit->lines[i].source == source)
            return &emit->lines[i];
    struct lines lines = {.source = source};
    for (const char *at = source->text, *end; at; at = end ? end + 1 : NULL) {
        ARENA_PUSH(emit->program->arena, lines.line, lines.count, lines.room) = at;
        end = strchr(at, '\n');
    }
    lines.comment = ARENA_ARRAY(emit->program->arena, const char *, lines.count + 1);
    lines.traced = ARENA_ARRAY(emit->program->arena, int, lines.count + 1);
    struct lines *list = &ARENA_PUSH(emit->program->arena, emit->lines, emit->lines_count,
                                     emit->lines_room);
    *list = lines;
    return list;
}

static const char *line_text(struct emit *emit, const struct source *source, int line)
{
    const struct lines *lines = source_lines(emit, source);
    if (line < 1 || line > lines->count)
        return "";
    const char *begin = lines->line[line - 1];
    while (*begin == ' ' || *begin == '\t')
        begin++;
    size_t size = strcspn(begin, "\r\n");
    const char *comment = memchr(begin, '#', size);
    if (comment && !memchr(begin, '"', size))
        size = (size_t)(comment - begin);
    while (size > 0 && (begin[size - 1] == ' ' || begin[size - 1] == '\t'))
        size--;
    return arena_strndup(emit->arena, begin, size);
}

/* Bytes of the character at hand that may stand in any text: printable, in UTF-8, and nothing that
 * turns the direction of what follows; 0 where it may not. */
static int plain_bytes(const unsigned char *c)
{
    int more = c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 1 : c[0] < 0xf0 ? 2 : c[0] < 0xf5 ? 3 : -1;
    if (c[0] < 128)
        return c[0] >= 32 && c[0] < 127;
    if (more <= 0)
        return 0;
    uint32_t code = c[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3fu);
    }
    bool turns = (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                 (code >= 0x2066 && code <= 0x2069) || code < 0xa0 || code == 0x61c;
    bool none = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000) ||
                (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
    return turns || none ? 0 : more + 1;
}

/* Do the character and the one before it begin or end a comment? */
static bool is_mark(const char *c)
{
    return (c[-1] == '*' && *c == '/') || (c[-1] == '/' && *c == '*');
}

const char *emit_line(struct arena *arena, const char *text)
{
    struct text out;
    text_init(&out, arena);
    text_puts(&out, "");
    for (const char *at = text; *at;) {
        const char *next = at;
        for (int bytes; (bytes = plain_bytes((const unsigned char *)next)) > 0;)
            next += bytes;
        text_add(&out, at, (size_t)(next - at));
        if (*next)
            text_puts(&out, (unsigned char)*next <= 32 ? " " : "?");
        at = next + (*next != '\0');
    }
    return out.data;
}

const char *emit_comment(struct arena *arena, const char *text)
{
    struct text out;
    const char *line = emit_line(arena, text);
    text_init(&out, arena);
    text_puts(&out, "");
    for (const char *next; *line; line = next) {
        for (next = line + 1; *next && !is_mark(next); next++)
            continue;
        text_add(&out, line, (size_t)(next - line));
        text_puts(&out, *next ? " " : "");
    }
    return out.data;
}

const char *emit_code(struct arena *arena, const char *text)
{
    char *code = arena_strdup(arena, emit_line(arena, text));
    for (char *c = code; *c; c++)
        *c = *c == '`' ? '\'' : *c;
    return code;
}

/* Where the user wrote the node; NULL where it is nowhere. */
static const struct source *source_of(struct emit *emit, const struct node *node, int *line)
{
    struct span span = node->call.source > 0 ? node->call : node->span;
    *line = span.line;
    return span.source > 0 ? diags_source(emit->program->diags, span.source) : NULL;
}

/* A model's line may be long; comments have its beginning. */
enum { LINE_SHOWN = 80 };

static const char *shorten(struct arena *arena, const char *line)
{
    size_t size = LINE_SHOWN;
    if (strlen(line) <= LINE_SHOWN + 3)
        return line;
    while (size > 0 && ((unsigned char)line[size] & 0xc0) == 0x80)
        size--;
    return arena_printf(arena, "%.*s...", (int)size, line);
}

const char *emit_model_line(struct emit *emit, const struct node *node)
{
    int line;
    const struct source *source = source_of(emit, node, &line);
    struct arena *arena = emit->program->arena;
    if (!source)
        return "";
    const struct lines *lines = source_lines(emit, source);
    bool known = line >= 1 && line <= lines->count;
    if (known && lines->comment[line - 1])
        return lines->comment[line - 1];
    const char *text = arena_printf(arena, "%s:%d: %s", text_base_name(source->path), line,
                                    shorten(arena, line_text(emit, source, line)));
    text = emit_comment(arena, text);
    if (known)
        lines->comment[line - 1] = text;
    return text;
}

int emit_trace_line(struct emit *emit, const struct node *node)
{
    int line, nowhere = 0;
    const struct source *source = source_of(emit, node, &line);
    struct lines *lines = source ? source_lines(emit, source) : NULL;
    int *row = lines && line >= 1 && line <= lines->count ? &lines->traced[line - 1] : &nowhere;
    if (*row > 0)
        return *row - 1;
    const char *path = !source           ? ""
                       : source->library ? source->path
                                         : program_file(emit->program, source->path);
    text_printf(&emit->trace_lines, "    {%s, %d, %s},\n", emit_string(emit->scratch, path),
                source ? line : 0,
                emit_string(emit->scratch, source ? line_text(emit, source, line) : ""));
    *row = ++emit->trace_line_count;
    return *row - 1;
}
