/* A document as one question sees it: its text, what that declares, and what it compiles to. */
#ifndef INVAR_EDITOR_VIEW_H
#define INVAR_EDITOR_VIEW_H
#include "base/json_tree.h"
#include "editor/places.h"
#include "graph/program.h"
#include "host/json_text.h"
#include "language/load.h"

/* What the compiler does with a model that was loaded; both report into its diags. */
struct editor_passes {
    bool (*lower)(struct program *, const struct load *, const char *train);
    bool (*rest)(struct program *);     /* what more there may be errors of */
};

struct document {
    char *uri, *path, *text;
    int64_t version;
    bool changed;                       /* since diagnostics were asked for */
    struct document *next;
};

/* What is asked of which document, and where in it. */
struct question {
    const struct document *document, *all; /* all: that are open */
    const struct editor_passes *passes;
    const struct load *library;         /* it alone was loaded: a process may go on from there */
    struct position position;
    bool utf8, related;                 /* the editor counts so; it knows relatedInformation */
};

struct view {
    struct arena *arena;
    const struct question *question;
    struct load load;
    struct lines lines;                 /* of the document */
    int source;                         /* of the document, in load.diags */
    int line, column;                   /* asked about */
    bool good;                          /* the texts can be read and parsed */
    struct program **program;           /* one for each `train`, as far as they were lowered */
    int programs;
};

/* Reads the document, what it includes and the library, into the arena or that of the library. */
void view_open(struct view *, struct arena *, const struct question *);
/* Lowers all that it trains, or looks through it where it is a part of models; look: or NULL. */
void view_lower(struct view *, struct query *);

/* A name of the document, and where it stands. */
struct word { const char *text; int line, column; };
/* The name at the place asked about; no text where there is none, or it is a comment's. */
struct word view_word(const struct view *);

/* What a name means there. */
struct meaning {
    const struct ast *declared;         /* a formal, a const, a block, ...; or NULL */
    struct span span;                   /* of its name */
    const char *builtin;                /* an operator; or NULL */
    int source;                         /* of an included file, which begins there; or 0 */
};
struct meaning view_meaning(const struct view *);
/* The block, or operator in C, of that name: the model's own, or the library's; or NULL. */
const struct ast *view_block(const struct view *, const char *name);
/* The top item that a line stands in, or NULL. */
const struct ast *view_item(const struct view *, int line);
/* Calls `each` for the names that the item declares for itself, in the order of the text. */
void view_names(const struct ast *item, void (*each)(void *, const struct ast *), void *);

/* "block dense(x: f32[..., n], units: int)": up to its body, on one line; of a value the line that
 * names it. */
const char *view_head(const struct view *, const struct ast *declared);
/* The comment right above it, without "#", or "". */
const char *view_comment(const struct view *, const struct ast *declared);

/* ---- answers ---- */
void put_text(struct inv_json_text *, const char *key, const char *text);
void put_position(struct inv_json_text *, const char *key, struct position);
void put_range(struct inv_json_text *, const char *key, const struct lines *, struct span);
/* A source's URI.  Files of the library are laid into the cache, so that an editor can show them;
 * NULL where that cannot be. */
const char *source_uri(const struct view *, int source);
/* That URI, and a span of the source. */
void put_location(struct inv_json_text *, const char *key, const struct view *, const char *uri,
                  struct span);

/* Each puts the value of "result". */
typedef void answer(const struct question *, struct arena *, struct inv_json_text *);
answer answer_hover, answer_definition, answer_completion, answer_formatting, answer_symbols;

/* Puts messages textDocument/publishDiagnostics. */
void diagnose(const struct question *, struct arena *, FILE *out);
/* One that has this for its only one, at the begin; "": none. */
void diagnose_as(const struct document *, const char *error, FILE *out);

#endif
