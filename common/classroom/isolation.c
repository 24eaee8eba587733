#include "classroom/isolation.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "classroom/stage.h"
#include "workbook/process.h"
#include "workbook/screen.h"

struct trial {
    struct process process;
    struct error *error;
    bool works;
};

static void on_trial_end(struct process *process)
{
    struct trial *trial = process->data;
    const char *said = buffer_text(&process->errors);

    trial->works = process->status == 0 && process->signal == 0 && process->failure.text[0] == '\0';
    if (process->failure.text[0] != '\0')
        *trial->error = process->failure;
    else if (!trial->works)
        (void)error_set(trial->error, "%.*s", (int)strcspn(said, "\n"),
                        *said == '\0' ? _("it ended and said nothing") : said);
    buffer_free(&process->output);
    buffer_free(&process->errors);
}

/* A box in a box, and in it a connection over the inner one's network. */
static int try_boxes(const struct stage *stage, struct error *error)
{
    static struct box_words outer, inner;
    struct trial trial = {.error = error};
    char filter[SCRATCH_SIZE + 16];
    uv_loop_t loop;

    (void)snprintf(filter, sizeof filter, "%s/build/box.bpf", stage->folder);
    box_outer(&outer, stage->folder);
    box_inner(&inner, BOX_ROOT "/build/box-init", BOX_ROOT "/build/libwire.so",
              BOX_ROOT "/build/student.flags", NULL, 3);
    for (size_t i = 0; i < inner.count; i++)
        box_add(&outer, inner.list[i]);
    box_add(&outer, "--probe");
    int result = uv_loop_init(&loop);
    if (result != 0)
        return error_set(error, "%s", uv_strerror(result));
    trial.process.data = &trial;
    trial.process.user = stage->user;
    trial.process.given[0] = open(filter, O_RDONLY | O_CLOEXEC);
    trial.process.given_count = 1;
    process_start(&loop, &trial.process, outer.list, NULL, on_trial_end);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* until no handle is left */
    (void)uv_loop_close(&loop);
    (void)close(trial.process.given[0]); /* only read from */
    return trial.works ? 0 : -1;
}

static const char *const CURE =
    N_("Boxes cannot be made here: %s. What helps: install bubblewrap (sh common/setup.sh); on "
       "Ubuntu 24.04, sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a container, start "
       "it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined");

static void look(struct isolation *isolation)
{
    struct stage stage = {.user = isolation->user};
    struct error why = {0};

    if (stage_make(&stage, isolation->user, &isolation->no_boxes) == -1)
        return;
    if (try_boxes(&stage, &why) == -1)
        (void)error_set(&isolation->no_boxes, _(CURE), why.text);
    stage_remove(&stage);
    if (groups_probe(&isolation->groups, isolation->user != 0 ? isolation->user : getuid(),
                     &isolation->no_groups) == -1 &&
        isolation->no_groups.text[0] == '\0')
        (void)error_set(&isolation->no_groups, "%s", _("control groups cannot be made here"));
}

static void describe(struct isolation *isolation)
{
    if (isolation->level == BOX_A)
        (void)snprintf(isolation->sentence, sizeof isolation->sentence,
                       _("nested boxes, control groups v%d"),
                       isolation->groups.kind == GROUPS_V1 ? 1 : 2);
    else
        (void)snprintf(isolation->sentence, sizeof isolation->sentence, "%s",
                       isolation->level == BOX_B ? _("nested boxes, without control groups")
                                                 : _("no boxes: programs see this machine"));
}

int isolation_find(struct isolation *isolation, const char *wanted, struct error *error)
{
    *isolation = (struct isolation){.user = geteuid() == 0 ? BOX_USER : 0};
    bool known = wanted == NULL || strcmp(wanted, "A") == 0 || strcmp(wanted, "B") == 0;

    if (!known && strcmp(wanted, "C") != 0)
        return error_set(error, _("An isolation is A, B or C, not %.40s."), wanted);
    if (known)
        look(isolation);
    bool boxes = known && isolation->no_boxes.text[0] == '\0';
    bool groups = boxes && isolation->no_groups.text[0] == '\0';
    isolation->level = !boxes                                          ? BOX_C
                       : !groups || (wanted != NULL && *wanted == 'B') ? BOX_B
                                                                       : BOX_A;
    describe(isolation);
    if (known && !boxes)
        return error_set(error,
                         _("%s. Others' programs are not run without; where the machine may be "
                           "lost, --isolation=C does."),
                         isolation->no_boxes.text);
    if (wanted != NULL && *wanted == 'A' && !groups)
        return error_set(error, "%s", isolation->no_groups.text);
    return 0;
}

const char *isolation_found(struct isolation *isolation)
{
    bool groups = isolation->level == BOX_A;

    (void)snprintf(isolation->found, sizeof isolation->found, "%s\n%s", isolation_letter(isolation),
                   groups ? groups_place(&isolation->groups) : "");
    return isolation->found;
}

int isolation_take(struct isolation *isolation, const char *found, struct error *error)
{
    *isolation = (struct isolation){.user = geteuid() == 0 ? BOX_USER : 0};
    if (strchr("ABC", *found) == NULL || *found == '\0' || found[1] != '\n')
        return error_set(error, _("An isolation is A, B or C, not %.40s."), found);
    isolation->level = *found == 'A' ? BOX_A : *found == 'B' ? BOX_B : BOX_C;
    if (isolation->level == BOX_A && groups_place_parse(&isolation->groups, found + 2, error) == -1)
        return -1;
    describe(isolation);
    return 0;
}

int isolation_begin(struct isolation *isolation, struct error *error)
{
    return isolation->level == BOX_A
               ? groups_make(&isolation->groups, isolation->user != 0 ? isolation->user : getuid(),
                             error)
               : 0;
}

void isolation_end(struct isolation *isolation)
{
    if (isolation->level == BOX_A)
        (void)groups_remove(&isolation->groups, NULL); /* the next grader tries again */
}

const char *isolation_letter(const struct isolation *isolation)
{
    static const char *const letters[] = {"A", "B", "C"};

    return letters[isolation->level];
}
