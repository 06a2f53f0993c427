/* Instructions that approximate. */
#include <immintrin.h>

__m128 faults(__m128 x, float *y)
{
    __m128 r = _mm_rcp_ps(x);                           // found: approximation
    r = _mm_add_ps(r, _mm_rsqrt_ps(x));                 // found: approximation
    __asm__("rsqrtss %0, %0" : "+x"(*y));               // found: approximation
    return r;
}

__m512 wide(__m512 x)
{
    return _mm512_rsqrt14_ps(x);                        // found: approximation
}

__m128 harmless(__m128 x)
{
    return _mm_div_ps(_mm_set1_ps(1), _mm_sqrt_ps(x));
}
