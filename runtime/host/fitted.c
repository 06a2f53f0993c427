#include "fitted.h"
#include <stdlib.h>
#include "errors.h"

void inv_fitted_begin(struct inv_fitted *fitted, int fields)
{
    if (!fitted->field)
        fitted->field = inv_allocate((size_t)fields * sizeof *fitted->field);
}

void inv_fitted_keep(struct inv_fitted_field *field, const struct inv_names *names)
{
    field->class_name = inv_allocate((size_t)(names->count + 1) * sizeof *field->class_name);
    field->classes = names->count;
    for (int i = 0; i < names->count; i++)
        field->class_name[i] = inv_copy_text(names->name[i]);
}

char *inv_fitted_element(const struct inv_fitted *fitted, int field, const char *name,
                         int64_t element, int64_t elements)
{
    const struct inv_fitted_field *own = fitted->field ? &fitted->field[field] : NULL;
    if (own && own->columns == elements && element < elements)
        return inv_text("element %lld of %s (column %s)", (long long)element, name,
                        own->column[element]);
    return inv_text("element %lld of %s", (long long)element, name);
}

static void free_names(char **name, int count)
{
    for (int i = 0; i < count; i++)
        free(name[i]);
    free(name);
}

void inv_fitted_free(struct inv_fitted *fitted, int fields)
{
    for (int f = 0; fitted->field && f < fields; f++) {
        free_names(fitted->field[f].column, fitted->field[f].columns);
        free_names(fitted->field[f].class_name, fitted->field[f].classes);
    }
    free(fitted->field);
    free(fitted->parts);
    *fitted = (struct inv_fitted){ .known = 0 };
}
