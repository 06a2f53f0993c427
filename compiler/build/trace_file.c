#include "build/trace_file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the head of a trace says of the run, in the order of causes. */
static const struct { const char *path, *what; } heads[] = {
    {"/name", "the model: they are of two models"},
    {"/model", "the model: its text or a value of -D"},
    {"/numerics", "the numerics: they are of two versions"},
    {"/seed", "the seed"},
    {"/parts", "the data, or the parts of its rows"}};
_Static_assert(sizeof heads / sizeof *heads == TRACE_HEADS, "one of each in struct trace");

const char *trace_head(int at)
{
    return heads[at].what;
}

/* A text or number of the line at hand in new memory; "" where there is none. */
static char *text_at(const struct trace *t, const char *path)
{
    const struct inv_json_value *value = inv_json_list_find(&t->list, path);
    return inv_copy_text(value ? value->text : "");
}

static long long number_at(const struct trace *t, const char *path)
{
    const struct inv_json_value *value = inv_json_list_find(&t->list, path);
    return value && value->kind == INV_JSON_NUMBER ? strtoll(value->text, NULL, 10) : -1;
}

/* 1; 0 where there is no more, or after an error. */
static int next_line(struct trace *t)
{
    inv_json_list_free(&t->list);
    t->list = (struct inv_json_list){.count = 0};
    ssize_t length = getline(&t->text, &t->room, t->file);
    if (length <= 0)
        return 0;
    struct inv_json json = {.place = t->path, .part = "a line", .errors = t->errors,
                            .cure = "it is no trace, or was cut", .start = t->text, .at = t->text,
                            .limit = t->text + length};
    return inv_json_list_read(&t->list, &json);
}

static void add_place(struct trace *t)
{
    if (t->places == t->place_room) {
        t->place_room = t->place_room * 2 + 64;
        t->place = inv_resize(t->place, (size_t)t->place_room * sizeof *t->place);
    }
    t->place[t->places++] = (struct trace_place){number_at(t, "/place"), text_at(t, "/what"),
                                                 text_at(t, "/line")};
}

static void forget_step(struct trace *t)
{
    for (int i = 0; i < t->values; i++)
        free(t->value[i].digits);
    t->values = 0;
    free(t->hashes);
    free(t->order);
}

/* Takes the line at hand, and those up to the next that has the hashes of a step. */
static void take_step(struct trace *t, int there)
{
    forget_step(t);
    for (; there && inv_json_list_find(&t->list, "/values"); there = next_line(t))
        if (t->values < INV_TRACE_VALUES)
            t->value[t->values++] = (struct trace_values){number_at(t, "/place"),
                                                          text_at(t, "/values")};
    bool ordered = there && inv_json_list_find(&t->list, "/order");
    t->order = text_at(t, "/order");
    there = ordered ? next_line(t) : there;
    t->step = there ? number_at(t, "/step") : -1;
    t->epoch = there ? number_at(t, "/epoch") : -1;
    t->hashes = text_at(t, "/hashes");
    if (there && (t->step < 0 || strlen(t->hashes) != (size_t)t->places * TRACE_HASH))
        inv_error(t->errors, "%s: a step has not as many hashes as there are places; it is no "
                  "trace, or was cut", t->path);
}

void trace_next_step(struct trace *t)
{
    take_step(t, next_line(t));
}

bool trace_open(struct trace *t, const char *path, struct inv_errors *errors)
{
    *t = (struct trace){.path = path, .errors = errors, .file = fopen(path, "rb"), .step = -1};
    if (!t->file) {
        inv_error(errors, "%s: cannot read the trace: %s", path, strerror(errno));
        return false;
    }
    int there = next_line(t);
    if (errors->count == 0 && number_at(t, "/trace") != 2)
        inv_error(errors, "%s: is no trace that this version of Invar reads", path);
    for (int i = 0; i < TRACE_HEADS; i++)
        t->head[i] = text_at(t, heads[i].path);
    while (there && errors->count == 0 && (there = next_line(t)) &&
           inv_json_list_find(&t->list, "/what"))
        add_place(t);
    if (errors->count == 0)
        take_step(t, there);
    return errors->count == 0;
}

void trace_close(struct trace *t)
{
    if (t->file)
        fclose(t->file);
    inv_json_list_free(&t->list);
    for (int i = 0; i < TRACE_HEADS; i++)
        free(t->head[i]);
    for (int i = 0; i < t->places; i++) {
        free(t->place[i].what);
        free(t->place[i].line);
    }
    free(t->place);
    forget_step(t);
    free(t->text);
}

const char *trace_values(const struct trace *t, long long place)
{
    for (int i = 0; i < t->values; i++)
        if (t->value[i].place == place)
            return t->value[i].digits;
    return NULL;
}

int trace_find(const struct trace *t, long long place)
{
    for (int i = 0; i < t->places; i++)
        if (t->place[i].number == place)
            return i;
    return -1;
}

int trace_made(const struct trace *t, long number)
{
    for (int i = 0; i < t->places; i++) {
        const char *made = strchr(t->place[i].what, '%');
        if (made && strtol(made + 1, NULL, 10) == number)
            return i;
    }
    return -1;
}
