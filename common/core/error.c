#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_message(const char *format, va_list arguments, int error)
{
    /* One buffer and one write: lines of several processes do not mix. */
    char line[1024];
    int used = snprintf(line, sizeof line, "%s: ", program_invocation_short_name);

    (void)fflush(stdout); /* keeps output and errors in order; finish() reports its failure */
    if (used > 0 && (size_t)used < sizeof line)
        (void)vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    if (error != 0)
        (void)fprintf(stderr, "%s: %s (%s)\n", line, errno_name(error), strerror(error));
    else
        (void)fprintf(stderr, "%s\n", line);
}

void report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, 0);
    va_end(arguments);
}

void report_errno(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, error);
    va_end(arguments);
    errno = error;
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, 0);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void die_errno(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, error);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void die_usage(const char *arguments)
{
    (void)fprintf(stderr, "usage: %s %s\n", program_invocation_short_name, arguments);
    exit(EXIT_USAGE);
}

void finish(int status)
{
    if (fflush(stdout) == EOF || ferror(stdout))
        die_errno("standard output");
    exit(status);
}

const char *errno_name(int error)
{
    const char *name = strerrorname_np(error);
    return name != NULL ? name : "E?";
}

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return -1;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

int error_set_errno(struct error *error, const char *format, ...)
{
    int number = errno;
    va_list arguments;

    if (error == NULL)
        return -1;
    va_start(arguments, format);
    int used = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (used > 0 && (size_t)used < sizeof error->text)
        (void)snprintf(error->text + used, sizeof error->text - (size_t)used, ": %s",
                       strerror(number));
    errno = number;
    return -1;
}
