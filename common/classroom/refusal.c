#include "classroom/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "workbook/files.h"

int refusals_add(struct refusals *refusals, const struct exercise_entry *exercise, const char *path,
                 const char *reason, const char *sentence)
{
    if (exercise == NULL && refusals->count >= REFUSALS_MOST) {
        refusals->unlisted++;
        return 0;
    }
    struct refusal *list = realloc(refusals->list, (refusals->count + 1) * sizeof *list);
    if (list == NULL)
        return -1;
    refusals->list = list;
    struct refusal refusal = {strdup(path), reason, strdup(sentence), exercise};
    if (refusal.path == NULL || refusal.sentence == NULL) {
        free(refusal.path);
        free(refusal.sentence);
        return -1;
    }
    list[refusals->count++] = refusal;
    return 0;
}

void refusals_free(struct refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++) {
        free(refusals->list[i].path);
        free(refusals->list[i].sentence);
    }
    free(refusals->list);
    *refusals = (struct refusals){0};
}

/* Adds one character, as text_harmless() does and on one line. Returns how many bytes it was. */
static size_t add_character(struct buffer *text, const char *at)
{
    uint32_t code;
    size_t size = text_character(at, strnlen(at, 4), &code);

    if (size == 0)
        size = 1;
    if (*at == '\n' || *at == '\t')
        (void)buffer_print(text, "\\x%02x", (unsigned)*at); /* memory short: less is shown */
    else
        (void)text_harmless(text, at, size);
    return size;
}

void path_shown(char shown[SHOWN_SIZE], const char *path)
{
    static const char more[] = "…";
    struct buffer text = {0};
    size_t fits = 0; /* bytes behind which there is room for more */

    for (const char *at = path; *at != '\0' && text.length < SHOWN_SIZE;) {
        at += add_character(&text, at);
        if (text.length <= SHOWN_SIZE - sizeof more)
            fits = text.length;
    }
    bool whole = text.length < SHOWN_SIZE;
    size_t length = whole ? text.length : fits;
    if (length > 0)
        memcpy(shown, text.data, length);
    memcpy(shown + length, whole ? "" : more, whole ? 1 : sizeof more);
    buffer_free(&text);
}
