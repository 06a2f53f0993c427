/* What may stand at a place: words of the statement that begins there, arguments of the call around
 * it, types, names of values, blocks and operators. */
#include <ctype.h>
#include <string.h>
#include "base/text.h"
#include "editor/view.h"
#include "editor/words.h"
#include "language/parse.h"
#include "lower/builtin.h"

/* Kinds of items as the protocol numbers them. */
enum { FUNCTION = 3, FIELD = 5, VARIABLE = 6, CLASS = 7, MODULE = 9, VALUE = 12, KEYWORD = 14,
       CONSTANT = 21, STRUCT = 22, OPERATOR = 24, TYPE = 25 };

/* What is open at the place asked about, and what stands before it. */
struct context {
    const char *item;                   /* "model", ...: in whose braces it stands; "" at the top */
    char bracket[MAX_BRACKETS];
    const char *callee[MAX_BRACKETS];   /* of each that is open; "" where nothing is called */
    int depth;
    const char *word, *before;          /* the last word, and the one before it; or "" */
    char sign;                          /* after the last word: '=', ':', '>' of "->"; or 0 */
    bool starts;                        /* a statement begins here */
    bool silent;                        /* within a comment, a text or a number */
};

/* ---- the text before the place ---- */
struct scan { struct context *c; struct arena *arena; const char *at, *end; bool line; };

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Skips what opens with `from`; silent where it reaches to the place asked about. */
static void skip_to(struct scan *s, const char *closing)
{
    for (s->at++; s->at < s->end && !strchr(closing, *s->at); s->at++)
        s->at += *s->at == '\\' && s->at + 1 < s->end && *closing == '"';
    s->c->silent = s->at >= s->end;
}

static bool is_item(const char *word)
{
    const char *item;
    for (int i = 0; (item = word_of(WORD_ITEM, i)) != NULL; i++)
        if (!strcmp(item, word))
            return true;
    return false;
}

static void scan_word(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && is_letter(*s->at))
        s->at++;
    if (s->at == s->end) {              /* it is what is being written */
        s->c->silent = isdigit((unsigned char)*from);
        s->c->starts |= s->line;
        return;
    }
    struct context *c = s->c;
    c->before = c->word;
    c->word = arena_strndup(s->arena, from, (size_t)(s->at - from));
    c->sign = 0;
    c->starts = false;
    if (s->line && from[-1] == '\n' && is_item(c->word)) {
        c->depth = 0;
        c->item = c->word;
        c->before = "";
    }
    s->line = false;
}

static void scan_sign(struct scan *s, char sign)
{
    struct context *c = s->c;
    if (strchr("([{", sign) && c->depth < MAX_BRACKETS) {
        bool declares = !strcmp(c->before, "block") || !strcmp(c->before, "model");
        c->callee[c->depth] = sign == '(' && !c->sign && !declares ? c->word : "";
        c->bracket[c->depth++] = sign;
    } else if (strchr(")]}", sign) && c->depth > 0) {
        c->depth--;
    }
    c->sign = sign;
    c->starts = strchr("{};", sign) != NULL;
    s->line = c->starts;
}

static void read_context(struct context *c, struct arena *arena, const char *text, size_t to)
{
    const char *copy = arena_printf(arena, "\n%.*s", (int)to, text);
    struct scan s = {.c = c, .arena = arena, .at = copy, .end = copy + to + 1};
    *c = (struct context){.item = "", .word = "", .before = ""};
    while (s.at < s.end) {
        char sign = *s.at;
        if (sign == '\n' || sign == '\r') {
            bool body = c->depth == 0 || c->bracket[c->depth - 1] == '{';
            s.line = body && c->sign != '=' && c->sign != '>';
            c->starts |= s.line;
            s.at++;
        } else if (sign == '#') {
            skip_to(&s, "\n\r");
        } else if (sign == '"') {
            skip_to(&s, "\"\n\r");
            s.at += s.at < s.end;
            c->sign = '"';
        } else if (is_letter(sign)) {
            scan_word(&s);
        } else {
            if (!isspace((unsigned char)sign))
                scan_sign(&s, sign);
            s.at++;
        }
    }
}

/* ---- items ---- */
struct list {
    struct inv_json_text *j;
    const struct view *view;
    const struct context *context;
    const struct names *known;          /* labels that were put */
    int before_line, before_column;
};

static void put_item(struct list *l, const char *label, int kind, const char *detail,
                     const char *insert)
{
    struct arena *arena = l->view->arena;
    if (!*label || names_find(l->known, label))
        return;
    l->known = names_add(arena, l->known, arena_strdup(arena, label), l);
    inv_json_open(l->j, NULL, '{');
    put_text(l->j, "label", label);
    inv_json_put_whole(l->j, "kind", kind);
    if (*detail)
        put_text(l->j, "detail", detail);
    if (insert)
        put_text(l->j, "insertText", insert);
    inv_json_close(l->j, '}');
}

static void put_words(struct list *l, enum word_class class, int kind)
{
    const char *word;
    for (int i = 0; (word = word_of(class, i)) != NULL; i++)
        put_item(l, word, kind, word_class_name(class), NULL);
}

static const char *builtin_signature(struct arena *arena, const char *name)
{
    struct text text;
    int count;
    const char *const *formals = builtin_formals(name, &count);
    text_init(&text, arena);
    text_printf(&text, "%s(", name);
    for (int i = 0; i < count; i++)
        text_printf(&text, "%s%s", i ? ", " : "", formals[i]);
    text_puts(&text, ")");
    return text.data;
}

static void put_builtins(struct list *l)
{
    const char *name;
    for (int i = 0; (name = builtin_name(i)) != NULL; i++)
        put_item(l, name, OPERATOR, builtin_signature(l->view->arena, name), NULL);
}

/* Declarations of a kind, in all files or those of the library alone whose path holds `file`. */
static void put_declared(struct list *l, enum ast_kind kind, int as, const char *file)
{
    const struct load *load = &l->view->load;
    for (int i = 0; i < load->count; i++) {
        const struct ast *tree = load->file[i];
        const struct source *source = diags_source(load->diags, tree->span.source);
        if (file && source->library && !strstr(source->path, file))
            continue;
        for (int k = 0; k < tree->count; k++)
            if (tree->kid[k]->kind == kind && tree->kid[k]->text)
                put_item(l, tree->kid[k]->text, as, view_head(l->view, tree->kid[k]), NULL);
    }
}

static void put_called(struct list *l)
{
    put_declared(l, AST_BLOCK, FUNCTION, NULL);
    put_declared(l, AST_OPERATOR, FUNCTION, NULL);
    put_builtins(l);
}

static void put_own(void *data, const struct ast *name)
{
    struct list *l = data;
    struct span at = name->name_span;
    if (at.line < l->before_line || (at.line == l->before_line && at.column < l->before_column))
        put_item(l, name->text, VARIABLE,
                 name->kind == AST_FORMAL ? view_head(l->view, name) : "", NULL);
}

/* What an expression may begin with. */
static void put_values(struct list *l)
{
    const struct ast *item = view_item(l->view, l->view->line);
    if (item)
        view_names(item, put_own, l);
    put_declared(l, AST_CONST, CONSTANT, NULL);
    put_called(l);
    put_words(l, WORD_VALUE, VALUE);
}

static void put_named(struct list *l, const char *callee)
{
    int count;
    const struct ast *block = view_block(l->view, callee);
    const char *const *formals = builtin_formals(callee, &count);
    struct arena *arena = l->view->arena;
    for (int i = 0; block && i < block->kid[0]->count; i++) {
        const struct ast *f = block->kid[0]->kid[i];
        put_item(l, arena_printf(arena, "%s =", f->text), FIELD, view_head(l->view, f),
                 arena_printf(arena, "%s = ", f->text));
    }
    for (int i = 0; !block && i < count; i++)
        put_item(l, arena_printf(arena, "%s =", formals[i]), FIELD, "",
                 arena_printf(arena, "%s = ", formals[i]));
}

static void put_heads(struct list *l, const char *item)
{
    static const struct { const char *item; enum word_class class; } heads[] = {
        {"model", WORD_MODEL}, {"block", WORD_BLOCK}, {"data", WORD_DATA}, {"train", WORD_TRAIN},
        {"target", WORD_TARGET}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (!strcmp(item, heads[i].item))
            put_words(l, heads[i].class, KEYWORD);
    bool body = !strcmp(item, "model") || !strcmp(item, "block");
    if (body || !strcmp(item, "data") || !strcmp(item, "train"))
        put_item(l, "if", KEYWORD, "keyword", NULL);
    if (body && view_item(l->view, l->view->line))
        view_names(view_item(l->view, l->view->line), put_own, l);
}

static void put_top(struct list *l)
{
    const struct context *c = l->context;
    bool train = !strcmp(c->item, "train"), data = !strcmp(c->item, "data");
    if (c->starts)
        put_words(l, WORD_ITEM, KEYWORD);
    else if (train && !strcmp(c->word, "on"))
        put_declared(l, AST_DATA, STRUCT, NULL);
    else if (train && !strcmp(c->word, "train"))
        put_declared(l, AST_MODEL, CLASS, NULL);
    else if (train)
        put_item(l, "on", KEYWORD, "keyword", NULL);
    else if (data && c->sign == '=')
        put_words(l, WORD_SOURCE, FUNCTION);
    else if (c->sign == '=')
        put_values(l);
}

static void put_all(struct list *l)
{
    const struct context *c = l->context;
    int inner = c->depth - 1;
    bool call = inner >= 0 && c->bracket[inner] == '(';
    if (c->silent || c->sign == '.')
        return;
    if (c->sign == ':' || c->sign == '|')
        put_words(l, WORD_TYPE, TYPE);
    else if (c->sign == '>')
        put_called(l);
    else if (inner < 0)
        put_top(l);
    else if (c->starts && !call)
        put_heads(l, c->item);
    else if (!strcmp(c->item, "train") && !c->sign && !strcmp(c->word, "optimizer"))
        put_declared(l, AST_BLOCK, FUNCTION, "optimizers");
    else {
        if (call && *c->callee[inner] && c->sign != '=')
            put_named(l, c->callee[inner]);
        put_values(l);
    }
}

void answer_completion(const struct question *question, struct arena *arena,
                       struct inv_json_text *j)
{
    struct view v;
    struct context context;
    view_open(&v, arena, question);
    size_t to = lines_offset(&v.lines, question->position);
    read_context(&context, arena, v.lines.text, to);
    struct list list = {.j = j, .view = &v, .context = &context, .before_line = v.line,
                        .before_column = v.column};
    inv_json_open(j, "result", '[');
    put_all(&list);
    inv_json_close(j, ']');
}
