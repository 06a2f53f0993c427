#include <string.h>
#include "device.h"
#include "variable.h"

/* The parameter or block of an average: they have the same path. */
static const struct inv_variable *original_of(const struct inv_model *model,
                                              const struct inv_variable *average)
{
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        if ((v->kind == INV_BLOCK || v->kind == INV_PARAM) && strcmp(v->path, average->path) == 0)
            return v;
    }
    return NULL;
}

static void exchange(unsigned char *a, unsigned char *b, size_t bytes)
{
    unsigned char piece[4096];
    for (size_t part; bytes > 0; bytes -= part, a += part, b += part) {
        part = bytes < sizeof piece ? bytes : sizeof piece;
        memcpy(piece, a, part);
        memcpy(a, b, part);
        memcpy(b, piece, part);
    }
}

void inv_average_exchange(struct inv_session *s)
{
    for (int i = 0; s->model->average > 0 && i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        const struct inv_variable *o = v->kind == INV_AVERAGE ? original_of(s->model, v) : NULL;
        if (o && s->run.device)
            s->run.device->type->exchange(&s->run, v->offset, o->offset,
                                          (int64_t)inv_variable_bytes(v));
        else if (o)
            exchange(s->run.arena + v->offset, s->run.arena + o->offset, inv_variable_bytes(v));
    }
}

void inv_average_start(struct inv_session *s)
{
    for (int i = 0; i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        const struct inv_variable *o = v->kind == INV_AVERAGE ? original_of(s->model, v) : NULL;
        if (o && s->run.device)
            s->run.device->type->copy(&s->run, v->offset, o->offset,
                                      (int64_t)inv_variable_bytes(v));
        else if (o)
            memcpy(s->run.arena + v->offset, s->run.arena + o->offset, inv_variable_bytes(v));
    }
}
