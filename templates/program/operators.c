@each operator_header
#include ${header}
@end
@each operator

/* ---- ${file}, of the model's own: its names are behind inv_operator_, its macros its own ---- */
${before}${text}
${behind}
@end
