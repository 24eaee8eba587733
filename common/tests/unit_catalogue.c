/* The catalogue: chapters, lessons and exercises, found by their place and name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workbook/catalogue.h"
#include "workbook/files.h"

static void put(const char *path, const char *text)
{
    struct error error = {0};

    assert_int_equal(folder_make_for(path, &error), 0);
    assert_int_equal(file_write(path, text, strlen(text), true, &error), 0);
}

/* A small workbook in a folder of its own, which is then the current one. */
static int make_workbook(void **state)
{
    char *folder = strdup("/tmp/unit_catalogue-XXXXXX");

    if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) == -1) {
        free(folder);
        return -1;
    }
    *state = folder;
    (void)unsetenv("COURSE");
    put("01_socket/README.md", "# 1 Sockets\n");
    put("01_socket/03_tcp_client.md",
        "# 1.03 TCP client\n\nCore · 20 minutes · needs 1.02\n\nText.\n");
    put("01_socket/03_tcp_client.c", "/*\n * 1.03  TCP client\n *\n * Sends what it reads, and\n"
                                     " * prints the reply.\n *\n * Python: s.sendall()\n */\n"
                                     "int main(void) { return 0; }\n");
    put("01_socket/12_poll.md", "# 1.12 Poll\n\nMore · 1 minute · needs nothing\n");
    put("01_socket/12_poll.zh-CN.md", "not read here\n");
    put("01_socket/notes.md", "not a lesson\n");
    put("02_http/01_request.md", "# 2.01 A request\nCore · 9 minutes · needs 1.03, 1.05\n");
    put("exercises/01_socket/02_fetch_first/README.md",
        "# 1.2 Fetch first\n\nCore · 40 minutes · needs 1.03\n\n## Task\n\nUse `recv`.\n\n"
        "## Headers\n\n`errno.h`, `<netdb.h>` and `sys/socket.h`\n\n## Hints\n\n`none.h`\n");
    put("exercises/01_socket/11_share/README.md",
        "# 1.11 Share\n\nMore · 90 minutes · needs 1.18\n");
    return mkdir("exercises/01_socket/05_removed", 0777);
}

static int remove_workbook(void **state)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    int result = chdir("/") == 0 ? system(command) : -1; /* NOLINT(cert-env33-c): our own folder */
    free(*state);
    return result;
}

static void everything_is_found(void **state)
{
    struct catalogue catalogue;
    struct error error = {0};

    (void)state;
    assert_int_equal(catalogue_load(&catalogue, &error), 0);
    assert_int_equal(catalogue.chapter_count, 2);
    assert_string_equal(catalogue.chapters[0].title, "Sockets");
    assert_string_equal(catalogue.chapters[1].title, "Http"); /* no README.md: the folder's name */
    assert_int_equal(catalogue.chapters[0].lesson_count, 2);
    assert_int_equal(catalogue.chapters[0].exercise_count, 2);
    assert_ptr_equal(catalogue_chapter(&catalogue, 2), &catalogue.chapters[1]);
    assert_null(catalogue_chapter(&catalogue, 3));
    catalogue_free(&catalogue);
}

static void a_lesson_is_read(void **state)
{
    struct catalogue catalogue;

    (void)state;
    assert_int_equal(catalogue_load(&catalogue, NULL), 0);
    const struct lesson_entry *lesson = catalogue_lesson(&catalogue, "1.03");
    assert_non_null(lesson);
    assert_string_equal(lesson->name, "03_tcp_client");
    assert_string_equal(lesson->title, "TCP client");
    assert_string_equal(lesson->sentence, "Sends what it reads, and prints the reply.");
    assert_string_equal(lesson->path, "01_socket/03_tcp_client.md");
    assert_string_equal(lesson->source, "01_socket/03_tcp_client.c");
    assert_string_equal(lesson->program, "build/01_socket/03_tcp_client");
    assert_true(lesson->core);
    assert_int_equal(lesson->minutes, 20);
    assert_null(catalogue_lesson(&catalogue, "1.3"));
    assert_false(catalogue_lesson(&catalogue, "1.12")->core);
    assert_string_equal(catalogue_lesson(&catalogue, "1.12")->sentence, "");
    catalogue_free(&catalogue);
}

static void an_exercise_is_read(void **state)
{
    struct catalogue catalogue;

    (void)state;
    assert_int_equal(catalogue_load(&catalogue, NULL), 0);
    const struct exercise_entry *exercise = catalogue_exercise(&catalogue, "1.2");
    assert_non_null(exercise);
    assert_string_equal(exercise->folder, "01_socket/02_fetch_first");
    assert_string_equal(exercise->title, "Fetch first");
    assert_string_equal(exercise->needs, "1.03");
    assert_string_equal(exercise->headers, "errno.h netdb.h sys/socket.h");
    assert_string_equal(exercise->answer, "answers/01_socket/02_fetch_first/fetch_first.c");
    assert_string_equal(exercise->cases, "build/exercises/01_socket/02_fetch_first/cases");
    assert_string_equal(catalogue_exercise(&catalogue, "1.11")->headers, "");
    assert_null(catalogue_exercise(&catalogue, "1.5"));
    catalogue_free(&catalogue);
}

static void the_core_course_is_shorter(void **state)
{
    struct catalogue catalogue;
    struct error error = {0};

    (void)state;
    assert_int_equal(setenv("COURSE", "core", 1), 0);
    assert_int_equal(catalogue_load(&catalogue, &error), 0);
    assert_non_null(catalogue_lesson(&catalogue, "1.03"));
    assert_null(catalogue_lesson(&catalogue, "1.12"));
    assert_null(catalogue_exercise(&catalogue, "1.11"));
    catalogue_free(&catalogue);
    assert_int_equal(setenv("COURSE", "long", 1), 0);
    assert_int_equal(catalogue_load(&catalogue, &error), -1);
    assert_non_null(strstr(error.text, "\"long\""));
    assert_int_equal(unsetenv("COURSE"), 0);
}

static void refuse(const char *path, const char *text, const char *why)
{
    struct catalogue catalogue;
    struct error error = {0};

    put(path, text);
    assert_int_equal(catalogue_load(&catalogue, &error), -1);
    assert_non_null(strstr(error.text, why));
    assert_int_equal(catalogue.chapter_count, 0);
    assert_int_equal(unlink(path), 0);
}

static void a_wrong_head_is_named(void **state)
{
    static const char path[] = "01_socket/13_epoll.md";

    (void)state;
    refuse(path, "", "13_epoll.md:1: ");
    refuse(path, "# 1.12 Epoll\n\nCore · 20 minutes · needs 1.12\n", "13_epoll.md:1: ");
    refuse(path, "# 1.13\n", "13_epoll.md:1: ");
    refuse(path, "# 1.13 Epoll\n", "expected \"Core");
    refuse(path, "# 1.13 Epoll\n\n\nText.\n", "13_epoll.md:4: ");
    refuse(path, "# 1.13 Epoll\n\nCore · 20 minutes\n", "13_epoll.md:3: ");
    refuse(path, "# 1.13 Epoll\n\nBasic · 20 minutes · needs 1.12\n", "13_epoll.md:3: ");
    refuse(path, "# 1.13 Epoll\n\nCore · some minutes · needs 1.12\n", "13_epoll.md:3: ");
    refuse(path, "# 1.13 Epoll\n\nCore · 0 minutes · needs 1.12\n", "13_epoll.md:3: ");
    refuse(path, "# 1.13 Epoll\n\nCore · 20 minutes · wants 1.12\n", "13_epoll.md:3: ");
    refuse("exercises/01_socket/04_tlv/README.md", "# 1.04 TLV\n", "04_tlv/README.md:1: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found),   cmocka_unit_test(a_lesson_is_read),
        cmocka_unit_test(an_exercise_is_read),   cmocka_unit_test(the_core_course_is_shorter),
        cmocka_unit_test(a_wrong_head_is_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_workbook, remove_workbook);
}
