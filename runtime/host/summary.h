/* What --verify found, for those who trust whoever signs it: an in-toto statement with SLSA's
 * verification summary (docs/receipts.md). */
#ifndef INV_HOST_SUMMARY_H
#define INV_HOST_SUMMARY_H
#include "session.h"

#define INV_SUMMARY_PREDICATE "https://slsa.dev/verification_summary/v1"
#define INV_SUMMARY_VERIFIER "urn:invar:verifier:1"

/* Before training; 0, and an error, where --summary cannot be written. */
int inv_summary_possible(struct inv_session *);
/* With the receipt read: writes --summary where the run agreed or differed; the status. */
int inv_summary_write(struct inv_session *, int status);
extern const struct inv_output_sign inv_summary_sign;

#endif
