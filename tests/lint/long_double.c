/* Types that machines disagree about. */
#include <math.h>
#include <stdlib.h>

typedef long double wide;                               // found: long-double
struct sums { long double of[4]; };                     // found: long-double

double faults(const double *x, int n, const char *text)
{
    wide s = 0;                                         // found: long-double
    for (int i = 0; i < n; i++)
        s += x[i];
    double r = (double)(s / 3.0L);                      // found: long-double
    r += (double)strtold(text, NULL);                   // found: long-double
    r += (double)((long double)r * r);                  // found: long-double
    __asm__("fsqrt\n\tfstp %%st(1)" : "+t"(r));         // found: long-double
    return r;
}

double harmless(double x)
{
    long long n = 3;
    __asm__("sqrtsd %1, %0" : "=x"(x) : "x"(x));
    return x * 3.0 + (double)n;
}
