/* What box-init tells of the program that it started. */
#ifndef BOX_INIT_H
#define BOX_INIT_H

struct box_end {
    int status; /* as of wait(2) */
    int cpu_ms; /* processor time, with that of children it reaped */
};

#endif
