#include "workbook/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT = 16 << 20, PATIENCE_MS = 2000, KNOWN = 80 };

static struct process *running; /* started and not yet exited */
static int known[KNOWN];        /* children started by other means */

/* ---- descendants ----------------------------------------------------------------------------- */

void processes_adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* Linux 3.4 and later; cannot fail there */
}

void process_know(int pid)
{
    for (int i = 0; i < KNOWN; i++)
        if (known[i] == 0) {
            known[i] = pid;
            return;
        }
}

void process_forget(int pid)
{
    for (int i = 0; i < KNOWN; i++)
        if (known[i] == pid)
            known[i] = 0;
}

void processes_end_known(void)
{
    for (int i = 0; i < KNOWN; i++) {
        if (known[i] == 0)
            continue;
        (void)kill((pid_t)known[i], SIGKILL); /* our child: it is there until we wait for it */
        while (waitpid((pid_t)known[i], NULL, 0) == -1 && errno == EINTR)
            continue;
        known[i] = 0;
    }
}

static bool is_ours(int pid)
{
    for (const struct process *p = running; p != NULL; p = p->next)
        if (p->handle.pid == pid)
            return true;
    for (int i = 0; i < KNOWN; i++)
        if (known[i] == pid)
            return true;
    return false;
}

/* Ends the strangers among the children listed in text. Returns how many there were. */
static int sweep_list(const char *text)
{
    int ended = 0;
    char *end;

    for (long pid; (pid = strtol(text, &end, 10)) > 0 && end != text; text = end) {
        if (is_ours((int)pid))
            continue;
        (void)kill((pid_t)pid, SIGKILL); /* it is our child: it is there until we wait for it */
        while (waitpid((pid_t)pid, NULL, 0) == -1 && errno == EINTR)
            continue;
        ended++;
    }
    return ended;
}

static int sweep_once(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    int ended = 0;

    if (tasks == NULL)
        return 0;
    while ((task = readdir(tasks)) != NULL) {
        struct buffer list = {0};
        char path[64];
        if (!isdigit((unsigned char)task->d_name[0]))
            continue;
        (void)snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        if (buffer_add_file(&list, path, 1 << 20) == 0)
            ended += sweep_list(buffer_text(&list));
        buffer_free(&list);
    }
    (void)closedir(tasks);
    return ended;
}

void processes_sweep(void)
{
    /* The children of a process that ends become ours: again until there is none. */
    while (sweep_once() > 0)
        continue;
}

/* ---- one process ----------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;

    if (--process->open == 0)
        process->on_end(process);
}

static void close_when_over(struct process *process)
{
    if (!process->exited || !process->ended[0] || !process->ended[1])
        return;
    uv_close((uv_handle_t *)&process->handle, on_closed);
    uv_close((uv_handle_t *)&process->pipes[0], on_closed);
    uv_close((uv_handle_t *)&process->pipes[1], on_closed);
    uv_close((uv_handle_t *)&process->patience, on_closed);
}

static void forget_running(const struct process *process)
{
    for (struct process **p = &running; *p != NULL; p = &(*p)->next)
        if (*p == process) {
            *p = process->next;
            return;
        }
}

static void on_exit_of(uv_process_t *handle, int64_t status, int signal)
{
    struct process *process = handle->data;

    process->status = status;
    process->signal = signal;
    process->exited = true;
    forget_running(process);
    (void)kill(-handle->pid, SIGKILL); /* what is left of its group; mostly nothing */
    processes_sweep();                 /* and what left the group: else its pipes would stay open */
    close_when_over(process);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char bytes[65536]; /* one loop, one read at a time */
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct process *process = stream->data;
    int which = stream == (uv_stream_t *)&process->pipes[1];
    struct buffer *into = which == 0 ? &process->output : &process->errors;

    if (got < 0) { /* its end, or an error that ends it as well */
        process->ended[which] = true;
        (void)uv_read_stop(stream);
        close_when_over(process);
    } else if (into->length + (size_t)got > KEPT ||
               buffer_add(into, buffer->base, (size_t)got) == -1) {
        process->flooded = true; /* read on, so that it is not held up, but keep no more */
    }
}

static void on_patience(uv_timer_t *timer)
{
    struct process *process = timer->data;

    if (!process->exited) {
        (void)kill(-process->handle.pid, SIGKILL);
        (void)uv_process_kill(&process->handle, SIGKILL);
    }
}

void process_end(struct process *process)
{
    process->killed = true;
    if (process->exited)
        return;
    (void)kill(-process->handle.pid, SIGTERM); /* it may be gone already */
    (void)kill(-process->handle.pid, SIGCONT); /* a stopped process would not notice */
    (void)uv_timer_start(&process->patience, on_patience, PATIENCE_MS,
                         0); /* fails only if closing */
}

/* The environment with extra in front: the first setting of a name counts. NULL: memory is short.
 */
static const char **environment_with(const char *const *extra)
{
    size_t count = 0, more = 0, used = 0;

    while (environ[count] != NULL)
        count++;
    while (extra != NULL && extra[more] != NULL)
        more++;
    const char **list = calloc(count + more + 1, sizeof *list);
    for (; list != NULL && used < more; used++)
        list[used] = extra[used];
    for (size_t i = 0; list != NULL && i < count; i++) {
        bool replaced = false;
        for (size_t j = 0; j < more && !replaced; j++)
            replaced = strncmp(environ[i], extra[j], strcspn(extra[j], "=") + 1) == 0;
        if (!replaced)
            list[used++] = environ[i];
    }
    return list;
}

static void init_handles(uv_loop_t *loop, struct process *process)
{
    /* None of these can fail: they only set fields. */
    (void)uv_pipe_init(loop, &process->pipes[0], 0);
    (void)uv_pipe_init(loop, &process->pipes[1], 0);
    (void)uv_timer_init(loop, &process->patience);
    process->handle.data = process->patience.data = process;
    process->pipes[0].data = process->pipes[1].data = process;
    process->open = 4;
}

void process_start(uv_loop_t *loop, struct process *process, const char *const *arguments,
                   const char *const *extra, void (*on_end)(struct process *process))
{
    *process = (struct process){.on_end = on_end,
                                .data = process->data,
                                .folder = process->folder,
                                .user = process->user,
                                .given = {process->given[0], process->given[1]},
                                .given_count = process->given_count};
    const char **environment = environment_with(extra); /* without memory: as it is */
    init_handles(loop, process);

    uv_stdio_container_t streams[5] = {{.flags = UV_IGNORE}};
    for (int i = 0; i < 2; i++) {
        streams[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        streams[i + 1].data.stream = (uv_stream_t *)&process->pipes[i];
    }
    for (int i = 0; i < process->given_count; i++) {
        streams[3 + i].flags = UV_INHERIT_FD;
        streams[3 + i].data.fd = process->given[i];
    }
    uv_process_options_t options = {
        .file = arguments[0],
        .args = (char **)arguments, /* libuv only reads them */
        .env = (char **)environment,
        .cwd = process->folder,
        .uid = process->user,
        .gid = process->user,
        .flags =
            UV_PROCESS_DETACHED | (process->user != 0 ? UV_PROCESS_SETUID | UV_PROCESS_SETGID : 0U),
        .exit_cb = on_exit_of,
        .stdio = streams,
        .stdio_count = 3 + process->given_count,
    };
    int result = uv_spawn(loop, &process->handle, &options);
    free(environment);
    if (result != 0) {
        (void)error_set(&process->failure, "%s: %s", arguments[0], uv_strerror(result));
        process->exited = process->ended[0] = process->ended[1] = true;
        close_when_over(process);
        return;
    }
    process->next = running;
    running = process;
    for (int i = 0; i < 2; i++)
        if (uv_read_start((uv_stream_t *)&process->pipes[i], on_allocate, on_read) != 0)
            process->ended[i] = true; /* not readable: as if it had said nothing */
}

/* ---- a short command ------------------------------------------------------------------------- */

static void on_run_end(struct process *process)
{
    (void)process; /* the loop ends with its last handle */
}

int process_run(const char *const *arguments, struct buffer *output, struct buffer *errors,
                struct error *error)
{
    uv_loop_t loop;
    struct process process = {.data = NULL};

    int result = uv_loop_init(&loop);
    if (result != 0)
        return error_set(error, "%s: %s", arguments[0], uv_strerror(result));
    process_start(&loop, &process, arguments, NULL, on_run_end);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* until no handle is left */
    (void)uv_loop_close(&loop);
    if (process.failure.text[0] != '\0')
        result = error_set(error, "%s", process.failure.text);
    else
        result = process.signal != 0 ? 128 + process.signal : (int)process.status;
    (void)buffer_add(output, buffer_text(&process.output), process.output.length);
    if (errors != NULL)
        (void)buffer_add(errors, buffer_text(&process.errors), process.errors.length);
    buffer_free(&process.output);
    buffer_free(&process.errors);
    return result;
}

int processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}
