/*
 * turns whole|torn|bare|raw: eight threads want the one ticket; prints how many got it. whole looks
 * and takes under one lock, torn under two, the others under none: bare by strcmp(), raw by
 * memcmp().
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start;
static const char *way;
static _Atomic int taken;

static void lock_if(int wanted)
{
    if (wanted)
        (void)pthread_mutex_lock(&lock); /* a plain mutex: it cannot fail */
}

static void unlock_if(int wanted)
{
    if (wanted)
        (void)pthread_mutex_unlock(&lock); /* it is held */
}

static void *want(void *unused)
{
    int has_lock = way[0] != 'b' && way[0] != 'r';
    volatile size_t length = 6; /* the compiler is not to know: it would compare by itself */

    (void)pthread_barrier_wait(&start); /* all get here */
    lock_if(has_lock);
    const char *ticket = taken == 0 ? "there" : "taken";
    int is_there = has_lock        ? ticket[1] == 'h'
                   : way[0] == 'b' ? strcmp(ticket, "there") == 0
                                   : memcmp(ticket, "there", length) == 0;
    unlock_if(way[0] == 't');
    lock_if(way[0] == 't');
    if (is_there)
        taken++;
    unlock_if(has_lock);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];

    way = argc > 1 ? argv[1] : "whole";
    if (pthread_barrier_init(&start, NULL, THREADS) != 0)
        return 1;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, want, NULL) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL); /* it exists, and is joined once */
    printf("%d\n", taken);
    return fflush(stdout) == EOF;
}
