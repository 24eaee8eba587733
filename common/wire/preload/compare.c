/*
 * Comparisons of a secret that stop at the first difference: how long they take tells a stranger
 * how much of it was guessed. AddressSanitizer calls these hooks behind memcmp() and its kin; they
 * are meant for fuzzers.
 */
#include <string.h>

#include "preload.h"

enum { SECRET = 32, ENOUGH = 16 }; /* bytes; so much of it does not come by chance */

/* Whether n bytes at text begin as the secret does, raw or as digits. No memcmp() in here: it would
 * call us. */
static bool is_secret(const unsigned char *text, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *secret = wire.header->secret;
    size_t raw = 0, hex = 0;

    while (raw < ENOUGH && n >= SECRET && text[raw] == secret[raw])
        raw++;
    if (raw == ENOUGH)
        return true;
    while (hex < ENOUGH && hex < n &&
           (text[hex] | 0x20) == digits[hex % 2 == 0 ? secret[hex / 2] >> 4 : secret[hex / 2] & 15])
        hex++;
    return hex == ENOUGH;
}

/* a is n bytes and b is m; result is 0 if they are equal. */
static void look(const char *name, const void *caller, const void *a, size_t n, const void *b,
                 size_t m, int result)
{
    struct passage passage;

    if (result == 0) /* whoever called memcmp(): its hook is told an address in the sanitizer */
        wire_yield(name[0] == 'm' ? NULL : caller);
    if (!wire_on() || atomic_load_explicit(&wire.header->guarded, memory_order_acquire) == 0 ||
        (!is_secret(a, n) && !is_secret(b, m)))
        return;
    wire_begin(&passage, WIRE_COMPARE, name, -1, caller);
    passage.event.asked = (int64_t)n;
    (void)wire_leave(&passage, 0, passage.saved);
}

#define HOOK(name) __sanitizer_weak_hook_##name
WIRE_EXPORT void HOOK(memcmp)(void *caller, const void *a, const void *b, size_t n, int result);
WIRE_EXPORT void HOOK(strcmp)(void *caller, const char *a, const char *b, int result);
WIRE_EXPORT void HOOK(strncmp)(void *caller, const char *a, const char *b, size_t n, int result);
WIRE_EXPORT void HOOK(strcasecmp)(void *caller, const char *a, const char *b, int result);
WIRE_EXPORT void HOOK(strncasecmp)(void *caller, const char *a, const char *b, size_t n,
                                   int result);

void HOOK(memcmp)(void *caller, const void *a, const void *b, size_t n, int result)
{
    look("memcmp", caller, a, n, b, n, result);
}

void HOOK(strcmp)(void *caller, const char *a, const char *b, int result)
{
    look("strcmp", caller, a, strlen(a), b, strlen(b), result);
}

void HOOK(strncmp)(void *caller, const char *a, const char *b, size_t n, int result)
{
    look("strncmp", caller, a, strnlen(a, n), b, strnlen(b, n), result);
}

void HOOK(strcasecmp)(void *caller, const char *a, const char *b, int result)
{
    look("strcasecmp", caller, a, strlen(a), b, strlen(b), result);
}

void HOOK(strncasecmp)(void *caller, const char *a, const char *b, size_t n, int result)
{
    look("strncasecmp", caller, a, strnlen(a, n), b, strnlen(b, n), result);
}
