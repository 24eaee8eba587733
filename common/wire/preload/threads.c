/*
 * yield: a thread loses the processor where it matters to the others. A step that is not taken
 * under one lock falls apart between looking and acting, a microsecond that no test would hit by
 * chance. So whoever gives a lock back, or has found two texts to be equal, sleeps for a moment in
 * which the others overtake it. Those that wait for a lock that it holds still wait.
 */
#include "wire/preload/preload.h"

enum { MOMENT_NS = 100000 }; /* long for a thread that is ready to run, short for a case */

void wire_yield(const void *caller)
{
    const struct timespec moment = {.tv_nsec = MOMENT_NS};
    int saved = errno;

    if (!wire_on() || (wire.plan.faults & WIRE_YIELD) == 0 ||
        (caller != NULL && !wire_in_program(caller)))
        return;
    (void)nanosleep(&moment, NULL); /* a signal may cut it short */
    errno = saved;
}

WIRE_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    (void)wire_on();
    int result = real.pthread_mutex_unlock(mutex);

    wire_yield(WIRE_CALLER());
    return result;
}

WIRE_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    (void)wire_on();
    int result = real.pthread_rwlock_unlock(lock);

    wire_yield(WIRE_CALLER());
    return result;
}

WIRE_EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    (void)wire_on();
    int result = real.pthread_spin_unlock(lock);

    wire_yield(WIRE_CALLER());
    return result;
}

WIRE_EXPORT int sem_post(sem_t *semaphore)
{
    (void)wire_on();
    int result = real.sem_post(semaphore);

    wire_yield(WIRE_CALLER());
    return result;
}
