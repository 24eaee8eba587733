/* Feeds the runner's TAP reader: a harness that breaks off or a program that writes into its output
 * must never be taken for a verdict, nor end the runner. */
#include <stdint.h>
#include <stdlib.h>

#include "workbook/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tap tap;
    struct error error = {0};
    int earned, points;

    if (tap_parse((const char *)data, size, &tap, &error) == -1) {
        if (error.text[0] == '\0' || tap.count != 0)
            abort(); /* refused, and nobody would learn why */
        return 0;
    }
    tap_points(&tap, &earned, &points);
    for (size_t i = 0; i < tap.count; i++)
        if (tap.cases[i].name == NULL || tap.cases[i].facts == NULL)
            abort(); /* accepted a case that is none */
    tap_free(&tap);
    return 0;
}
