#define JOIN(a, b) a ## b
