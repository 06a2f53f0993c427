@each operator

/* ---- ${file}, of the model's own ---- */
${text}
@end
