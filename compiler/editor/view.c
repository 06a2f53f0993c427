/* A document as one question sees it. */
#include <ctype.h>
#include <string.h>
#include "base/text.h"
#include "editor/view.h"
#include "lower/builtin.h"

static void read_open(struct view *v)
{
    int count = 0;
    for (const struct document *d = v->question->all; d; d = d->next)
        count++;
    struct open_text *open = ARENA_ARRAY(v->arena, struct open_text, count + 1);
    v->load.open = open;
    for (const struct document *d = v->question->all; d; d = d->next)
        open[v->load.open_count++] = (struct open_text){.path = d->path, .text = d->text};
}

void view_open(struct view *v, struct arena *arena, const struct question *question)
{
    const struct document *document = question->document;
    *v = (struct view){.arena = arena, .question = question};
    if (question->library) {
        v->load = *question->library;
        v->arena = v->load.arena;
    } else {
        v->load = (struct load){.arena = arena, .diags = diags_new(arena)};
    }
    read_open(v);
    lines_read(&v->lines, v->arena, document->text, strlen(document->text), question->utf8);
    v->good = load_model(&v->load, document->path, NULL, 0);
    v->source = v->load.count ? v->load.file[0]->span.source : 0;
    v->line = question->position.line + 1;
    v->column = lines_column(&v->lines, question->position);
}

/* ---- lowering ---- */

/* Whether the file is no model, but what models include. */
static bool is_part(const struct ast *file)
{
    for (int i = 0; i < file->count; i++)
        if (file->kid[i]->kind == AST_MODEL || file->kid[i]->kind == AST_TRAIN ||
            file->kid[i]->kind == AST_DATA)
            return false;
    return file->count > 0;
}

static void lower_one(struct view *v, struct query *look, const char *train)
{
    struct program *program = ARENA_NEW(v->arena, struct program);
    program->arena = v->arena;
    program->diags = v->load.diags;
    program->model_path = v->question->document->path;
    program->query = look;
    program->part = is_part(v->load.file[0]);
    v->program[v->programs++] = program;
    v->good = v->question->passes->lower(program, &v->load, train);
}

void view_lower(struct view *v, struct query *look)
{
    if (!v->good)
        return;
    const struct ast *file = v->load.file[0];
    v->program = ARENA_ARRAY(v->arena, struct program *, file->count + 1);
    if (look) {
        look->source = v->source;
        look->line = v->line;
        look->column = v->column;
    }
    for (int i = 0; i < file->count && v->good; i++)
        if (file->kid[i]->kind == AST_TRAIN)
            lower_one(v, look, file->kid[i]->text);
    if (v->programs == 0)
        lower_one(v, look, NULL);
}

/* ---- names ---- */
static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether byte `to` of a line stands in its comment. */
static bool in_comment(const char *line, size_t to)
{
    bool quoted = false;
    for (size_t i = 0; i < to; i++) {
        if (!quoted && line[i] == '#')
            return true;
        if (quoted && line[i] == '\\' && i + 1 < to)
            i++;
        else if (line[i] == '"')
            quoted = !quoted;
    }
    return false;
}

struct word view_word(const struct view *v)
{
    const struct lines *l = &v->lines;
    struct word word = {.line = v->line};
    if (v->line < 1 || v->line > l->count)
        return word;
    const char *line = l->text + l->start[v->line - 1];
    size_t size = l->start[v->line] - l->start[v->line - 1], from = (size_t)v->column - 1, to;
    while (from > 0 && is_letter(line[from - 1]))
        from--;
    for (to = from; to < size && is_letter(line[to]); to++)
        ;
    if (to == from || isdigit((unsigned char)line[from]) || in_comment(line, from))
        return word;
    word.text = arena_strndup(v->arena, line + from, to - from);
    word.column = (int)from + 1;
    return word;
}

static bool span_begins(struct span s, const struct word *word)
{
    return s.line == word->line && s.column == word->column;
}

static bool span_holds(struct span s, int line, int column)
{
    bool behind = line > s.line || (line == s.line && column >= s.column);
    return behind && (line < s.last_line || (line == s.last_line && column <= s.last_column));
}

const struct ast *view_item(const struct view *v, int line)
{
    const struct ast *file = v->load.count ? v->load.file[0] : NULL, *found = NULL;
    for (int i = 0; file && i < file->count; i++)
        if (file->kid[i]->span.line <= line)
            found = file->kid[i];
    return found;
}

void view_names(const struct ast *ast, void (*each)(void *, const struct ast *), void *data)
{
    bool repeats = ast->kind == AST_STATEMENT && !strcmp(ast->text, "repeat") && ast->kid[0];
    if (ast->kind == AST_FORMAL)
        each(data, ast);
    for (int i = 0; ast->kind == AST_NAMES && i < ast->count; i++)
        each(data, ast->kid[i]);
    if (ast->kind == AST_DECLARE)
        each(data, ast->kid[0]);
    for (int i = 0; repeats && i < ast->kid[0]->count; i++)
        if (ast->kid[0]->kid[i]->kind == AST_AS)
            each(data, ast->kid[0]->kid[i]);
    for (int i = 0; i < ast->count; i++)
        if (ast->kid[i])
            view_names(ast->kid[i], each, data);
}

/* The last of a name before a place. */
struct search { const struct word *word; const struct ast *found; };

static void search_name(void *data, const struct ast *ast)
{
    struct search *s = data;
    struct span at = ast->name_span;
    bool before = at.line < s->word->line
                  || (at.line == s->word->line && at.column <= s->word->column);
    if (before && !strcmp(ast->text, s->word->text))
        s->found = ast;
}

static const struct ast *find_item(const struct ast *file, enum ast_kind kind, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (file->kid[i]->kind == kind && file->kid[i]->text && !strcmp(file->kid[i]->text, name))
            return file->kid[i];
    return NULL;
}

static const struct ast *find_anywhere(const struct view *v, enum ast_kind kind, const char *name)
{
    const struct ast *found = NULL;
    for (int i = 0; i < v->load.count && !found; i++)
        found = find_item(v->load.file[i], kind, name);
    return found;
}

const struct ast *view_block(const struct view *v, const char *name)
{
    const struct ast *found = find_anywhere(v, AST_BLOCK, name);
    return found ? found : find_anywhere(v, AST_OPERATOR, name);
}

static const struct ast *find_formal(const struct ast *block, const char *name)
{
    for (int i = 0; block && i < block->kid[0]->count; i++)
        if (!strcmp(block->kid[0]->kid[i]->text, name))
            return block->kid[0]->kid[i];
    return NULL;
}

/* The formal that NAME of NAME = ... in a call means, or NULL. */
static const struct ast *find_named(const struct view *v, const struct ast *ast,
                                    const struct word *word)
{
    const struct ast *found = NULL;
    if (ast->kind == AST_CALL && ast->kid[0]->kind == AST_NAME)
        for (int i = 0; i < ast->kid[1]->count; i++) {
            const struct ast *a = ast->kid[1]->kid[i];
            if (a->kind == AST_NAMED && span_begins(a->name_span, word))
                found = find_formal(view_block(v, ast->kid[0]->text), word->text);
        }
    for (int i = 0; i < ast->count && !found; i++)
        if (ast->kid[i])
            found = find_named(v, ast->kid[i], word);
    return found;
}

/* The source of an included file, or 0 where it was read before or cannot be. */
static int included_source(const struct view *v, const struct ast *include)
{
    const char *path = v->question->document->path, *slash = strrchr(path, '/');
    const char *other = *include->text == '/' || !slash
                            ? include->text
                            : arena_printf(v->arena, "%.*s/%s", (int)(slash - path), path,
                                           include->text);
    for (int i = 1; i < v->load.count; i++) {
        int source = v->load.file[i]->span.source;
        const struct source *s = diags_source(v->load.diags, source);
        if (!s->library && !strcmp(s->path, other))
            return source;
    }
    return 0;
}

static const struct ast *find_declared(const struct view *v, const struct ast *item,
                                       const struct word *word)
{
    struct search search = {.word = word};
    if (item && item->kind == AST_TRAIN && span_begins(item->name_span, word))
        return find_anywhere(v, AST_MODEL, word->text);
    if (item && item->kind == AST_TRAIN && span_begins(item->kid[0]->span, word))
        return find_anywhere(v, AST_DATA, word->text);
    const struct ast *found = item ? find_named(v, item, word) : NULL;
    if (item && !found)
        view_names(item, search_name, &search);
    found = found ? found : search.found;
    if (!found && item && item->text && span_begins(item->name_span, word))
        found = item;
    found = found ? found : find_anywhere(v, AST_CONST, word->text);
    return found ? found : view_block(v, word->text);
}

struct meaning view_meaning(const struct view *v)
{
    struct word word = view_word(v);
    const struct ast *item = view_item(v, v->line);
    struct meaning meaning = {0};
    if (item && item->kind == AST_INCLUDE && span_holds(item->span, v->line, v->column)) {
        meaning.source = included_source(v, item);
        return meaning;
    }
    if (!word.text)
        return meaning;
    meaning.declared = find_declared(v, item, &word);
    if (meaning.declared)
        meaning.span = meaning.declared->name_span;
    else if (builtin_exists(word.text))
        meaning.builtin = word.text;
    return meaning;
}

/* ---- what is said of a declaration ---- */
static const char *source_line(const struct view *v, int source, int line, size_t *size)
{
    return diags_line(diags_source(v->load.diags, source), line, size);
}

const char *view_head(const struct view *v, const struct ast *d)
{
    const struct span *s = &d->span;
    bool statement = d->kind == AST_NAME || d->kind == AST_AS;
    struct text head;
    text_init(&head, v->arena);
    text_puts(&head, "");
    for (int line = s->line; line <= s->last_line; line++) {
        size_t size, from = line == s->line && !statement ? (size_t)s->column - 1 : 0;
        const char *text = source_line(v, s->source, line, &size);
        if (line == s->last_line && (size_t)s->last_column < size && !statement)
            size = (size_t)s->last_column;
        while (from < size && (line > s->line || statement) && strchr(" \t", text[from]))
            from++;
        for (; from < size && text[from] != '#'; from++) {
            if (text[from] == '{')
                size = from, line = s->last_line;
            else
                text_add(&head, text + from, 1);
        }
        if (line < s->last_line)
            text_puts(&head, " ");
    }
    while (head.size && strchr(" \t", head.data[head.size - 1]))
        head.data[--head.size] = 0;
    return head.data;
}

const char *view_comment(const struct view *v, const struct ast *d)
{
    struct text comment;
    size_t size;
    int first = d->span.line;
    text_init(&comment, v->arena);
    text_puts(&comment, "");
    for (const char *text; first > 1; first--) {
        text = source_line(v, d->span.source, first - 1, &size);
        if (size == 0 || *text != '#')
            break;
    }
    for (int line = first; line < d->span.line; line++) {
        const char *text = source_line(v, d->span.source, line, &size);
        size_t from = size > 1 && text[1] == ' ' ? 2 : 1;
        text_add(&comment, text + from, size - from);
        text_puts(&comment, "\n");
    }
    return comment.data;
}
