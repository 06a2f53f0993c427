/* A stand-in for Arduino's core: what the emitted sketch calls. */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
static struct {
    void begin(long) {}
    void print(const char *text) { std::fputs(text, stdout); }
    void print(long number) { std::printf("%ld", number); }
    void print(int number) { std::printf("%d", number); }
    void println(const char *text) { std::printf("%s\n", text); }
    void println(double number, int) { std::printf("%.6g\n", number); }
} Serial;
static inline void delay(unsigned long) { std::exit(1); }
