#include "workbook/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workbook/screen.h"

static void mode_set(const struct termios *mode)
{
    while (tcsetattr(STDIN_FILENO, TCSADRAIN, mode) == -1 && errno == EINTR)
        ; /* any other failure: the terminal is gone */
}

static void mode_keys(const struct terminal *terminal)
{
    struct termios mode = terminal->before;

    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_lflag |= ISIG;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    mode_set(&mode);
}

bool terminal_there(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

int terminal_open(struct terminal *terminal, struct error *error)
{
    static const int watched[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH, SIGTTOU};
    sigset_t set;

    *terminal = (struct terminal){.signals = -1};
    if (tcgetattr(STDIN_FILENO, &terminal->before) == -1)
        return error_set_errno(error, _("the terminal cannot be read"));
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        (void)sigaddset(&set, watched[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &terminal->mask);
    /* SIGTTOU stays blocked and unread: putting the mode back from the background must not stop. */
    (void)sigdelset(&set, SIGTTOU);
    terminal->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (terminal->signals == -1) {
        (void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
        return error_set_errno(error, _("the terminal cannot be read"));
    }
    mode_keys(terminal);
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    (void)fflush(stdout); /* what cannot be shown cannot be said */
    mode_set(&terminal->before);
    (void)close(terminal->signals);
    terminal->signals = -1;
    (void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

/* Ctrl-Z: stops as any program does, with the terminal as it was, and goes on after fg. */
static void terminal_stop(struct terminal *terminal)
{
    sigset_t set;

    (void)fflush(stdout);
    mode_set(&terminal->before);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTSTP);
    (void)raise(SIGTSTP);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    mode_keys(terminal);
    terminal->resized = true;
}

bool terminal_signal(struct terminal *terminal)
{
    struct signalfd_siginfo info;

    while (read(terminal->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGWINCH)
            terminal->resized = true;
        else if (number == SIGTSTP)
            terminal_stop(terminal);
        else
            terminal->signal = number;
    }
    return terminal->signal != 0;
}

/* What follows an escape: the arrow keys mean something here, any other sequence is swallowed. */
static int escape_read(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char byte = 0;
    int key = KEY_NONE;

    if (poll(&in, 1, 0) <= 0 || read(STDIN_FILENO, &byte, 1) != 1 || (byte != '[' && byte != 'O'))
        return KEY_NONE;
    do {
        if (poll(&in, 1, 0) <= 0 || read(STDIN_FILENO, &byte, 1) != 1)
            return KEY_NONE;
        key = byte == 'C' ? KEY_RIGHT : byte == 'D' ? KEY_LEFT : KEY_NONE;
    } while (byte < 0x40);
    return key;
}

int terminal_key(struct terminal *terminal)
{
    unsigned char byte;

    (void)fflush(stdout);
    for (;;) {
        struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                   {.fd = terminal->signals, .events = POLLIN}};
        if (terminal->signal != 0)
            return KEY_END;
        if (terminal->resized) {
            terminal->resized = false;
            return KEY_REDRAW;
        }
        if (poll(watched, 2, -1) == -1)
            continue;
        if (watched[1].revents != 0) {
            (void)terminal_signal(terminal); /* looked at above */
            continue;
        }
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0 || byte == 0x04) /* Ctrl-D */
            return KEY_END;
        int key = byte == 0x1b ? escape_read() : byte == '\n' || byte == ' ' ? KEY_ENTER : byte;
        if (key != KEY_NONE)
            return key;
    }
}

int terminal_run(struct terminal *terminal, const char *const *command)
{
    static const int keys[] = {SIGINT, SIGQUIT, SIGTSTP};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    int status = -1;

    (void)fflush(stdout);
    mode_set(&terminal->before);
    pid_t pid = fork();
    if (pid == 0) {
        (void)unsetenv("MAKEFLAGS"); /* the tour may itself run under make */
        (void)unsetenv("MFLAGS");
        (void)unsetenv("MAKELEVEL");
        (void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
        (void)execvp(command[0], (char *const *)(size_t)command);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, WUNTRACED) != -1 && WIFSTOPPED(status))
        (void)raise(SIGSTOP); /* it was sent to the background, and so are we */
    /* Ctrl-C and Ctrl-Z were for that program: being ignored for a moment, they are forgotten. */
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        (void)sigaction(keys[i], &ignore, &before);
        (void)sigaction(keys[i], &before, NULL);
    }
    mode_keys(terminal);
    (void)terminal_signal(terminal);
    terminal->resized = false; /* whoever called redraws */
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

int terminal_rows(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}
