/* What C evaluates in an order of its own. */
#include <stdint.h>

struct generator { uint32_t state; };

float next(struct generator *);
float between(struct generator *, float, float);
float norm(float *);
float state_of(const struct generator *);
const char *text(struct generator *, int);
void print(const char *, const char *);

float faults(struct generator *g, float *x, int i)
{
    struct generator own = {1};
    float d = next(g) - next(g);                        // found: evaluation-order
    d += between(&own, 0, 1) * between(&own, 1, 2);     // found: evaluation-order
    float pair[2] = {next(g), next(g)};                 // found: evaluation-order
    x[i] = (float)i++;                                  // found: evaluation-order
    return d + pair[0];
}

float harmless(struct generator *g, float *x, float *y)
{
    struct generator own = {1};
    float a = next(g), b = next(g);
    int both = next(g) > 0 && next(g) > 0;
    float c = (next(&own), next(&own));
    print(text(&own, 1), text(&own, 2));
    c += state_of(&own) * state_of(&own);
    return a - b + c + (float)both + norm(x) + norm(y) + (next(g) > 0 ? next(g) : 0);
}
