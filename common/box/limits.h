/* What a program under test may use; in a box and without one. */
#ifndef BOX_LIMITS_H
#define BOX_LIMITS_H

enum {
    LIMIT_MS = 2000,         /* running or sleeping without a step done */
    LIMIT_WALL_MS = 30000,   /* a case, whatever happens */
    LIMIT_OUTPUT = 16 << 20, /* bytes of standard output or error */
    LIMIT_MEMORY_MIB = 512,  /* resident, of each process */
    LIMIT_PROCESSES = 300,   /* alive at once */
    LIMIT_FORKS = 1024,      /* in all, kept by the wire */
    LIMIT_TASKS = 1500,      /* processes and threads alive in a box, kept by the system */
    LIMIT_FILE = 64 << 20,   /* bytes in one file */
    LIMIT_DESCRIPTORS = 4096,

    /* The compiler, where it works on what others wrote. */
    LIMIT_COMPILE_WALL_S = 15,
    LIMIT_COMPILE_CPU_S = 10,
    LIMIT_COMPILE_MIB = 512
};

#endif
