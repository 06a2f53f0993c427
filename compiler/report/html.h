/* Values of the page's templates: escaped texts, numbers, hashes. */
#ifndef INVAR_REPORT_HTML_H
#define INVAR_REPORT_HTML_H
#include <stddef.h>
#include "emit/template.h"

/* The text with <, >, &, " and ' as entities, and control characters as U+FFFD. */
const char *html_escape(struct arena *, const char *text);
/* A value of a template, escaped. */
void html_set(struct values *, const char *key, const char *text);
/* "1,352", "0.0224141", "3.1e-05", "nan": at most 6 digits, but whole numbers have all. */
const char *html_number(struct arena *, double);
/* 'sha256-...' of a Content-Security-Policy (CSP 3, section 2.3.1), without the quotes. */
const char *html_hash(struct arena *, const char *data, size_t size);

#endif
