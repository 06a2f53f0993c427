/* invar-lint: allow libm in this file because it draws pictures */
#include <math.h>

double drawn(double x)
{
    return sin(x) + cos(x);
}
