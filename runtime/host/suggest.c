#include "suggest.h"
#include <stddef.h>
#include <string.h>

enum { LENGTH_MAX = 64 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, drop, replace and swap of neighbours cost 1. */
static int distance(const char *a, const char *b)
{
    int la = (int)strlen(a), lb = (int)strlen(b);
    if (la > LENGTH_MAX || lb > LENGTH_MAX)
        return LENGTH_MAX;
    int row[3][LENGTH_MAX + 1];
    for (int j = 0; j <= lb; j++)
        row[0][j] = j;
    for (int i = 1; i <= la; i++) {
        int *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= lb; j++) {
            now[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[la % 3][lb];
}

const char *inv_suggest(const char *name, const char *const *candidate, int count)
{
    int limit = (int)strlen(name) / 3;
    int best = limit > 1 ? limit + 1 : 2;
    const char *found = NULL;
    for (int i = 0; i < count; i++) {
        int d = distance(name, candidate[i]);
        if (d < best) {
            best = d;
            found = candidate[i];
        }
    }
    return found;
}
