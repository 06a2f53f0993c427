/* Names, numbers and places as generated C spells them. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emit_private.h"

const char *emit_name(struct emit *emit, const char *stem, int id)
{
    return arena_printf(emit->arena, "%s_%d", stem, id);
}

/* What a generated file means by these already; loop names are i to p. */
static const char *const taken[] = {
    "b", "begin", "end", "run", "auto", "break", "case", "char", "const", "continue", "default",
    "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long",
    "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch",
    "typedef", "union", "unsigned", "void", "volatile", "while", "main", "memcpy", "memset",
    "linux", "unix", "NULL", "asm", "typeof", "variable", "model", "selftest", "trace", "tile",
    "f32_at", "i32_at", "i64_at", "first", "at", "word", "total", "chunk", "element", "moment"};

static bool is_taken(const char *name)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    if (name[0] >= 'i' && name[0] <= 'p' && name[1] == '\0')
        return true;
    const char *number = strrchr(name, '_');
    return strncmp(name, "inv_", 4) == 0 || strncmp(name, "INV_", 4) == 0 || name[0] == '_' ||
           (number && isdigit((unsigned char)number[1]));
}

const char *emit_identifier(struct arena *arena, const char *path)
{
    char *name = arena_strdup(arena, path);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) || (unsigned char)*c > 127)
            *c = '_';
    if (isdigit((unsigned char)name[0]) || name[0] == '\0' || name[0] == '_')
        return arena_printf(arena, "v%s", name);
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

static void add_escaped(struct text *text, unsigned char c)
{
    if (c == '"' || c == '\\')
        text_printf(text, "\\%c", c);
    else if (c < 32 || c >= 127)
        text_printf(text, "\\%03o", c);
    else
        text_add(text, (const char *)&c, 1);
}

const char *emit_string(struct arena *arena, const char *string)
{
    if (!string)
        return "NULL";
    struct text text;
    text_init(&text, arena);
    text_puts(&text, "\"");
    for (; *string; string++)
        add_escaped(&text, (unsigned char)*string);
    text_puts(&text, "\"");
    return text.data;
}

static const char *emit_rows(struct arena *arena, int64_t count)
{
    return count == 1 ? ROWS_MARK : arena_printf(arena, "%" PRId64 " * " ROWS_MARK, count);
}

const char *emit_settle_rows(struct arena *arena, const char *text)
{
    const char *mark = strchr(text, *ROWS_PLACE);
    bool used = mark && strchr(mark, *ROWS_MARK);
    struct text out;
    text_init(&out, arena);
    for (const char *c = text; *c; c++)
        if (*c == *ROWS_MARK)
            text_puts(&out, "b");
        else if (*c != *ROWS_PLACE)
            text_add(&out, c, 1);
        else if (used)
            text_puts(&out, "    const int64_t b = run->rows;");
        else
            c += c[1] == '\n';
    return out.data;
}

const char *emit_extent(struct arena *arena, struct extent extent)
{
    if (extent.rows == 0)
        return arena_printf(arena, "%" PRId64, extent.constant);
    if (extent.constant == 0)
        return emit_rows(arena, extent.rows);
    return arena_printf(arena, "%s + %" PRId64, emit_rows(arena, extent.rows), extent.constant);
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

const char *emit_suffix(enum dtype dtype)
{
    return dtype == F32 ? "" : dtype == I64 ? "_i64" : "_i32";
}

struct extent extent_of(const struct shape *shape, int axis)
{
    int64_t dim = shape->dim[axis];
    return axis == shape->rows ? (struct extent){.rows = dim} : (struct extent){.constant = dim};
}

struct extent extent_multiply(struct extent a, struct extent b)
{
    if (a.rows != 0 && b.rows != 0) {
        fprintf(stderr, "invar: bug: an extent holds the batch's rows twice\n");
        abort();
    }
    return (struct extent){.constant = a.constant * b.constant,
                           .rows = a.rows * b.constant + a.constant * b.rows};
}

bool extent_equal(struct extent a, struct extent b)
{
    return a.constant == b.constant && a.rows == b.rows;
}

bool extent_is(struct extent extent, int64_t value)
{
    return extent.constant == value && extent.rows == 0;
}

static const struct lines *source_lines(struct emit *emit, const struct source *source)
{
    for (int i = 0; i < emit->lines_count; i++)
        if (emit->lines[i].source == source)
            return &emit->lines[i];
    struct lines lines = {.source = source};
    for (const char *at = source->text, *end; at; at = end ? end + 1 : NULL) {
        ARENA_PUSH(emit->arena, lines.line, lines.count, lines.room) = at;
        end = strchr(at, '\n');
    }
    struct lines *list = &ARENA_PUSH(emit->arena, emit->lines, emit->lines_count, emit->lines_room);
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

const char *emit_comment(struct arena *arena, const char *text)
{
    struct text out;
    text_init(&out, arena);
    text_puts(&out, "");
    for (const char *c = text; *c; c++) {
        bool mark = c > text && ((c[-1] == '*' && *c == '/') || (c[-1] == '/' && *c == '*'));
        text_puts(&out, mark ? " " : "");
        text_add(&out, (unsigned char)*c < 32 ? " " : c, 1);
    }
    return out.data;
}

const struct source *emit_source(struct emit *emit, const struct node *node, int *line)
{
    struct span span = node->call.source > 0 ? node->call : node->span;
    *line = span.line;
    return span.source > 0 ? diags_source(emit->program->diags, span.source) : NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *emit_model_line(struct emit *emit, const struct node *node)
{
    int line;
    const struct source *source = emit_source(emit, node, &line);
    if (!source)
        return "";
    const char *text = arena_printf(emit->arena, "%s:%d: %s", base_name(source->path), line,
                                    line_text(emit, source, line));
    return emit_comment(emit->arena, text);
}

const char *emit_source_line(struct emit *emit, const struct node *node)
{
    int line;
    const struct source *source = emit_source(emit, node, &line);
    return source ? line_text(emit, source, line) : "";
}

const char *emit_node_text(struct emit *emit, const struct graph *graph, const struct node *node)
{
    struct text text;
    text_init(&text, emit->arena);
    text_printf(&text, "%s %%%d", op_def(node->op)->stem, node->id);
    for (int i = 0; i < node->count; i++)
        text_printf(&text, "%s%%%d", i == 0 ? " of " : " ", node->operand[i]);
    if (node->op == OP_STORE)
        text_printf(&text, " into %s",
                    program_variable(graph->program, node->attr.variable)->path);
    text_printf(&text, " : %s", shape_print(emit->arena, node->dtype, &node->shape));
    return text.data;
}
