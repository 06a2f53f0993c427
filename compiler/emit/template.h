/* Texts with holes: substitution and one form of repetition, no logic.
 *
 *   ${key}           the value of key; a line that is only a value which is empty vanishes
 *   $${              ${ itself
 *   @each key        the lines up to @end, once for each item of the list `key`; a value is
 *   ...              looked up in the item first, then around it
 *   @end
 */
#ifndef INVAR_TEMPLATE_H
#define INVAR_TEMPLATE_H
#include "base/text.h"

struct values;

struct values *values_new(struct arena *);
struct arena *values_arena(const struct values *);
/* Of several values of a key the last one counts. */
void values_set(struct values *, const char *key, const char *value);
void values_printf(struct values *, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends an item to the list `key` and returns it. */
struct values *values_add_item(struct values *, const char *key);

/* Renders the embedded file of that path.  A key without a value is a bug (exits). */
void template_render(const char *path, const struct values *, struct text *out);
/* The same for a text at hand; `name` is for messages. */
void template_render_text(const char *name, const char *text, const struct values *,
                          struct text *out);

#endif
