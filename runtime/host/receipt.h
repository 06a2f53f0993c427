/* The receipt of a training run: what went in, what came out, and the chain of its steps, as an
 * in-toto statement with SLSA's provenance (docs/receipts.md). */
#ifndef INV_HOST_RECEIPT_H
#define INV_HOST_RECEIPT_H
#include "chain.h"
#include "output.h"

#define INV_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define INV_RECEIPT_PREDICATE "https://slsa.dev/provenance/v1"
#define INV_RECEIPT_BUILD "urn:invar:training:1"
#define INV_RECEIPT_BUILDER "urn:invar:trainer:1"
#define INV_RECEIPT_METRICS "urn:invar:metrics:1"
#define INV_CHAIN_FORMAT "invar chain 1"

struct inv_session;
struct inv_pass;
struct inv_json_text;

/* What an in-toto statement claims of some weights. */
struct inv_claim_of {
    const char *weights, *digest;       /* a path or name, of which the name is said; SHA-256 */
    const char *predicate;              /* its type */
    void (*put)(struct inv_json_text *, struct inv_session *); /* its members */
};

/* What a receipt has of the run beside what the session knows. */
struct inv_receipt {
    char started[32];                   /* UTC, "2026-11-29T08:00:00Z" */
    char *metrics;                      /* members of a JSON object, or NULL */
    struct inv_chain chain;
};

/* Before data are read. */
void inv_receipt_begin(struct inv_session *);
/* Before training; 0, and an error, where the receipt cannot be written. */
int inv_receipt_possible(struct inv_session *);
/* Metrics of a part, under names that begin with prefix. */
void inv_receipt_metrics(struct inv_session *, const struct inv_pass *, const char *prefix);
/* Writes the receipt for the weights at `weights` with that digest; 0 after an error. */
int inv_receipt_write(struct inv_session *, const char *weights, const char *digest);
void inv_receipt_free(struct inv_receipt *);
extern const struct inv_output_sign inv_receipt_sign;

/* Writes any statement; 0 after an error. */
int inv_receipt_claim(struct inv_session *, const char *path, const struct inv_claim_of *);
/* The time as statements have it, and a digest as one of their members. */
void inv_receipt_now(char text[32]);
void inv_receipt_put_digest(struct inv_json_text *, const char *algorithm, const char *digest);

#endif
