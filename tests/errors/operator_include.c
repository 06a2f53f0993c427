#include "ops/../rows.h"
