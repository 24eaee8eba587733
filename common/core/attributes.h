/* What the compilers are told of a function beyond its type. */
#ifndef CORE_ATTRIBUTES_H
#define CORE_ATTRIBUTES_H

/* Argument f is a format as printf() takes it, for the arguments from a on. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

#endif
