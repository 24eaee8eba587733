/* What a program is linked with, from its file. */
#include <elf.h>
#include <link.h>
#include <string.h>

#include "harness/internal.h"

/* Of the system, and of no account: unwinding them is never needed, or works by frame pointers. */
static bool is_usual(const char *name)
{
    static const char *const usual[] = {"libasan.so", "libubsan.so",   "libgcc_s.so",
                                        "libc.so",    "libpthread.so", "libm.so",
                                        "libdl.so",   "librt.so",      "ld-linux"};

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strncmp(name, usual[i], strlen(usual[i])) == 0)
            return true;
    return false;
}

/* A part of the file, if all of it is there. */
static const char *part_at(const struct buffer *file, uint64_t offset, uint64_t size)
{
    return offset <= file->length && size <= file->length - offset ? file->data + offset : NULL;
}

static bool names_library(const struct buffer *file, const ElfW(Shdr) * table,
                          const ElfW(Shdr) * names)
{
    const char *entries = part_at(file, table->sh_offset, table->sh_size);
    const char *text = part_at(file, names->sh_offset, names->sh_size);
    ElfW(Dyn) entry;

    if (entries == NULL || text == NULL || names->sh_size == 0 || text[names->sh_size - 1] != '\0')
        return false;
    for (size_t i = 0; i + sizeof entry <= table->sh_size; i += sizeof entry) {
        memcpy(&entry, entries + i, sizeof entry);
        if (entry.d_tag == DT_NEEDED && entry.d_un.d_val < names->sh_size &&
            !is_usual(text + entry.d_un.d_val))
            return true;
    }
    return false;
}

bool linked_with_library(const char *program)
{
    struct buffer file = {0};
    ElfW(Ehdr) head = {.e_shnum = 0};
    ElfW(Shdr) table, names;
    bool found = false;

    if (buffer_add_file(&file, program, 64 << 20) == 0 && file.length >= sizeof head)
        memcpy(&head, file.data, sizeof head);
    for (size_t i = 0; i < head.e_shnum && !found; i++) {
        const char *at = part_at(&file, head.e_shoff + i * sizeof table, sizeof table);
        if (at == NULL)
            break;
        memcpy(&table, at, sizeof table);
        if (table.sh_type != SHT_DYNAMIC)
            continue;
        at = part_at(&file, head.e_shoff + table.sh_link * sizeof names, sizeof names);
        if (at == NULL)
            break;
        memcpy(&names, at, sizeof names);
        found = names_library(&file, &table, &names);
    }
    buffer_free(&file);
    return found;
}
