/* The classroom's intake while its files change; intake.t has what is in them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "classroom/intake.h"
#include "classroom/refusal.h"
#include "workbook/files.h"

static struct exercise_entry exercises[] = {
    {.id = "1.1", .folder = "01_socket/01_alpha", .name = "alpha"},
    {.id = "1.2", .folder = "01_socket/02_beta", .name = "beta"}};
static struct chapter_entry chapters[] = {{.exercises = exercises, .exercise_count = 2}};
static const struct catalogue catalogue = {chapters, 1};

static void put(const char *path, const char *text)
{
    struct error error = {0};

    assert_int_equal(folder_make_for(path, &error), 0);
    assert_int_equal(file_write(path, text, strlen(text), true, &error), 0);
}

static int enter(void **state)
{
    char *folder = strdup("/tmp/unit_intake-XXXXXX");

    if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) == -1) {
        free(folder);
        return -1;
    }
    *state = folder;
    return 0;
}

static int leave(void **state)
{
    char *folder = *state;
    int result = chdir("/");

    scratch_remove(folder);
    free(folder);
    return result;
}

/* ---- a submission that changes under the intake's eyes --------------------------------------- */

static const char *swapped, *with; /* paths that change places … */
static const char *when;           /* … once a file of this name was looked at */

/* Stands before the C library's. */
int fstatat(int folder, const char *restrict name, struct stat *restrict status, int flags)
{
    int result = (int)syscall(SYS_newfstatat, folder, name, status, flags);

    if (when != NULL && strcmp(name, when) == 0) {
        when = NULL;
        assert_int_equal(renameat2(AT_FDCWD, swapped, AT_FDCWD, with, RENAME_EXCHANGE), 0);
    }
    return result;
}

/* The submission's only refusal, for the reason; nothing else's content was read. */
static void read_swapping(const char *path, const char *other, const char *name, const char *reason,
                          const char *exercise)
{
    struct intake intake;
    struct error error = {0};

    swapped = path;
    with = other;
    when = name;
    (void)alarm(60); /* an open() that waits for a FIFO's writer never ends */
    if (intake_read("alice", &catalogue, &intake, &error) == -1)
        fail_msg("%s", error.text);
    (void)alarm(0);
    assert_null(when);
    assert_int_equal(intake.count, 0);
    assert_int_equal(intake.refusals.count, 1);
    assert_string_equal(intake.refusals.list[0].reason, reason);
    if (exercise != NULL)
        assert_string_equal(intake.refusals.list[0].exercise->id, exercise);
    else
        assert_null(intake.refusals.list[0].exercise);
    intake_free(&intake);
    assert_int_equal(renameat2(AT_FDCWD, swapped, AT_FDCWD, with, RENAME_EXCHANGE), 0);
}

static void a_file_that_becomes_something_else(void **state)
{
    static const char path[] = "alice/01_socket/01_alpha/alpha.c";

    (void)state;
    put(path, "mine\n");
    put("secret", "SECRET\n");
    assert_int_equal(symlink("../../../secret", "link"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    read_swapping(path, "link", "alpha.c", "changed", "1.1");
    read_swapping(path, "fifo", "alpha.c", "changed", "1.1");
    read_swapping(path, "folder", "alpha.c", "changed", "1.1");
    assert_int_equal(link("secret", "second"), 0);
    read_swapping(path, "secret", "alpha.c", "hard-link", "1.1");
}

static void a_folder_that_becomes_something_else(void **state)
{
    static const char path[] = "alice/01_socket";

    (void)state;
    put("alice/01_socket/01_alpha/alpha.c", "mine\n");
    put("secrets/01_alpha/alpha.c", "SECRET\n");
    put("file", "SECRET\n");
    assert_int_equal(symlink("../secrets", "link"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    read_swapping(path, "link", "01_socket", "changed", NULL);
    read_swapping(path, "file", "01_socket", "changed", NULL);
    read_swapping(path, "fifo", "01_socket", "changed", NULL);
}

/* The file's own words for what was read must be those of the content, whatever it is by now. */
static void what_was_read_is_what_counts(void **state)
{
    struct intake one, other;
    struct error error = {0};

    (void)state;
    put("alice/01_socket/01_alpha/alpha.c", "first\n");
    assert_int_equal(intake_read("alice", &catalogue, &one, &error), 0);
    FILE *file = fopen("alice/01_socket/01_alpha/alpha.c", "r+");
    assert_non_null(file);
    assert_int_equal(fputs("later\n", file) >= 0 && fclose(file) == 0, 1);
    assert_int_equal(intake_read("alice", &catalogue, &other, &error), 0);
    assert_string_equal(buffer_text(&one.files[0].content), "first\n");
    assert_string_equal(buffer_text(&other.files[0].content), "later\n");
    assert_string_not_equal(one.files[0].sha256, other.files[0].sha256);
    intake_free(&one);
    intake_free(&other);
}

static void an_archive_comes_from_memory(void **state)
{
    struct intake intake;
    struct error error = {0};

    (void)state;
    assert_int_equal(intake_read_archive("hand-in/bob.zip", "PK", 2, &catalogue, &intake_limits,
                                         &intake, &error),
                     0);
    assert_string_equal(intake.reason, "archive-damaged");
    assert_non_null(strstr(intake.why.text, "bob.zip is damaged"));
    assert_null(strstr(intake.why.text, "hand-in")); /* the student reads it, too */
    intake_free(&intake);
    assert_null(intake.reason);
}

static void paths_are_shown_in_one_short_line(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"a b/ü.c", "a b/ü.c"},
        {"a\nb\tc\033\x7f", "a\\x0ab\\x09c\\x1b\\x7f"},
        {"\xff\xe4\xbd", "\\xff\\xe4\\xbd"},
        {"\xe2\x80\xae", "\\u202e"},
    };
    char shown[SHOWN_SIZE], path[1000];
    uint32_t code;

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        path_shown(shown, pairs[i][0]);
        assert_string_equal(shown, pairs[i][1]);
    }
    for (size_t length = 0; length < 330; length++) { /* cut at every place of 3 and 6 bytes */
        memset(path, 'a', length % 7);
        for (size_t i = length % 7; i < length; i++)
            path[i] = length % 2 == 0 ? "作"[(i - length % 7) % 3] : '\033';
        path[length] = '\0';
        path_shown(shown, path);
        size_t end = strlen(shown);
        assert_true(end < SHOWN_SIZE);
        for (size_t i = 0, size; i < end; i += size)
            assert_true((size = text_character(shown + i, end - i, &code)) > 0);
    }
    memset(path, 'a', sizeof path);
    path[SHOWN_SIZE - 1] = '\0';
    path_shown(shown, path);
    assert_string_equal(shown, path);
    path[SHOWN_SIZE - 1] = 'a';
    path[SHOWN_SIZE] = '\0';
    path_shown(shown, path);
    assert_int_equal(strlen(shown), SHOWN_SIZE - 1);
    assert_string_equal(shown + SHOWN_SIZE - sizeof "…", "…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_becomes_something_else, enter, leave),
        cmocka_unit_test_setup_teardown(a_folder_that_becomes_something_else, enter, leave),
        cmocka_unit_test_setup_teardown(what_was_read_is_what_counts, enter, leave),
        cmocka_unit_test(an_archive_comes_from_memory),
        cmocka_unit_test(paths_are_shown_in_one_short_line),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
