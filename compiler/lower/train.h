/* The settings of `train`. */
#ifndef INVAR_LOWER_TRAIN_H
#define INVAR_LOWER_TRAIN_H
#include "lower/lower.h"

void lower_train_settings(struct lower *);
void lower_train_check(struct lower *);
/* The settings of `train`, one after the other, then NULL. */
const char *train_setting(int i);

#endif
