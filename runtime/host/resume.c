/* Which file --resume stands for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "checkpoint_file.h"
#include "tensors.h"

enum found { SOUND, ABSENT, DAMAGED, FAILED };

/* Tries one file, which the session holds open where it is sound.  Takes the path. */
static enum found try_file(struct inv_session *s, char *path, char **why)
{
    struct inv_resume *r = &s->resume;
    *why = NULL;
    const char *wrong;
    r->path = path;
    r->file = inv_tensors_file(path, &wrong);
    if (!r->file && errno == ENOENT)
        return ABSENT;
    if (!r->file) {
        *why = inv_text("cannot be read: %s", wrong);
        return FAILED;
    }
    *why = inv_checkpoint_damage(r->file);
    if (!*why)
        return SOUND;
    fclose(r->file);
    r->file = NULL;
    return DAMAGED;
}

static void forget(struct inv_session *s, char *why)
{
    free(why);
    free(s->resume.path);
    s->resume.path = NULL;
}

/* The one that is named. */
static int find_named(struct inv_session *s)
{
    char *why;
    enum found found = try_file(s, inv_copy_text(s->options.resume), &why);
    if (found == SOUND)
        return 1;
    inv_error(&s->errors, "%s: %s", s->resume.path,
              found == ABSENT ? "there is no such checkpoint; name another, such as FILE.1, or "
                                "begin without --resume" : why);
    forget(s, why);
    return 0;
}

/* The newest sound one: FILE, FILE.1 and so on.  Without any the run begins, and what is at FILE
 * must be a checkpoint, if a damaged one; before a sound FILE.1 it was one. */
static int find_newest(struct inv_session *s)
{
    const char *name = s->options.checkpoint;
    for (int i = 0; i < INV_CHECKPOINTS; i++) {
        char *why;
        enum found found = try_file(s, i ? inv_text("%s.%d", name, i) : inv_copy_text(name), &why);
        if (found == SOUND)
            return 1;
        s->resume.damaged |= found == DAMAGED && i == 0;
        if (found == DAMAGED)
            inv_note(&s->errors, "%s: %s; an older one is looked for", s->resume.path, why);
        else if (found == FAILED)
            inv_error(&s->errors, "%s: %s", s->resume.path, why);
        forget(s, why);
        if (found == FAILED)
            return 0;
    }
    return inv_output_replaces("--checkpoint", name, &inv_checkpoint_sign, &s->errors);
}

int inv_resume_find(struct inv_session *s)
{
    if (!s->options.resume || s->options.verify)
        return 1;
    return strcmp(s->options.resume, "auto") == 0 ? find_newest(s) : find_named(s);
}

/* ---- for --verify ---- */

/* Takes the file that the session holds into the list. */
static int take_left(struct inv_session *s, struct inv_left **list, int *count)
{
    struct inv_left left = { .path = s->resume.path };
    int good = inv_checkpoint_peek(left.path, s->resume.file, &left, &s->errors);
    fclose(s->resume.file);
    s->resume = (struct inv_resume){ .path = NULL };
    *list = inv_resize(*list, (size_t)(*count + 1) * sizeof **list);
    (*list)[(*count)++] = left;
    return good;
}

static int by_step(const void *a, const void *b)
{
    const struct inv_left *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

int inv_resume_left(struct inv_session *s, int several, struct inv_left **list, int *count)
{
    const char *name = s->options.resume;
    int good = 1;
    for (int i = 0; good && i < (several ? INV_CHECKPOINTS : 1); i++) {
        char *why;
        enum found found = try_file(s, i ? inv_text("%s.%d", name, i) : inv_copy_text(name), &why);
        if (found == SOUND) {
            good = take_left(s, list, count);
            continue;
        }
        if (found == DAMAGED && several)
            inv_note(&s->errors, "%s: %s; it is left out", s->resume.path, why);
        else if (found != ABSENT)
            inv_error(&s->errors, "%s: %s", s->resume.path, why);
        good = found == ABSENT || (found == DAMAGED && several);
        forget(s, why);
    }
    if (good && *count == 0)
        inv_error(&s->errors, "--resume %s: there is no such checkpoint; name one that the run of "
                  "the receipt left", name);
    if (*count > 0)
        /* invar-lint: allow unstable-sort because two of one step are one state */
        qsort(*list, (size_t)*count, sizeof **list, by_step);
    return good && *count > 0;
}
