/* Locals without a value. */
#include <string.h>

struct pair { float a, b; };

float faults(const float *x, int n)
{
    float s, t, sums[4], grid[2][2];
    struct pair p;
    for (int i = 0; i < n; i++)
        s += x[i];                                      // found: uninitialised
    if (n > 3)                                          // found: uninitialised
        t = 1;
    sums[n & 3] += x[0];                                // found: uninitialised
    s += t;
    return s + p.a + grid[0][1];                        // found: uninitialised uninitialised
}

void fill(float *x);

float harmless(const float *x, int n)
{
    float s = 0, last = 0, given[4], copied[4], sums[4] = {0};
    struct pair p, q;
    fill(given);
    memcpy(copied, x, sizeof copied);
    p.a = 1;
    q = (struct pair){1, 2};
    for (int i = 0; i < n; i++) {
        float each;
        if (i > 0)
            s += last;
        each = x[i];
        last = each;
        sums[i & 3] += each;
    }
    static float kept[4];
    return s + given[0] + copied[1] + sums[2] + p.a + q.b + kept[3] + (float)sizeof kept[0];
}
