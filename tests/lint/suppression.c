/* Comments that allow. */
#include <math.h>
#include <time.h>

float allowed(float x)
{
    /* invar-lint: allow libm because this is only printed, and
     * nothing is trained by it */
    float a = sinf(x) +
              cosf(x);
    a += expf(x);                                       // found: libm
    a += tanf(x); /* invar-lint: allow libm because it is only printed */
    return a + (float)time(NULL); // invar-lint: allow libm, time because it is printed
}

float refused(float x)
{
    float a = logf(x); /* invar-lint: allow libm */     // found: libm suppression
    a += cbrtf(x); // invar-lint: allow lbm because I say so // found: libm suppression
    a += x; // invar-lint: allow libm because nothing is here // found: suppression
    a += x; // invar-lint: hello // found: suppression
    return a;
#if 0
    a += x; // invar-lint: allow libm because it is not compiled
#endif
}
