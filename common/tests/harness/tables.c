/* Tables of cases that are not as they should be; TABLE chooses one. harness.t knows what is said.
 */
#include <stdlib.h>

#include "harness/harness.h"

/* Names that a case may well have: harness.h takes none but its own. */
static void report(struct session *s)
{
    session_wait(s, 0);
}

static void finish(struct session *s)
{
    report(s);
}

static void die(struct session *s)
{
    finish(s);
}

#define GOOD                                                                 \
    {                                                                        \
        .name = "a-1", .title = "t", .points = 1, .teaches = "t", .run = die \
    }

static const struct test_case TABLES[][3] = {
    {GOOD, {.name = "b", .title = "t", .points = 1, .teaches = "t", .run = report, .faults = ""}},
    {GOOD, {.name = "a-1", .title = "t", .points = 1, .teaches = "t", .run = die}},
    {GOOD, {.name = "a b", .title = "t", .points = 1, .teaches = "t", .run = die}},
    {GOOD, {.name = "a/b", .title = "t", .points = 1, .teaches = "t", .run = die}},
    {GOOD, {.name = "", .title = "t", .points = 1, .teaches = "t", .run = die}},
    {GOOD, {.name = "b", .points = 1, .teaches = "t", .run = die}},
    {GOOD, {.name = "b", .title = "t", .points = 1, .run = die}},
    {GOOD, {.name = "b", .title = "t", .points = 1, .teaches = "t"}},
    {GOOD, {.name = "b", .title = "t", .points = -1, .teaches = "t", .run = die}},
    {GOOD, {.name = "b", .title = "t", .teaches = "t", .run = die}},
    {{.name = "b", .title = "t", .teaches = "t", .run = die}, GOOD},
    {GOOD,
     {.name = "b",
      .title = "t",
      .points = 1,
      .teaches = "t",
      .run = report,
      .faults = "short-raed"}},
    {{.name = "a", .title = "t", .teaches = "t", .run = die},
     {.name = "b", .title = "t", .teaches = "t", .run = die}},
};

int main(int argc, char **argv)
{
    const char *table = getenv("TABLE");

    return harness_main(argc, argv, TABLES[table == NULL ? 0 : strtol(table, NULL, 10)]);
}
