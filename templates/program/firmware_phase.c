/* ${comment} */
static const struct inv_group ${name}_groups[] = {
${steps}
};

