#include "host/trained.h"

extern const struct inv_trained inv_trained;
