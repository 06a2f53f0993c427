/* ${comment} */
static const struct inv_group ${name}_groups[] = {
${steps}
};
@each looped

/* loops: first group, the one behind the last, turns, whether from the last index to the first, how
 * many loops are around it */
static const struct inv_loop ${name}_loops[] = {
@each loop
    {${loop}},
@end
};

/* what moves in them: group, how many numbers it has of its own, which one, in which loop, by how
 * many bytes from one index to the next: constant, of each row of the batch */
static const struct inv_move ${name}_moves[] = {
@each move
    {${move}},
@end
    {-1, 0, 0, 0, 0, 0},
};
@end
