/* void absent(void) {} */
#if 0
INV_FN void absent(void) {}
#else
INV_FN void absent(void);
static const char text[] = "void absent(void) {}";
#endif
