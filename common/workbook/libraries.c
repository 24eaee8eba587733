#include "workbook/libraries.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "workbook/screen.h"

/* Whether a header, or another line's name, is one of this library's. */
static bool belongs(const struct library *library, const char *header, size_t length)
{
    size_t name = strlen(library->name);

    return library->name[name - 1] == '/'
               ? length > name && strncmp(header, library->name, name) == 0
               : length == name && strncmp(header, library->name, name) == 0;
}

/* "-I02_http": where the workbook's own headers are, not the system's. */
static bool is_own_folder(const char *word)
{
    return strncmp(word, "-I", 2) == 0 && word[2] != '/';
}

static bool is_archive(const char *word)
{
    size_t length = strlen(word);

    return word[0] != '-' && length > 2 && strcmp(word + length - 2, ".a") == 0;
}

static bool goes_before(const char *word)
{
    return strncmp(word, "-I", 2) == 0 || strncmp(word, "-D", 2) == 0;
}

static int line_read(struct libraries *libraries, char *line, struct error *error)
{
    if (libraries->count == LIBRARIES_MOST)
        return error_set(error, _("%s has more than %d lines"), LIBRARIES_FILE, LIBRARIES_MOST);
    struct library *library = &libraries->list[libraries->count];
    char *rest, *word = strtok_r(line, " ", &rest);
    if (word == NULL)
        return 0;
    *library = (struct library){.name = word};
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        if (library->word_count == LIBRARY_WORDS)
            return error_set(error, _("%s: %s has more than %d words"), LIBRARIES_FILE,
                             library->name, LIBRARY_WORDS);
        library->words[library->word_count++] = word;
        if (library->folder == NULL && is_own_folder(word))
            library->folder = word + 2;
    }
    libraries->count++;
    return 0;
}

static void find_needed(struct libraries *libraries, const char *headers)
{
    for (size_t i = 0; i < libraries->count; i++)
        for (const char *at = headers; *at != '\0'; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");
            if (belongs(&libraries->list[i], at, length))
                libraries->list[i].needed = true;
            at += length;
        }
    for (size_t i = 0; i < libraries->count; i++)
        for (size_t w = 0; libraries->list[i].needed && w < libraries->list[i].word_count; w++)
            for (size_t j = i + 1; j < libraries->count; j++)
                if (strcmp(libraries->list[i].words[w], libraries->list[j].name) == 0)
                    libraries->list[j].needed = true;
}

int libraries_read(struct libraries *libraries, const char *headers, struct error *error)
{
    struct buffer text = {0};
    int result = 0;

    *libraries = (struct libraries){.text = NULL};
    if (buffer_add_file(&text, LIBRARIES_FILE, 1 << 16) == -1 && errno == ENOENT)
        return error_set(error, _("%s is missing; run make first"), LIBRARIES_FILE);
    if (text.data == NULL)
        return error_set_errno(error, "%s", LIBRARIES_FILE);
    libraries->text = text.data;
    char *rest = text.data;
    for (char *line; result == 0 && (line = strsep(&rest, "\n")) != NULL;)
        result = line_read(libraries, line, error);
    find_needed(libraries, headers);
    return result;
}

void libraries_free(struct libraries *libraries)
{
    free(libraries->text);
    *libraries = (struct libraries){.text = NULL};
}

/* The next word of those needed; *at counts them all. */
static const char *next_word(const struct libraries *libraries, size_t *at,
                             const struct library **whose)
{
    for (size_t i = *at / LIBRARY_WORDS; i < libraries->count; i = *at / LIBRARY_WORDS) {
        const struct library *library = &libraries->list[i];
        size_t word = *at % LIBRARY_WORDS;
        if (!library->needed || word >= library->word_count) {
            *at = (i + 1) * LIBRARY_WORDS;
            continue;
        }
        ++*at;
        *whose = library;
        return library->words[word];
    }
    return NULL;
}

const char *libraries_before(const struct libraries *libraries, size_t *at)
{
    const struct library *whose;
    const char *word;

    while ((word = next_word(libraries, at, &whose)) != NULL)
        if (goes_before(word))
            return word;
    return NULL;
}

const char *libraries_behind(const struct libraries *libraries, size_t *at)
{
    const struct library *whose;
    const char *word;

    while ((word = next_word(libraries, at, &whose)) != NULL)
        if (!goes_before(word) && (word[0] == '-' || is_archive(word)))
            return word;
    return NULL;
}

bool libraries_part(const struct libraries *libraries, size_t *at, char *path)
{
    const struct library *whose;
    const char *word;
    int length = -1;

    while (length < 0 && (word = next_word(libraries, at, &whose)) != NULL) {
        if (is_archive(word))
            length = snprintf(path, PATH_MAX, "%s", word);
        else if (is_own_folder(word))
            length = snprintf(path, PATH_MAX, "%s/%.*s", word + 2, (int)strcspn(whose->name, "/"),
                              whose->name);
    }
    return length >= 0 && length < PATH_MAX;
}

bool libraries_own(const struct libraries *libraries, const char *header, size_t length, char *path)
{
    for (size_t i = 0; i < libraries->count; i++) {
        const struct library *library = &libraries->list[i];
        if (library->folder == NULL || !belongs(library, header, length))
            continue;
        int size = snprintf(path, PATH_MAX, "%s/%.*s", library->folder, (int)length, header);
        return size >= 0 && size < PATH_MAX;
    }
    return false;
}
