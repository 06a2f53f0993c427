/* What differs from machine to machine. */
#include <dirent.h>
#include <locale.h>
#include <omp.h>
#include <unistd.h>

int faults(DIR *folder)
{
    int parts = (int)sysconf(_SC_NPROCESSORS_ONLN);     // found: machine
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)           // found: machine
        parts++;
    parts += getpid();                                  // found: machine
    setlocale(LC_ALL, "");                              // found: machine
    parts += omp_get_max_threads();                     // found: machine
    return parts;
}

long harmless(void)
{
    return sysconf(_SC_PAGESIZE);
}
