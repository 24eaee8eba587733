/* hostile: fail "status 40"; opens sockets that reach beyond a network namespace, or beneath TCP
 * and UDP. */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <unistd.h>

#ifdef __x86_64__
enum { SOCKETPAIR = 53 };
#else
enum { SOCKETPAIR = 199 };
#endif

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    attempt(1, socket(40, SOCK_STREAM, 0) != -1); /* the machine's host: vsock */
    attempt(2, socket(AF_INET, SOCK_RAW, 6) != -1);
    attempt(3, socket(AF_INET6, SOCK_RAW, 58) != -1);
    attempt(4, socket(17, SOCK_RAW, 0x0300) != -1);   /* packets */
    attempt(5, socket(38, SOCK_SEQPACKET, 0) != -1);  /* the kernel's cryptography */
    attempt(7, socket(31, SOCK_RAW, 1) != -1);        /* Bluetooth */
    attempt(8, socket(29, SOCK_RAW, 1) != -1);        /* CAN */
    attempt(9, socket(30, SOCK_SEQPACKET, 0) != -1);  /* TIPC */
    attempt(10, socket(21, SOCK_SEQPACKET, 0) != -1); /* RDS */
    attempt(11, socket(44, SOCK_RAW, 0) != -1);       /* XDP */
    attempt(13, socket(15, SOCK_RAW, 2) != -1);       /* keys of IPsec */
    attempt(14, socket(42, SOCK_DGRAM, 0) != -1);     /* Qualcomm's */
    attempt(15, syscall(SOCKETPAIR, 40, 1, 0, &(int[2]){0}) == 0);
    return status;
}
