/* ${comment} */
static const struct inv_group ${name}_groups[] = {
@each step
    ${step}
@end
};

