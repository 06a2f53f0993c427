/* Pragmas that let products be fused with sums. */
#pragma STDC FP_CONTRACT ON                             // found: contraction
#pragma STDC FP_CONTRACT OFF

#define FUSE _Pragma("STDC FP_CONTRACT ON")             // found: contraction

float faults(float a, float b, float c)
{
#pragma clang fp contract(fast)                         // found: contraction
    return a * b + c;
}

float harmless(float a, float b, float c)
{
#pragma clang fp contract(off)
    return a * b + c;                                   /* FP_CONTRACT ON */
}
