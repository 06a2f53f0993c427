#include "options.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "decimal.h"
#include "suggest.h"

/* COUNT is 1 or more, WHOLE 0 or more; an OPTIONAL value is "" where it is left out. */
enum kind { FLAG, TEXT, OPTIONAL, COUNT, WHOLE, SEED, BYTES, REAL, EVERY, STEPS, RANGE, SAMPLE };

struct option {
    const char *name, *value;           /* value: how help names it, or NULL */
    enum kind kind;
    size_t place;                       /* in struct inv_options */
    const char *help;
};

#define AT(member) offsetof(struct inv_options, member)
static const struct option table[] = {
    { "data", "PATH", TEXT, AT(data),
      "folder of the data files, or a file in the place of the model's, or NAME=FILE,..." },
    { "rows", "FILE|auto|off", TEXT, AT(rows),
      "keep the rows in FILE, where the next run finds them; auto (the default): in the user's "
      "cache, of data larger than half of the memory; off: in memory" },
    { "rows-memory", "SIZE", BYTES, AT(rows_memory),
      "how much of that file may stay in this process's memory (64M); of a larger one so much is "
      "read ahead of its turn" },
    { "epochs", "N", COUNT, AT(epochs), "passes over the training part" },
    { "steps", "N", STEPS, AT(steps),
      "training steps instead of epochs; A..B with --verify: only these, the first is 0" },
    { "threads", "N", COUNT, AT(threads), "threads (all processors); the bits are the same" },
    { "shards-at-once", "N", COUNT, AT(shards_at_once),
      "compute N shards of a batch at a time (1), each with its share of the threads and memory of "
      "its own, which invar plan prints; the bits are the same" },
    { "seed", "N", SEED, AT(seed), "instead of the model's seed" },
    { "init", "FILE", TEXT, AT(init), "start from these weights (safetensors)" },
    { "save-init", "FILE", TEXT, AT(save_init), "write the weights as they are before step 0" },
    { "weights", "FILE", TEXT, AT(weights),
      "where the trained weights go, or are read from (NAME.safetensors)" },
    { "on-nan", "WAY", TEXT, AT(on_nan),
      "where a loss is not finite: stop (the default), or skip: leave the step's update out" },
    { "receipt", "FILE", TEXT, AT(receipt),
      "write what went in, what came out and a chain of hashes over the steps (in-toto)" },
    { "receipt-every", "N", COUNT, AT(receipt_every),
      "the weights' hash goes into that chain every N-th step, too, not only after each epoch" },
    { "verify", "RECEIPT", TEXT, AT(verify),
      "train as the receipt says, compare, and write no weights; says what differs first" },
    { "sample", "N[:SEED]", SAMPLE, AT(sample),
      "with --verify: only N stretches, drawn at random, between the checkpoints of --resume" },
    { "summary", "FILE", TEXT, AT(summary),
      "with --verify: write whether it agrees (in-toto, SLSA's verification summary)" },
    { "trace", "FILE", TEXT, AT(trace),
      "write hashes of the values of each step that lie in memory, for invar diverge" },
    { "trace-steps", "A..B", RANGE, AT(trace_steps), "of these steps only, the first is 0" },
    { "trace-place", "N,...", TEXT, AT(trace_place),
      "and all values of these places of the trace" },
    { "trace-only", NULL, FLAG, AT(trace_only),
      "and end after the last of these steps; no weights are written" },
    { "check-ranks", "N", COUNT, AT(check_ranks),
      "of several ranks: every N-th step ranks compare their weights, and two compute one shard" },
    { "inject", "S:P:E:B", TEXT, AT(inject),
      "flip bit B of element E of place P in step S, to see that it is found" },
    { "log", "FILE", TEXT, AT(log), "write JSON lines: the environment, then one per epoch" },
    { "log-every", "N", COUNT, AT(log_every), "log the loss of every N-th step, too" },
    { "profile", NULL, FLAG, AT(profile),
      "in the end print where the time of the steps went, by lines of the model" },
    { "log-norms", NULL, FLAG, AT(log_norms),
      "and of each parameter the norms of gradient, update and itself, in a trainer built with "
      "--log-norms" },
    { "quiet", NULL, FLAG, AT(quiet), "print nothing but errors, the test result and the hash" },
    { "plain", NULL, FLAG, AT(plain),
      "on a terminal, too, print whole lines alone, as into a file: no line of progress" },
    { "checkpoint", "FILE", TEXT, AT(checkpoint),
      "write all that the run goes on from (safetensors)" },
    { "checkpoint-every", "N[UNIT]", EVERY, AT(checkpoint_every),
      "how often: N steps, Nepochs, Ns, Nmin (10min) or N% of the run; at the end, and where a "
      "signal ends the run, too" },
    { "checkpoint-keep", "N", COUNT, AT(checkpoint_keep),
      "how many stay, 1 to 100: FILE, FILE.1 ... (2)" },
    { "resume", "FILE|auto", TEXT, AT(resume),
      "go on from a checkpoint; auto: from the newest sound one of --checkpoint, or begin where "
      "there is none; with --verify: FILE, FILE.1 ... of the receipt's run" },
    { "resume-anyway", NULL, FLAG, AT(resume_anyway),
      "even where the model's text (its learning rate) or the number of steps is another" },
    { "predict", "[FILE]", OPTIONAL, AT(predict),
      "write the outputs for every row of FILE (of the kind of the model's data; - is standard "
      "input), or of the model's own data" },
    { "output", "FILE", TEXT, AT(output),
      "-o, where predictions go (standard output, which is - too)" },
    { "format", "NAME", TEXT, AT(format),
      "of predictions: csv, npy or jsonl (as the name of -o ends, else csv)" },
    { "keep", "NAME,...", TEXT, AT(keep),
      "columns of FILE, or without it fields of the model's own data, before the predictions" },
    { "evaluate", "[FILE]", OPTIONAL, AT(evaluate),
      "print losses and metrics of FILE, or of each part of the model's own data" },
    { "part", "NAME", TEXT, AT(part),
      "of the model's own data: train, val, test or all, for --predict and --evaluate" },
    { "generate", "[TEXT]", OPTIONAL, AT(generate),
      "write TEXT and how a model of text goes on, token by token" },
    { "length", "N", COUNT, AT(length), "of what is generated, in characters, bytes or tokens" },
    { "temperature", "X", REAL, AT(temperature),
      "of what is drawn: 1 as the model says, less is likelier, 0 always the likeliest" },
    { "top-k", "N", COUNT, AT(top_k), "draw from the N likeliest only" },
    { "check-gradients", NULL, FLAG, AT(check_gradients),
      "compare gradients with differences of the loss, and stop, in a trainer built with "
      "--check-gradients" },
    { "dump-batch", "N", WHOLE, AT(dump_batch),
      "write the images of step N, before and after augmentation, and stop" },
    { "device", "N", WHOLE, AT(device),
      "GPU to run on, in a trainer built for CUDA (0; ranks of a machine take its GPUs in turn)" },
    { "memory-limit", "SIZE", BYTES, AT(memory_limit),
      "most memory to take of the GPU, such as 800M or 4G" },
    { "update-lock", NULL, FLAG, AT(update_lock),
      "choose the kernels of libraries anew (MODEL.kernels.lock)" },
    { "selftest", NULL, FLAG, AT(selftest), "check that this machine computes as it must" },
    { "version", NULL, FLAG, AT(version), "versions of the model, compiler and numerics" },
    { "verbose", NULL, FLAG, AT(verbose), "-v; with --version: GPU, driver, libraries and flags" },
    { "help", NULL, FLAG, AT(help), "this text" },
};
enum { OPTIONS = sizeof table / sizeof table[0] };
_Static_assert(OPTIONS <= 64, "inv_options.given has a bit for each");

/* What help says before an option. */
static const struct { const char *option, *text; } heading[] = {
    { "data", "Training:" },
    { "checkpoint", "Checkpoints:" },
    { "predict", "Using what was trained, with the weights of --init, else of --weights:" },
    { "check-gradients", "The machine, and more:" },
};
enum { HEADINGS = sizeof heading / sizeof heading[0] };

enum { HELP_HEAD = 18, HELP_INDENT = 21, HELP_WIDTH = 98 };

/* The words of help in lines that begin below one another. */
static void print_help(FILE *to, const char *text)
{
    int room = HELP_WIDTH - HELP_INDENT, at = 0;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (at > 0 && at + 1 + word > room) {
            fprintf(to, "\n%*s", HELP_INDENT, "");
            at = 0;
        }
        at += fprintf(to, "%s%.*s", at ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

void inv_options_help(FILE *to, const char *program, const char *model)
{
    fprintf(to, "usage: %s [options]\nTrains the model %s and writes its weights, or uses what was "
            "trained.\n", program, model);
    for (int i = 0; i < OPTIONS; i++) {
        char head[32];
        for (int h = 0; h < HEADINGS; h++)
            if (strcmp(heading[h].option, table[i].name) == 0)
                fprintf(to, "\n%s\n", heading[h].text);
        snprintf(head, sizeof head, "--%s %s", table[i].name,
                 table[i].value ? table[i].value : "");
        if (strlen(head) > HELP_HEAD)
            fprintf(to, "  %s\n%*s", head, HELP_INDENT, "");
        else
            fprintf(to, "  %-*s ", HELP_HEAD, head);
        print_help(to, table[i].help);
    }
    fprintf(to, "\nIn the environment: INVAR_ISA=portable|avx2|avx512|neon chooses instructions,\n"
                "INVAR_THREAD_COST=N the scalar operations that make another thread worth waking.\n"
                "Exit status: 0 done, 1 data or file error, 2 usage, 3 a loss that is not finite,\n"
                "4 this machine or build fails its self-test, 5 a signal ended it after a "
                "checkpoint,\n6 --verify, --check-gradients, --check-ranks: something differs.\n");
}

static void set_number(struct inv_options *options, const struct option *o, const char *text,
                       struct inv_errors *errors)
{
    uint64_t value;
    int64_t *place = (int64_t *)((char *)options + o->place);
    uint64_t least = o->kind == COUNT || o->kind == STEPS;
    uint64_t most = o->kind == SEED                  ? UINT64_MAX
                    : o->place == AT(checkpoint_keep) ? INV_CHECKPOINTS : INT32_MAX;
    const char *end = text;
    if (!inv_decimal_whole(&end, most, &value) || *end || value < least) {
        inv_error(errors, "--%s %s: a whole number from %llu to %llu%s expected", o->name, text,
                  (unsigned long long)least, (unsigned long long)most,
                  o->kind == STEPS ? ", or with --verify A..B, such as 100..120," : "");
        return;
    }
    *place = o->kind == SEED ? 1 : (int64_t)value;
    if (o->kind == SEED)
        options->seed_value = value;
}

/* A number of bytes, K, M or G of 1024; 0 where it is something else. */
static int read_bytes(const char *text, int64_t *value)
{
    uint64_t number;
    if (!inv_decimal_whole(&text, INT64_MAX, &number))
        return 0;
    int shift = *text == 'K' ? 10 : *text == 'M' ? 20 : *text == 'G' ? 30 : 0;
    *value = (int64_t)(number << shift);
    return text[shift > 0] == 0 && number > 0 && number <= (uint64_t)INT64_MAX >> shift;
}

static void set_bytes(struct inv_options *options, const struct option *o, const char *text,
                      struct inv_errors *errors)
{
    int64_t *place = (int64_t *)((char *)options + o->place);
    if (!read_bytes(text, place))
        inv_error(errors, "--%s %s: a size such as 500000000, 800M or 4G expected", o->name, text);
}

static void set_real(struct inv_options *options, const struct option *o, const char *text,
                     struct inv_errors *errors)
{
    char padded[64 + INV_DECIMAL_PADDING] = { 0 };
    float *place = (float *)(void *)((char *)options + o->place);
    if (strlen(text) >= 64 || inv_decimal_to_f32(strcpy(padded, text), '.', place) != INV_DECIMAL_OK
        || !(*place >= 0))
        inv_error(errors, "--%s %s: a number from 0 expected", o->name, text);
}

/* A number from 1 on and a unit; 0 where it is something else. */
static int read_every(const char *text, struct inv_every *every)
{
    static const struct { const char *name; enum inv_unit unit; int64_t times; } units[] = {
        { "", INV_STEPS, 1 }, { "steps", INV_STEPS, 1 }, { "epochs", INV_EPOCHS, 1 },
        { "s", INV_SECONDS, 1 }, { "min", INV_SECONDS, 60 },
        { "%", INV_PERCENT, 1 } };
    uint64_t count;
    if (!inv_decimal_whole(&text, INT32_MAX, &count) || count < 1)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text, units[i].name) == 0) {
            *every = (struct inv_every){ (int64_t)count * units[i].times, units[i].unit };
            return 1;
        }
    return 0;
}

static void set_every(struct inv_options *options, const struct option *o, const char *text,
                      struct inv_errors *errors)
{
    struct inv_every *place = (struct inv_every *)(void *)((char *)options + o->place);
    if (!read_every(text, place))
        inv_error(errors, "--%s %s: steps such as 100, or 2epochs, 30s, 10min or 5%% expected",
                  o->name, text);
}

/* "100..120" */
static void set_range(const struct option *o, const char *text, struct inv_steps *range,
                      struct inv_errors *errors)
{
    const char *at = text;
    uint64_t first, last;
    if (!inv_decimal_whole(&at, INT32_MAX, &first) || strncmp(at, "..", 2) != 0 ||
        (at += 2, !inv_decimal_whole(&at, INT32_MAX, &last)) || *at || last < first)
        inv_error(errors, "--%s %s: a first and a last step such as 100..120 expected", o->name,
                  text);
    else
        *range = (struct inv_steps){ (int64_t)first, (int64_t)last };
}

/* "5", or "5:1234" */
static void set_sample(struct inv_options *options, const struct option *o, const char *text,
                       struct inv_errors *errors)
{
    struct inv_sample *sample = &options->sample;
    const char *at = text;
    uint64_t count;
    int good = inv_decimal_whole(&at, INT32_MAX, &count) && count > 0;
    sample->count = (int64_t)count;
    sample->seeded = *at == ':';
    at += sample->seeded;
    if (sample->seeded)
        good = good && inv_decimal_whole(&at, UINT64_MAX, &sample->seed);
    if (!good || *at)
        inv_error(errors, "--%s %s: a number of stretches such as 5, or 5:1234 with a seed, "
                  "expected", o->name, text);
}

/* Data may lie elsewhere on another machine, it may have other processors and GPUs, and be the one
 * that computes wrong. */
static void note_said(struct inv_options *options, const struct option *o, const char *value)
{
    if (o->place == AT(data) || o->place == AT(threads) || o->place == AT(shards_at_once) ||
        o->place == AT(device) || o->place == AT(memory_limit) || o->place == AT(inject))
        return;
    inv_sha256_update(&options->said, o->name, strlen(o->name) + 1);
    inv_sha256_update(&options->said, value ? value : "", value ? strlen(value) + 1 : 1);
}

void inv_options_digest(const struct inv_options *options, char digest[65])
{
    struct inv_sha256 said = options->said;
    uint8_t bytes[32];
    inv_sha256_final(&said, bytes);
    inv_sha256_hex(bytes, digest);
}

static void set_option(struct inv_options *options, const struct option *o, const char *value,
                       struct inv_errors *errors)
{
    char *place = (char *)options + o->place;
    note_said(options, o, value);
    if (o->kind == FLAG)
        memcpy(place, &(int){ 1 }, sizeof(int));
    else if (o->kind == TEXT || o->kind == OPTIONAL)
        memcpy(place, &value, sizeof value);
    else if (o->kind == BYTES)
        set_bytes(options, o, value, errors);
    else if (o->kind == REAL)
        set_real(options, o, value, errors);
    else if (o->kind == EVERY)
        set_every(options, o, value, errors);
    else if (o->kind == RANGE)
        set_range(o, value, (struct inv_steps *)((char *)options + o->place), errors);
    else if (o->kind == STEPS && strstr(value, ".."))
        set_range(o, value, &options->range, errors);
    else if (o->kind == SAMPLE)
        set_sample(options, o, value, errors);
    else
        set_number(options, o, value, errors);
}

static int is_left_out(const char *const *without, const char *name)
{
    for (; without && *without; without++)
        if (strcmp(*without, name) == 0)
            return 1;
    return 0;
}

/* Where the options are listed: by a program; of a library here, in new memory. */
static char *where_listed(const char *const *without)
{
    char *text = inv_copy_text(without ? "there are" : "--help lists them");
    for (int i = 0, count = 0; without && i < OPTIONS; i++) {
        if (is_left_out(without, table[i].name))
            continue;
        char *longer = inv_text("%s%s --%s", text, count++ > 0 ? "," : "", table[i].name);
        free(text);
        text = longer;
    }
    return text;
}

/* Whether the option that was probably meant takes a value. */
static int report_unknown(const char *name, int length, const char *const *without,
                          struct inv_errors *errors)
{
    const char *names[OPTIONS];
    char own[64];
    int count = 0;
    snprintf(own, sizeof own, "%.*s", length, name);
    if (strcmp(own, "eval-only") == 0 && !without) {
        inv_error(errors, "--eval-only is now --evaluate, which takes a file, too");
        return 0;
    }
    for (int i = 0; i < OPTIONS; i++)
        if (!is_left_out(without, table[i].name))
            names[count++] = table[i].name;
    const char *near = inv_suggest(own, names, count);
    char *listed = near ? inv_text("did you mean --%s?", near) : where_listed(without);
    inv_error(errors, "unknown option --%s; %s", own, listed);
    free(listed);
    for (int i = 0; near && i < OPTIONS; i++)
        if (near == table[i].name)
            return table[i].kind != FLAG;
    return 0;
}

/* Whether argv[i] is there and no option; - is standard input. */
static int is_value(int argc, char **argv, int i)
{
    return i < argc && (argv[i][0] != '-' || argv[i][1] == 0);
}

/* Takes argv[i], which is --NAME or --NAME=VALUE, and perhaps the next; returns the number of the
 * last one taken. */
static int read_one(struct inv_options *options, int argc, char **argv, int i, const char *name,
                    const char *const *without, struct inv_errors *errors)
{
    const char *equals = strchr(name, '=');
    int length = equals ? (int)(equals - name) : (int)strlen(name);
    int which = 0;
    while (which < OPTIONS && ((int)strlen(table[which].name) != length ||
                               strncmp(table[which].name, name, (size_t)length) != 0))
        which++;
    if (which == OPTIONS) {
        int value = report_unknown(name, length, without, errors) && !equals &&
                    i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0;
        return i + value;
    }
    const struct option *o = &table[which];
    int apart = !equals && o->kind != FLAG &&
                (o->kind == OPTIONAL ? is_value(argc, argv, i + 1) : i + 1 < argc);
    const char *value = equals ? equals + 1 : apart ? argv[++i] : NULL;
    if (is_left_out(without, o->name))
        inv_error(errors, "--%s is for trainers, which are programs; leave it out", o->name);
    if (o->kind != FLAG && options->given >> which & 1)
        inv_error(errors, "--%s is given twice; give it once%s", o->name,
                  o->place == AT(keep) ? ": --keep A,B"
                  : o->place == AT(data) ? "; several files are a pattern: --data 'part-*.csv'"
                                         : "");
    options->given |= (uint64_t)1 << which;
    if (o->kind == FLAG && value)
        inv_error(errors, "--%s takes no value", o->name);
    else if (value ? !*value : o->kind != FLAG && o->kind != OPTIONAL)
        inv_error(errors, "--%s needs a value: --%s %s", o->name, o->name, o->value);
    else
        set_option(options, o, value ? value : o->kind == OPTIONAL ? "" : NULL, errors);
    return i;
}

const char *inv_options_given(const struct inv_options *o, const char *const *name, size_t count)
{
    for (size_t n = 0; n < count; n++)
        for (int i = 0; i < OPTIONS; i++)
            if (strcmp(table[i].name, name[n]) == 0 && o->given >> i & 1)
                return name[n];
    return NULL;
}

/* What a run does in place of training, one thing at a time. */
static const char *const uses[] = { "check-gradients", "generate", "predict", "evaluate",
                                    "dump-batch" };
enum { USES = sizeof uses / sizeof *uses };

/* What only training does. */
static void check_training(const struct inv_options *o, struct inv_errors *errors)
{
    static const char *const names[] = { "save-init", "on-nan", "receipt", "verify", "trace",
                                         "inject", "log-norms", "profile",
                                         "checkpoint", "resume",
                                         "check-ranks", "shards-at-once" };
    const char *name = inv_options_given(o, names, sizeof names / sizeof *names);
    if (name && !inv_options_train(o))
        inv_error(errors, "--%s is for training alone; leave it out, or --%s", name,
                  inv_options_given(o, uses, USES));
}

/* What a receipt has. */
static void check_verify(const struct inv_options *o, struct inv_errors *errors)
{
    static const char *const names[] = { "epochs", "seed", "on-nan", "receipt", "save-init",
                                         "checkpoint", "resume-anyway" };
    const char *name = inv_options_given(o, names, sizeof names / sizeof *names);
    int range = o->range.last >= 0, sample = o->sample.count > 0;
    if (o->verify && o->steps > 0)
        inv_error(errors, "--verify trains as the receipt says: leave out --steps, or let it say "
                  "which, as in --steps 100..120");
    else if (o->verify && name)
        inv_error(errors, "--verify trains as the receipt says: leave out --%s", name);
    else if (o->verify && o->resume && strcmp(o->resume, "auto") == 0)
        inv_error(errors, "--verify goes on from a file that is named: --resume FILE");
    else if (!o->verify && (range || sample || o->summary))
        inv_error(errors, "%s needs --verify RECEIPT", range    ? "--steps A..B"
                                                       : sample ? "--sample"
                                                                : "--summary");
    else if (range && sample)
        inv_error(errors, "--steps A..B and --sample exclude each other; run twice");
    else if (sample && !o->resume)
        inv_error(errors, "--sample needs the checkpoints of the run: --resume FILE");
}

static void check_checkpoint(const struct inv_options *o, struct inv_errors *errors)
{
    int every = o->checkpoint_every.count > 0, keeps = o->checkpoint_keep > 0;
    if ((every || keeps) && !o->checkpoint)
        inv_error(errors, "--checkpoint-%s needs --checkpoint FILE", every ? "every" : "keep");
    if (o->resume && strcmp(o->resume, "auto") == 0 && !o->checkpoint && !o->verify)
        inv_error(errors, "--resume auto goes on from the file of --checkpoint; add --checkpoint "
                  "FILE, or name the file itself");
    if (o->resume_anyway && !o->resume)
        inv_error(errors, "--resume-anyway needs --resume FILE");
}

/* Options that only mean something beside others. */
static void check_together(const struct inv_options *o, const char *const *without,
                           struct inv_errors *errors)
{
    const char *file = o->predict ? o->predict : o->evaluate;
    if (o->epochs > 0 && o->steps > 0)
        inv_error(errors, "--epochs and --steps exclude each other; give one");
    if (o->log_every > 0 && !o->log && !is_left_out(without, "log"))
        inv_error(errors, "--log-every needs --log FILE");
    if (o->log_norms && o->log_every < 1 && !o->verify)
        inv_error(errors, "--log-norms is of the steps that are logged; add --log-every N");
    if (o->on_nan && strcmp(o->on_nan, "stop") != 0 && strcmp(o->on_nan, "skip") != 0)
        inv_error(errors, "--on-nan %s: stop or skip expected", o->on_nan);
    check_training(o, errors);
    check_verify(o, errors);
    int steps = o->trace_steps.last >= 0;
    if ((steps || o->trace_place || o->trace_only) && !o->trace)
        inv_error(errors, "--trace-%s needs --trace FILE",
                  steps ? "steps" : o->trace_place ? "place" : "only");
    if (o->trace_only && (!steps || o->receipt || o->verify))
        inv_error(errors, "--trace-only %s", !steps ? "needs --trace-steps A..B"
                  : "ends the run early: leave --receipt and --verify out");
    if (o->receipt_every > 0 && !o->receipt)
        inv_error(errors, "--receipt-every needs --receipt FILE");
    for (int i = 0; i < USES; i++) {
        const char *one = inv_options_given(o, uses + i, 1);
        const char *other = inv_options_given(o, uses + i + 1, (size_t)(USES - i - 1));
        if (one && other)
            inv_error(errors, "--%s and --%s exclude each other; run twice", one, other);
    }
    if (!o->predict && ((o->output && !o->generate) || o->format || o->keep))
        inv_error(errors, "%s is for predictions: it needs --predict FILE",
                  o->output && !o->generate ? "-o" : o->format ? "--format" : "--keep");
    if (!o->generate && (o->length > 0 || o->temperature >= 0 || o->top_k > 0))
        inv_error(errors, "--%s is of text: it needs --generate",
                  o->length > 0 ? "length" : o->top_k > 0 ? "top-k" : "temperature");
    if (o->part && (!file || *file))
        inv_error(errors, "--part is of the model's own data: it needs --predict or --evaluate "
                  "without a file");
    check_checkpoint(o, errors);
}

int inv_options_train(const struct inv_options *o)
{
    return !o->evaluate && !o->predict && !o->generate && !o->check_gradients &&
           o->dump_batch < 0;
}

int inv_options_by_steps(const struct inv_options *o, int64_t model_steps)
{
    return o->steps > 0 || (o->epochs < 0 && model_steps > 0);
}

int inv_options_chained(const struct inv_options *o)
{
    return o->receipt || o->verify;
}

int inv_options_partly(const struct inv_options *o)
{
    return o->verify && (o->range.last >= 0 || o->resume);
}

int inv_options_plain(const struct inv_options *o)
{
    return o->quiet || o->plain;
}

int inv_options_checkpoints(const struct inv_options *o)
{
    return o->checkpoint_keep > 0 ? (int)o->checkpoint_keep : 2;
}

const char *inv_options_rows(const struct inv_options *o)
{
    return o->rows && strcmp(o->rows, "auto") != 0 && strcmp(o->rows, "off") != 0 ? o->rows : NULL;
}

const char *inv_options_file(const struct inv_options *o)
{
    const char *file = o->predict ? o->predict : o->evaluate;
    return file && *file ? file : NULL;
}

/* The long name of an option of one letter, or NULL. */
static const char *long_name(const char *argument)
{
    static const char *const names[][2] = { { "-h", "help" }, { "-v", "verbose" },
                                            { "-o", "output" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(argument, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

/* A file may stand apart from the --predict or --evaluate that it is for. */
static void take_file(struct inv_options *options, const char *argument,
                      const char *const *without, struct inv_errors *errors)
{
    const char **file = options->predict ? &options->predict : &options->evaluate;
    if (*file && !**file && *argument) {
        *file = argument;
        return;
    }
    char *listed = where_listed(without);
    inv_error(errors, "unexpected argument %s; options begin with --, %s", argument, listed);
    free(listed);
}

int inv_options_read(struct inv_options *options, int argc, char **argv,
                     const char *const *without, struct inv_errors *errors)
{
    int before = errors->count;
    *options = (struct inv_options){ .epochs = -1, .steps = -1, .threads = -1, .log_every = -1,
                                     .seed = -1, .dump_batch = -1, .device = -1,
                                     .receipt_every = -1, .check_ranks = -1,
                                     .shards_at_once = -1,
                                     .memory_limit = -1, .length = -1,
                                     .range.last = -1, .trace_steps.last = -1,
                                     .top_k = -1, .temperature = -1, .checkpoint_keep = -1 };
    inv_sha256_init(&options->said);
    for (int i = 1; i < argc; i++) {
        const char *name = long_name(argv[i]);
        if (name || (strncmp(argv[i], "--", 2) == 0 && argv[i][2]))
            i = read_one(options, argc, argv, i, name ? name : argv[i] + 2, without, errors);
        else
            take_file(options, argv[i], without, errors);
    }
    if (errors->count == before)
        check_together(options, without, errors);
    return errors->count == before;
}
