/* Which file --resume stands for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "checkpoint_file.h"

enum found { SOUND, ABSENT, DAMAGED, FAILED };

/* Tries one file, which the session holds open where it is sound.  Takes the path. */
static enum found try_file(struct inv_session *s, char *path, char **why)
{
    struct inv_resume *r = &s->resume;
    *why = NULL;
    r->path = path;
    r->file = fopen(path, "rb");
    if (!r->file && errno == ENOENT)
        return ABSENT;
    if (!r->file) {
        *why = inv_text("cannot be read: %s", strerror(errno));
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

/* The newest sound one: FILE, FILE.1 and so on.  Without any the run begins. */
static int find_newest(struct inv_session *s)
{
    for (int i = 0; i < INV_CHECKPOINTS; i++) {
        const char *name = s->options.checkpoint;
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
    return 1;
}

int inv_resume_find(struct inv_session *s)
{
    if (!s->options.resume)
        return 1;
    return strcmp(s->options.resume, "auto") == 0 ? find_newest(s) : find_named(s);
}
