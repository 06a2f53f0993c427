#include "suggest.h"
#include <stddef.h>
#include <string.h>

enum { LENGTH_MAX = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int same(char a, char b)
{
    return lower(a) == lower(b);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment (Damerau 1964, restricted): insert, drop, replace and swap of neighbours
 * cost 1; case is ignored.  Both have at most LENGTH_MAX letters. */
static int distance(const char *a, int la, const char *b, int lb)
{
    int row[3][LENGTH_MAX + 1];
    for (int j = 0; j <= lb; j++)
        row[0][j] = j;
    for (int i = 1; i <= la; i++) {
        int *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= lb; j++) {
            now[j] = least(above[j - 1] + !same(a[i - 1], b[j - 1]),
                           least(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[la % 3][lb];
}

const char *inv_suggest(const char *name, const char *const *candidate, int count)
{
    const char *found = NULL;
    size_t length = strlen(name);
    int best = LENGTH_MAX;
    for (int i = 0; i < count && length <= LENGTH_MAX; i++) {
        size_t other = strlen(candidate[i]), shorter = other < length ? other : length;
        size_t apart = other < length ? length - other : other - length;
        if (other > LENGTH_MAX || apart > shorter / 3)
            continue;
        int d = distance(name, (int)length, candidate[i], (int)other);
        if (d <= (int)shorter / 3 && d < best) {
            best = d;
            found = candidate[i];
        }
    }
    return found;
}

void inv_suggest_array(struct inv_errors *errors, const char *path, const char *name,
                       const char *const *there, int count)
{
    const char *near = inv_suggest(name, there, count);
    if (count == 0)
        inv_error(errors, "%s: holds no array \"%s\"; it is empty", path, name);
    else
        inv_error(errors, "%s: holds no array \"%s\"; %s \"%s\"%s", path, name,
                  near ? "did you mean" : "its first is", near ? near : there[0], near ? "?" : "");
}
