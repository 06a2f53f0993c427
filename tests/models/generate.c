#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "generate.h"

struct plan plan;
int elements_of(const struct value *v)
{
    int count = 1;
    for (int i = 0; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

int main(int argc, char **argv)
{
    bool table = argc == 3 && strcmp(argv[2], "--table") == 0;
    if (argc < 2 || (argc > 2 && !table)) {
        fprintf(stderr, "usage: generate SEED [--table]\n");
        return 2;
    }
    draw_from(strtoull(argv[1], NULL, 10));
    choose_data();
    if (table) {
        print_table();
        return 0;
    }
    printf("# generate %s\ninvar 1\n\n", argv[1]);
    print_blocks();
    print_data();
    print_model();
    print_train();
    return 0;
}
