static const char *selftest(void)
{
    return inv_canary() == 0 ? inv_check_level()
                             : "compiled without keeping to one rounding per operation "
                               "(-ffp-contract=off, no fast-math)";
}

/* path, what it is, dtype, rank, axis of the batch's rows or -1, extents, classes, offset, that of
 * the sum that updates it, or 0 */
static const struct inv_variable variables[] = {
@each variable
    {${path}, ${kind}, ${dtype}, ${rank}, ${rows}, {${dims}}, ${classes}, ${offset}, ${gradient}},
@end
};

@each loads
/* what begins with an array of a file: variable, file, its name there */
static const struct inv_load loads[] = {
@each load
    {${variable}, ${path}, ${name}},
@end
};

@end
@each settling
/* when a step of train has run, so many first bytes of the sums stay as they are */
static const int64_t train_settled[] = {
@each settled
    ${bytes},
@end
};

@end
static const struct inv_trace_line trace_lines[] = {
${trace_lines}
    {"", 0, ""},
};

/* text, where it comes from, how many rows before it went into it without being stored, offset in
 * the arena or -1 where it is not stored, elements: constant + rows * b */
static const struct inv_trace_node trace_nodes[] = {
${trace}
    {"", trace_lines, 0, -1, {0, 0}},
};

@each steps
${function}
@end

@each classes
static const char *const ${name}[] = {
@each class
    ${class},
@end
    NULL,
};

@end
@each columns
static const struct inv_range ${name}[] = {
@each range
    {${first}, ${last}, ${first_name}, ${last_name}},
@end
};

@end
/* texts that mean: missing */
static const char *const missing_texts[] = {
@each na
    ${text},
@end
    NULL,
};

static const struct inv_file files[] = {
@each file
    {${name}, ${path}, ${kind}, ${dtype}, ${rank}, {${dims}}, ${member}},
@end
    {"", "", INV_CSV, INV_F32, 0, {0}, NULL},
};

static const struct inv_field fields[] = {
@each field
    {.name = ${name}, .label = ${label}, .key = ${key}, .file = ${file},
     .range_count = ${range_count}, .range = ${ranges}, .form = ${form},
@each sound
     .sound = {.samples = ${samples}, .rate = ${rate}, .channels = ${channels}, .fill = ${fill},
               .cut = ${cut}, .pieces = ${pieces}},
@end
     .missing = ${missing}, .missing_value = ${missing_value}, .fill = ${fill},
     .text = ${text}, .class_count = ${class_count}, .class_name = ${class_name}, .image = ${image},
     .expression = ${expression},
     .fit = ${fit}, .raw = ${raw}, .input = ${input}, .fit_a = ${fit_a}, .fit_b = ${fit_b},
@each window
     .from = ${from}, .rows = ${rows}, .single = ${single},
@end
     .balance = ${balance}, .weight = ${weight}},
@end
    {.name = ""},
};

/* name, whether a loss, whether lower is better, variable */
static const struct inv_report reports[] = {
@each report
    {${name}, ${loss}, ${better_lower}, ${variable}},
@end
};

@each includes
static const char *const included[] = {
@each include
    ${path},
@end
    NULL,
};

@end
@each defines
/* of -D */
static const char *const defined[] = {
@each define
    ${text},
@end
    NULL,
};

@end
@each ranks
/* what of it, variables of scores, of marks, of the result */
static const struct inv_ranking rankings[] = {
@each ranking
    {${form}, ${score}, ${mark}, ${total}},
@end
};

@end
@each watches
/* whether of the val part, report, variable */
static const struct inv_watched watched[] = {
@each watched
    {${val}, ${report}, ${variable}},
@end
};

@end
@each has_rates
/* name, value, variable that holds it or -1 */
static const struct inv_rate rates[] = {
@each rate
    {${name}, ${value}, ${variable}},
@end
};

@end
@each generates
/* how text is drawn */
static const struct inv_generate generated = {
    .output = ${output}, .field = ${field}, .place = ${place}, .token = ${token},
    .logits = ${logits}, .prompt = ${prompt}, .count = ${tokens},
    .top_k = ${top_k}, .temperature = ${temperature}, .has_seed = ${has_seed}, .seed = ${seed},
    .stream = ${stream},
};

@end
@each labels
/* outputs that stand for the classes of a field */
static const struct inv_label labels[] = {
@each label
    {${variable}, ${field}},
@end
};

@end
const struct inv_model ${symbol} = {
    .abi = INV_ABI,
    .numerics = INV_NUMERICS,
    .level = ${level},
    .selftest = selftest,
    .hash = inv_hash_piece,
    .name = ${name},
    .path = ${path},
@each includes
    .included = included,
@end
@each defines
    .define = defined,
@end
    .sha256 = "${sha256}",
    .compiler = "${compiler}",
    .arena_bytes = ${arena_bytes},
    .saved_bytes = ${saved_bytes},
    .stack_bytes = ${stack_bytes},
    .variable_count = ${variable_count},
    .variable = variables,
@each loads
    .load_count = ${count},
    .load = loads,
@end
@each phase
    .phase[${phase}] = ${function},
@end
    .trace_count = ${trace_count},
    .trace = trace_nodes,
    .data =
        {
            .name = ${data_name},
            .kind = ${data_kind},
            .file_count = ${file_count},
            .file = files,
            .source =
                {
@each source
                    {${first}, ${count}},
@end
                },
            .header = ${header},
            .delimiter = ${delimiter},
            .decimal = ${decimal},
            .comment = ${comment},
            .skip = ${skip},
            .na_count = ${na_count},
            .na = missing_texts,
            .files = ${files},
            .rows_key = "${rows_key}",
            .rows_seeded = ${rows_seeded},
            .rows = ${data_rows},
@each windows
            .window = ${window},
            .stride = ${stride},
@end
            .field_count = ${field_count},
            .field = fields,
            .train_share = ${train_share},
            .val_share = ${val_share},
            .test_share = ${test_share},
            .fold = ${fold},
            .folds = ${folds},
            .stratify = ${stratify},
            .part_value =
                {
@each part_value
                    ${value},
@end
                },
            .shuffle = ${split_shuffle},
            .has_seed = ${has_seed},
            .seed = ${data_seed},
            .stream_split = ${stream_split},
            .stream_shuffle = ${stream_shuffle},
        },
    .seed = ${seed},
    .epochs = ${epochs},
    .steps = ${steps},
    .batch = ${batch},
@each sharded
    .shards = ${shards},
    .step_rows = ${step_rows},
    .sums = ${sums},
    .sums_bytes = ${sums_bytes},
    .settled = ${settled},
    .partial_sums = ${partial_sums},
    .shard_begin = ${shard_begin},
    .shard_end = ${shard_end},
@end
    .shuffle = ${shuffle},
    .drop_last = ${drop_last},
    .streams = ${streams},
    .patience = ${patience},
    .patience_by = ${patience_by},
    .average = ${average},
    .keep_best = ${keep_best},
    .report_count = ${report_count},
    .report = reports,
@each ranks
    .ranking_count = ${count},
    .ranking = rankings,
@end
@each watches
    .watched_count = ${count},
    .watched = watched,
@end
@each has_rates
    .rate_count = ${count},
    .rate = rates,
@end
    .sample = ${sample},
@each generates
    .generate = &generated,
@end
@each labels
    .label_count = ${count},
    .label = labels,
@end
@each device
    .device_type = &${type},
    .workspace_bytes = ${workspace_bytes},
    .library = ${library},
@end
};
