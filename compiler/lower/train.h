/* The settings of `train`. */
#ifndef INVAR_LOWER_TRAIN_H
#define INVAR_LOWER_TRAIN_H
#include "lower/lower.h"

void lower_train_settings(struct lower *);
void lower_train_check(struct lower *);

#endif
