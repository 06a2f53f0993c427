/* `target NAME { ram 64K  flash 256K }`: what a microcontroller has; pass_budget holds the plan
 * against it. */
#include <math.h>
#include <string.h>
#include "lower/target.h"

static bool read_bytes(struct lower *l, const struct ast *ast, int64_t *bytes)
{
    const struct ast *operands = ast->kid[0];
    const struct ast *number = operands && operands->count == 1 ? operands->kid[0] : NULL;
    if (!number || number->kind != AST_NUMBER || number->number < 1 || number->number > 9e15 ||
        number->number != floor(number->number)) {
        struct diag *d = diag_error(l->diags, ast->span, "'%s' takes a number of bytes", ast->text);
        diag_help(d, "for example: %s 64K", ast->text);
        return false;
    }
    *bytes = (int64_t)number->number;
    return true;
}

static const char *const choice[] = {"ram", "flash"};

const char *target_word(int i)
{
    return i < 2 ? choice[i] : NULL;
}

static void read_budget(struct lower *l, const struct ast *ast, struct target_desc *target)
{
    bool ram = ast->kind == AST_STATEMENT && !strcmp(ast->text, "ram");
    if (!ram && (ast->kind != AST_STATEMENT || strcmp(ast->text, "flash"))) {
        const char *name = ast->text ? ast->text : "";
        struct diag *d = diag_error(l->diags, ast->span, "a target has 'ram' and 'flash', not '%s'",
                                    name);
        const char *near = diag_nearest(name, choice, 2);
        if (near)
            diag_help(d, "did you mean '%s'?", near);
        return;
    }
    int64_t *bytes = ram ? &target->ram : &target->flash;
    if (*bytes)
        diag_error(l->diags, ast->span, "'%s' is given twice", ast->text);
    else if (read_bytes(l, ast, bytes))
        *(ram ? &target->ram_span : &target->flash_span) = ast->span;
}

void lower_target(struct lower *l, const struct ast *item)
{
    struct program *program = l->program;
    struct target_desc target = {.name = item->text, .span = item->span};
    for (int i = 0; i < program->target_count; i++)
        if (!strcmp(program->target[i].name, item->text)) {
            struct diag *d = diag_error(l->diags, item->name_span, "target '%s' is declared twice",
                                        item->text);
            diag_note(d, program->target[i].span, "first here");
        }
    int before = diags_error_count(l->diags);
    const struct ast *body = item->kid[0];
    for (int i = 0; i < body->count; i++)
        read_budget(l, body->kid[i], &target);
    if (diags_error_count(l->diags) == before && (!target.ram || !target.flash)) {
        struct diag *d = diag_error(l->diags, item->span, "target '%s' does not say its %s",
                                    item->text, target.ram ? "flash" : "ram");
        diag_help(d, "for example: target %s { ram 64K  flash 256K }", item->text);
    }
    ARENA_PUSH(l->arena, program->target, program->target_count, program->target_room) = target;
}
