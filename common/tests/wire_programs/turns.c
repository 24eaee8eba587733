/*
 * turns whole|torn|bare: eight threads want the one ticket; prints how many got it. whole looks and
 * takes under one lock, torn under two, bare under none.
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
    (void)pthread_barrier_wait(&start); /* all get here */
    lock_if(way[0] != 'b');
    const char *ticket = taken == 0 ? "there" : "gone";
    int is_there = way[0] == 'b' ? strcmp(ticket, "there") == 0 : ticket[0] == 't';
    unlock_if(way[0] == 't');
    lock_if(way[0] == 't');
    if (is_there)
        taken++;
    unlock_if(way[0] != 'b');
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
