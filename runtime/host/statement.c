#include "statement.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "decimal.h"
#include "digest.h"
#include "whole.h"

enum { FILE_MAX = 1 << 26, PATH_ROOM = 160 }; /* bytes */

#define BUILD "/predicate/buildDefinition"
#define PARAMETERS BUILD "/externalParameters"
#define RUN "/predicate/runDetails"
#define INPUTS BUILD "/resolvedDependencies"
#define CHAIN RUN "/byproducts/0"
#define MARKS CHAIN "/annotations/marks"
#define METRICS RUN "/byproducts/1"

static const char cure[] = "it is no receipt of this version of Invar, or was changed";

/* TEXT: not empty; DIGEST: 64 hex digits; COUNT: 1 to 2^31 - 1, WHOLE: from 0; SEED: a text of
 * digits; LINKS: hex digits; TIME: of a day in UTC. */
enum form { TEXT, DIGEST, COUNT, WHOLE, SEED, LINKS, TIME };

/* What all receipts have. */
static const struct { const char *path, *text; } ones[] = {
    { "/_type", INV_STATEMENT_TYPE },
    { "/predicateType", INV_RECEIPT_PREDICATE },
    { BUILD "/buildType", INV_RECEIPT_BUILD },
    { CHAIN "/annotations/format", INV_CHAIN_FORMAT },
    { RUN "/builder/id", INV_RECEIPT_BUILDER },
    { CHAIN "/name", "chain" },
    { METRICS "/name", "metrics" },
    { METRICS "/uri", INV_RECEIPT_METRICS },
};

struct field {
    const char *path;
    enum form form;
    int optional;
    size_t place;                       /* in struct inv_statement */
};

#define AT(member) offsetof(struct inv_statement, member)
static const struct field fields[] = {
    { "/subject/0/name", TEXT, 0, AT(weights) },
    { "/subject/0/digest/sha256", DIGEST, 0, AT(sha256) },
    { PARAMETERS "/model", TEXT, 0, AT(model) },
    { PARAMETERS "/train", TEXT, 0, AT(train) },
    { PARAMETERS "/target", TEXT, 0, AT(target) },
    { PARAMETERS "/kernels", TEXT, 0, AT(kernels) },
    { PARAMETERS "/seed", SEED, 0, AT(seed) },
    { PARAMETERS "/epochs", COUNT, 1, AT(epochs) },
    { PARAMETERS "/steps", COUNT, 1, AT(steps) },
    { PARAMETERS "/onNan", TEXT, 0, AT(on_nan) },
    { PARAMETERS "/data", TEXT, 1, AT(data) },
    { PARAMETERS "/init", TEXT, 1, AT(init) },
    { PARAMETERS "/receiptEvery", COUNT, 1, AT(receipt_every) },
    { BUILD "/internalParameters/numerics", COUNT, 0, AT(numerics) },
    { BUILD "/resolvedDependencies/0/digest/invarModel", DIGEST, 0, AT(model_sha256) },
    { CHAIN "/digest/sha256", DIGEST, 0, AT(last) },
    { CHAIN "/annotations/start", DIGEST, 0, AT(start) },
    { CHAIN "/annotations/steps", COUNT, 0, AT(done) },
    { CHAIN "/annotations/skipped", WHOLE, 0, AT(skipped) },
    { CHAIN "/annotations/every", COUNT, 0, AT(every) },
    { CHAIN "/annotations/links", LINKS, 0, AT(links) },
    { RUN "/metadata/startedOn", TIME, 0, AT(started) },
    { RUN "/metadata/finishedOn", TIME, 0, AT(finished) },
};
enum { ONES = sizeof ones / sizeof ones[0], FIELDS = sizeof fields / sizeof fields[0] };

struct reader {
    struct inv_statement *said;
    struct inv_errors *errors;
};

static int fail(struct reader *r, const char *path, const char *what)
{
    inv_error(r->errors, "%s: %s: %s; %s", r->said->path, *path ? path + 1 : "the receipt", what,
              cure);
    return 0;
}

static int is_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdef")] == 0;
}

static const char *const wanted[] = {
    [TEXT] = "a text expected", [DIGEST] = "64 hexadecimal digits expected, a to f small",
    [COUNT] = "a whole number from 1 to 2147483647 expected",
    [WHOLE] = "a whole number from 0 to 2147483647 expected",
    [SEED] = "a text of decimal digits up to 18446744073709551615 expected",
    [LINKS] = "a text of hexadecimal digits expected, 8 for a link",
    [TIME] = "a time such as 2026-01-31T12:00:00Z expected",
};

/* The number that the digits say, at most `most`; 0 where it is something else. */
static int read_digits(const char *text, uint64_t most, uint64_t *number)
{
    return inv_decimal_whole(&text, most, number) && !*text;
}

static int is_time(const char *text)
{
    static const char like[] = "0000-00-00T00:00:00Z";
    size_t i = 0;
    while (like[i] && (like[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == like[i]))
        i++;
    return !like[i] && !text[i];
}

static int is_text(enum form form, const char *text)
{
    switch (form) {
    case DIGEST: return strlen(text) == 64 && is_hex(text);
    case LINKS: return strlen(text) % 8 == 0 && is_hex(text);
    case TIME: return is_time(text);
    default: return *text != 0;
    }
}

static int take_text(enum form form, const struct inv_json_value *value, void *place)
{
    const char *text = value->text;
    if (value->kind != INV_JSON_TEXT)
        return 0;
    if (form == SEED)
        return read_digits(text, UINT64_MAX, place);
    if (!is_text(form, text))
        return 0;
    memcpy(place, &text, sizeof text);
    return 1;
}

static int take_number(enum form form, const struct inv_json_value *value, void *place)
{
    uint64_t number;
    if (value->kind != INV_JSON_NUMBER || !read_digits(value->text, INT32_MAX, &number) ||
        (form == COUNT && number == 0))
        return 0;
    memcpy(place, &number, sizeof number);
    return 1;
}

static int read_at(struct reader *r, const char *path, enum form form, int optional, void *place)
{
    const struct inv_json_value *value = inv_json_list_find(&r->said->list, path);
    if (!value)
        return optional || fail(r, path, "it is missing");
    int number = form == COUNT || form == WHOLE;
    return (number ? take_number : take_text)(form, value, place) || fail(r, path, wanted[form]);
}

/* ---- lists ---- */

/* The items of a list at that path. */
static int count_items(const struct reader *r, const char *path)
{
    char item[PATH_ROOM];
    int count = 0;
    do
        snprintf(item, sizeof item, "%s/%d", path, count);
    while (inv_json_list_find(&r->said->list, item) && ++count);
    return count;
}

static int read_defines(struct reader *r)
{
    struct inv_statement *said = r->said;
    char path[PATH_ROOM];
    said->defines = count_items(r, PARAMETERS "/define");
    said->define = inv_allocate((size_t)(said->defines + 1) * sizeof *said->define);
    for (int i = 0; i < said->defines; i++) {
        snprintf(path, sizeof path, PARAMETERS "/define/%d", i);
        if (!read_at(r, path, TEXT, 0, &said->define[i]))
            return 0;
    }
    return 1;
}

/* Those after the model. */
static int read_inputs(struct reader *r)
{
    static const char list[] = INPUTS;
    struct inv_statement *said = r->said;
    char path[PATH_ROOM];
    said->inputs = count_items(r, list) - 1;
    said->input = inv_allocate((size_t)(said->inputs + 1) * sizeof *said->input);
    for (int i = 0; i < said->inputs; i++) {
        struct inv_said_input *input = &said->input[i];
        snprintf(path, sizeof path, "%s/%d/name", list, i + 1);
        int good = read_at(r, path, TEXT, 0, &input->name);
        snprintf(path, sizeof path, "%s/%d/digest/sha256", list, i + 1);
        good = good && read_at(r, path, DIGEST, 0, &input->sha256);
        snprintf(path, sizeof path, "%s/%d/annotations/kind", list, i + 1);
        if (!good || !read_at(r, path, TEXT, 0, &input->kind))
            return 0;
        if (strcmp(input->kind, "data") != 0 && strcmp(input->kind, "weights") != 0)
            return fail(r, path, "data or weights expected");
    }
    return 1;
}

static int read_marks(struct reader *r)
{
    static const char list[] = MARKS;
    struct inv_statement *said = r->said;
    char path[PATH_ROOM];
    said->marks = count_items(r, list);
    said->mark = inv_allocate((size_t)(said->marks + 1) * sizeof *said->mark);
    for (int64_t i = 0; i < said->marks; i++) {
        const char *weights, *link;
        snprintf(path, sizeof path, "%s/%lld/steps", list, (long long)i);
        int good = read_at(r, path, COUNT, 0, &said->mark[i].steps);
        snprintf(path, sizeof path, "%s/%lld/weights", list, (long long)i);
        good = good && read_at(r, path, DIGEST, 0, &weights);
        snprintf(path, sizeof path, "%s/%lld/link", list, (long long)i);
        if (!good || !read_at(r, path, DIGEST, 0, &link))
            return 0;
        memcpy(said->mark[i].weights, weights, 65);
        memcpy(said->mark[i].link, link, 65);
    }
    return 1;
}

/* ---- does it agree with itself? ---- */

static int check_ones(struct reader *r)
{
    char what[PATH_ROOM];
    for (int i = 0; i < ONES; i++) {
        const struct inv_json_value *value = inv_json_list_find(&r->said->list, ones[i].path);
        snprintf(what, sizeof what, "%s expected", ones[i].text);
        if (!value)
            return fail(r, ones[i].path, "it is missing");
        if (value->kind != INV_JSON_TEXT || strcmp(value->text, ones[i].text) != 0)
            return fail(r, ones[i].path, what);
    }
    return 1;
}

/* What holds others, and what is in no other table: "#" is any number, a "*" at the end any one
 * member. */
static const struct { const char *path; enum inv_json_kind kind; } others[] = {
    { "", INV_JSON_OBJECT },
    { "/subject", INV_JSON_ARRAY },
    { "/subject/0", INV_JSON_OBJECT },
    { "/subject/0/digest", INV_JSON_OBJECT },
    { "/predicate", INV_JSON_OBJECT },
    { BUILD, INV_JSON_OBJECT },
    { PARAMETERS, INV_JSON_OBJECT },
    { PARAMETERS "/define", INV_JSON_ARRAY },
    { PARAMETERS "/define/#", INV_JSON_TEXT },
    { BUILD "/internalParameters", INV_JSON_OBJECT },
    { BUILD "/internalParameters/*", INV_JSON_TEXT },
    { BUILD "/internalParameters/threads", INV_JSON_NUMBER },
    { BUILD "/internalParameters/shardsAtOnce", INV_JSON_NUMBER },
    { INPUTS, INV_JSON_ARRAY },
    { INPUTS "/#", INV_JSON_OBJECT },
    { INPUTS "/#/name", INV_JSON_TEXT },
    { INPUTS "/#/digest", INV_JSON_OBJECT },
    { INPUTS "/#/digest/sha256", INV_JSON_TEXT },
    { INPUTS "/#/annotations", INV_JSON_OBJECT },
    { INPUTS "/#/annotations/kind", INV_JSON_TEXT },
    { RUN, INV_JSON_OBJECT },
    { RUN "/builder", INV_JSON_OBJECT },
    { RUN "/builder/version", INV_JSON_OBJECT },
    { RUN "/builder/version/*", INV_JSON_TEXT },
    { RUN "/metadata", INV_JSON_OBJECT },
    { RUN "/byproducts", INV_JSON_ARRAY },
    { CHAIN, INV_JSON_OBJECT },
    { CHAIN "/digest", INV_JSON_OBJECT },
    { CHAIN "/annotations", INV_JSON_OBJECT },
    { MARKS, INV_JSON_ARRAY },
    { MARKS "/#", INV_JSON_OBJECT },
    { MARKS "/#/steps", INV_JSON_NUMBER },
    { MARKS "/#/weights", INV_JSON_TEXT },
    { MARKS "/#/link", INV_JSON_TEXT },
    { METRICS, INV_JSON_OBJECT },
    { METRICS "/annotations", INV_JSON_OBJECT },
};
enum { OTHERS = sizeof others / sizeof others[0] };

static int is_like(const char *path, const char *like)
{
    for (; *like && *like != '*'; like++) {
        if (*like != '#') {
            if (*path++ != *like)
                return 0;
        } else {
            size_t digits = strspn(path, "0123456789");
            if (digits == 0)
                return 0;
            path += digits;
        }
    }
    return *like ? *path && !strchr(path, '/') : !*path;
}

/* Values of metrics are compared with those of the run. */
static int is_known(const struct inv_json_value *value)
{
    static const char metrics[] = INV_STATEMENT_METRICS "/";
    if (strncmp(value->path, metrics, sizeof metrics - 1) == 0)
        return 1;
    for (int i = 0; i < ONES; i++)
        if (strcmp(value->path, ones[i].path) == 0)
            return 1;
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(value->path, fields[i].path) == 0)
            return 1;
    for (int i = 0; i < OTHERS; i++)
        if (value->kind == others[i].kind && is_like(value->path, others[i].path))
            return 1;
    return 0;
}

/* What this version does not know may change the bits, or claim what nobody has compared. */
static int check_members(struct reader *r)
{
    const struct inv_json_list *list = &r->said->list;
    for (int i = 0; i < list->count; i++)
        if (!is_known(&list->value[i]))
            return fail(r, list->value[i].path, "a receipt has no such member there");
    return 1;
}

static int is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static int check_parameters(struct reader *r)
{
    const struct inv_statement *said = r->said;
    const struct inv_json_value *model = inv_json_list_find(&said->list, INPUTS "/0/name");
    const struct inv_json_value *kind = inv_json_list_find(&said->list,
                                                           INPUTS "/0/annotations/kind");
    if (!model || strcmp(model->text, said->model) != 0)
        return fail(r, INPUTS "/0/name", "the model of externalParameters expected");
    if (inv_json_list_find(&said->list, INPUTS "/0/digest/sha256"))
        return fail(r, INPUTS "/0/digest/sha256", "a model has none");
    if (!kind || strcmp(kind->text, "model") != 0)
        return fail(r, INPUTS "/0/annotations/kind", "model expected");
    if (strchr(said->weights, '/'))
        return fail(r, "/subject/0/name", "a file's name without a folder expected");
    if ((said->epochs < 0) == (said->steps < 0))
        return fail(r, PARAMETERS, "epochs or steps expected, one of them");
    return (is_one_of(said->on_nan, "stop", "skip") ||
            fail(r, PARAMETERS "/onNan", "stop or skip expected")) &&
           (is_one_of(said->target, "c", "cuda") ||
            fail(r, PARAMETERS "/target", "c or cuda expected")) &&
           (is_one_of(said->kernels, "exact", "library") ||
            fail(r, PARAMETERS "/kernels", "exact or library expected"));
}

static int check_marks(struct reader *r)
{
    static const char list[] = MARKS;
    const struct inv_statement *said = r->said;
    int64_t before = 0;
    for (int64_t i = 0; i < said->marks; i++) {
        const struct inv_mark *mark = &said->mark[i];
        if (mark->steps <= before || mark->steps > said->done)
            return fail(r, list, "its steps do not ascend to those that were done");
        before = mark->steps;
        if (mark->steps % said->every == 0 &&
            strncmp(said->links + 8 * (mark->steps / said->every - 1), mark->link, 8) != 0)
            return fail(r, list, "a link is not that of links");
    }
    if (before != said->done || strcmp(said->mark[said->marks - 1].link, said->last) != 0)
        return fail(r, list, "the last is not of the last step and link");
    return 1;
}

static int check_chain(struct reader *r)
{
    const struct inv_statement *said = r->said;
    if ((int64_t)strlen(said->links) != said->done / said->every * 8)
        return fail(r, CHAIN "/annotations/links", "not as many as steps and every make");
    if (said->skipped > said->done)
        return fail(r, CHAIN "/annotations/skipped", "more than all steps");
    return check_marks(r);
}

/* ---- the file ---- */

static int read_list(struct reader *r)
{
    size_t size;
    char *text = inv_whole_file(r->said->path, FILE_MAX, &size);
    if (!text) {
        inv_error(r->errors, "%s: cannot read the receipt: %s", r->said->path, strerror(errno));
        return 0;
    }
    inv_digest_text(text, size, r->said->own_sha256);
    struct inv_json json = { .place = r->said->path, .part = "the receipt", .cure = cure,
        .errors = r->errors, .start = text, .at = text, .limit = text + size };
    int good = inv_json_list_read(&r->said->list, &json);
    free(text);
    return good;
}

int inv_statement_read(struct inv_statement *said, const char *path, struct inv_errors *errors)
{
    struct reader r = { said, errors };
    *said = (struct inv_statement){ .path = path, .epochs = -1, .steps = -1,
                                    .receipt_every = -1 };
    if (!read_list(&r) || !check_ones(&r))
        return 0;
    for (int i = 0; i < FIELDS; i++)
        if (!read_at(&r, fields[i].path, fields[i].form, fields[i].optional,
                     (char *)said + fields[i].place))
            return 0;
    return read_defines(&r) && read_inputs(&r) && read_marks(&r) && check_members(&r) &&
           check_parameters(&r) && check_chain(&r);
}

void inv_statement_free(struct inv_statement *said)
{
    inv_json_list_free(&said->list);
    free(said->define);
    free(said->input);
    free(said->mark);
}
