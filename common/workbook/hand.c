#include "workbook/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "workbook/process.h"

/* The loan of a terminal: what has to be as before afterwards. */
struct loan {
    pid_t child;
    bool terminal; /* standard input is our terminal, and we are in its foreground */
    struct termios modes;
    sigset_t waited, before;
    int ending; /* signal that asked us to end, or 0 */
};

static void give_terminal(const struct loan *loan, pid_t group)
{
    if (loan->terminal)
        (void)tcsetpgrp(STDIN_FILENO,
                        group); /* SIGTTOU is blocked; a lost terminal needs nothing */
}

_Noreturn static void become(const char *const *arguments, const struct loan *loan, int report)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGTSTP,
                                  SIGCHLD, SIGPIPE, SIGTTOU, SIGCONT, SIGWINCH};
    sigset_t none;

    (void)setpgid(0, 0); /* the parent does the same: whoever comes first */
    give_terminal(loan, getpid());
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &plain, NULL); /* cannot fail for these */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)unsetenv("MAKEFLAGS"); /* we may run under make; whoever calls make there does not */
    (void)unsetenv("MFLAGS");
    (void)unsetenv("MAKELEVEL");
    (void)execvp(arguments[0], (char **)arguments); /* it only reads them, and returns no success */
    int why = errno;
    _exit(write(report, &why, sizeof why) == (ssize_t)sizeof why ? 127 : 126);
}

/* Stops the whole job, as Ctrl-Z would have, and goes on when the shell continues it. */
static void stop_too(const struct loan *loan)
{
    struct sigaction plain = {.sa_handler = SIG_DFL}, before;
    struct termios modes;
    sigset_t stop;

    bool known = loan->terminal && tcgetattr(STDIN_FILENO, &modes) == 0;
    give_terminal(loan, getpgrp());
    if (loan->terminal)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &loan->modes);
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTSTP);
    (void)sigaction(SIGTSTP, &plain, &before);
    (void)kill(0, SIGTSTP);                      /* our group: make is in it */
    (void)sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here we stop, and here we go on */
    (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    (void)sigaction(SIGTSTP, &before, NULL);
    if (known)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    give_terminal(loan, loan->child);
    (void)kill(-loan->child, SIGCONT);
}

static int wait_for(struct loan *loan)
{
    int status = 0, number = 0;

    for (;;) {
        pid_t pid = waitpid(loan->child, &status, WNOHANG | WUNTRACED);
        if (pid == loan->child && WIFSTOPPED(status)) {
            stop_too(loan);
            continue;
        }
        if (pid == loan->child || (pid == -1 && errno != EINTR))
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (sigwait(&loan->waited, &number) != 0 || number == SIGCHLD || number == SIGTTOU ||
            number == SIGTSTP)
            continue;
        if (loan->terminal && number == SIGINT)
            continue; /* meant for the program, which the terminal told itself */
        loan->ending = number;
        (void)kill(-loan->child, number); /* it may just have ended */
        (void)kill(-loan->child, SIGCONT);
    }
}

/* Everything as before. */
static void settle(const struct loan *loan)
{
    give_terminal(loan, getpgrp());
    if (loan->terminal)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &loan->modes);
    (void)kill(-loan->child, SIGKILL); /* what it left in its group; mostly nothing */
    process_forget(loan->child);
    processes_sweep();
    (void)raise(SIGCHLD); /* those of others, which sigwait() took */
    (void)sigprocmask(SIG_SETMASK, &loan->before, NULL);
}

int hand_over(const char *const *arguments, int *ending, struct error *error)
{
    static const int waited[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGTTOU};
    struct loan loan = {.child = -1};
    int report[2], why = 0;

    *ending = 0;
    if (pipe2(report, O_CLOEXEC) == -1)
        return error_set_errno(error, "%s", arguments[0]);
    loan.terminal =
        tcgetattr(STDIN_FILENO, &loan.modes) == 0 && tcgetpgrp(STDIN_FILENO) == getpgrp();
    (void)sigemptyset(&loan.waited);
    for (size_t i = 0; i < sizeof waited / sizeof waited[0]; i++)
        (void)sigaddset(&loan.waited, waited[i]);
    (void)sigprocmask(SIG_BLOCK, &loan.waited, &loan.before);
    loan.child = fork();
    if (loan.child == 0)
        become(arguments, &loan, report[1]);
    (void)close(report[1]);
    if (loan.child == -1) {
        (void)error_set_errno(error, "%s", arguments[0]);
        (void)close(report[0]);
        (void)sigprocmask(SIG_SETMASK, &loan.before, NULL);
        return -1;
    }
    process_know(loan.child);
    (void)setpgid(loan.child, loan.child); /* fails once it runs, and then it has done so itself */
    give_terminal(&loan, loan.child);
    bool failed = read(report[0], &why, sizeof why) == (ssize_t)sizeof why;
    (void)close(report[0]);
    int status = wait_for(&loan);
    settle(&loan);
    *ending = loan.ending;
    return failed ? error_set(error, "%s: %s", arguments[0], strerror(why)) : status;
}
