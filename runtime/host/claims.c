#include "claims.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "output.h"

struct inv_claim {
    char *what, *path;                  /* path: absolute; of standard output "-" */
    int output, there, device;          /* device: of characters, which is not overwritten */
    dev_t disk;
    ino_t inode;
};

static struct inv_claim make_claim(const char *what, const char *name, int output)
{
    struct stat about;
    struct inv_claim c = { .what = inv_copy_text(what), .output = output };
    c.path = output && inv_output_is_standard(name) ? inv_copy_text("-") : inv_output_place(name);
    c.there = stat(name, &about) == 0;
    if (c.there) {
        c.device = S_ISCHR(about.st_mode);
        c.disk = about.st_dev;
        c.inode = about.st_ino;
    }
    return c;
}

static void add(struct inv_claims *claims, struct inv_claim claim)
{
    if (claims->count == claims->room) {
        claims->room = claims->room * 2 + 8;
        claims->list = inv_resize(claims->list, (size_t)claims->room * sizeof *claims->list);
    }
    claims->list[claims->count++] = claim;
}

static int same_file(const struct inv_claim *a, const struct inv_claim *b)
{
    if (a->device || b->device)
        return 0;
    return strcmp(a->path, b->path) == 0 ||
           (a->there && b->there && a->disk == b->disk && a->inode == b->inode);
}

void inv_claims_input(struct inv_claims *claims, const char *what, const char *name)
{
    if (name)
        add(claims, make_claim(what, name, 0));
}

static void report(struct inv_claims *claims, const struct inv_claim *old, const char *option,
                   const char *name)
{
    if (old->output)
        inv_error(claims->errors, "%s and %s both name %s; name two files", old->what, option,
                  name);
    else
        inv_error(claims->errors, "%s %s would overwrite %s; name another file", option, name,
                  old->what);
}

int inv_claims_output(struct inv_claims *claims, const char *option, const char *name)
{
    if (!name)
        return 1;
    struct inv_claim claim = make_claim(option, name, 1);
    int good = 1;
    for (int i = 0; i < claims->count && good; i++)
        if (same_file(&claims->list[i], &claim)) {
            report(claims, &claims->list[i], option, name);
            good = 0;
        }
    add(claims, claim);
    return good;
}

void inv_claims_free(struct inv_claims *claims)
{
    for (int i = 0; i < claims->count; i++) {
        free(claims->list[i].what);
        free(claims->list[i].path);
    }
    free(claims->list);
}
