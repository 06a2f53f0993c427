/* Fast mathematics in a part of a file. */
#pragma GCC optimize("fast-math")                       // found: fast-math
#pragma GCC optimize("O3", "-ffast-math")               // found: fast-math
#pragma GCC optimize("O3")
#pragma float_control(precise, off)                     // found: fast-math

#define HOT __attribute__((optimize("Ofast")))          // found: fast-math

__attribute__((optimize("O2", "associative-math")))     // found: fast-math
float sum(const float *x, int n)
{
#pragma clang fp reassociate(on)                        // found: fast-math
    float s = 0;
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

HOT float hot(float x)
{
    return x / 3;
}

__attribute__((optimize("no-fast-math"), noinline)) float harmless(float x)
{
    const char *optimize = "fast-math";
    return x + (float)(optimize[0] == 'f');
}
