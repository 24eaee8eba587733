/*
 * libuv: an echo server (uv server CONNECTIONS) that prints its port, and a client (uv client PORT)
 * that sends standard input, ends, and prints what comes back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static uv_loop_t loop;
static uv_tcp_t listener;
static int left;
static char input[1 << 20];

static void check(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "uv: %s: %s\n", what, uv_strerror(rc));
        exit(1);
    }
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)handle;
    char *room = malloc(size); /* without it libuv reports ENOBUFS; the reader frees it */
    *buffer = uv_buf_init(room, (unsigned)size); /* NOLINT(clang-analyzer-unix.Malloc): as said */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
    if (--left == 0 && uv_is_active((uv_handle_t *)&listener))
        uv_close((uv_handle_t *)&listener, NULL);
}

/* A connection of the server: it is closed once its end has come and all has gone out. */
struct client {
    uv_tcp_t tcp;
    int writing;
    int ended;
};

static void close_if_done(struct client *client)
{
    if (client->ended && client->writing == 0)
        uv_close((uv_handle_t *)&client->tcp, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    struct client *client = (struct client *)request->handle;

    check(status, "write");
    free(request->data);
    free(request);
    client->writing--;
    close_if_done(client);
}

static void on_echoed(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct client *client = (struct client *)stream;

    if (got > 0) {
        uv_write_t *request = calloc(1, sizeof *request);
        uv_buf_t part = uv_buf_init(buffer->base, (unsigned)got);
        check(request == NULL ? UV_ENOMEM : 0, "write");
        request->data = buffer->base;
        client->writing++;
        check(uv_write(request, stream, &part, 1, on_written), "write");
        return;
    }
    free(buffer->base);
    if (got < 0) {
        client->ended = 1;
        check(uv_read_stop(stream), "stop");
        close_if_done(client);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct client *client = calloc(1, sizeof *client);

    check(client == NULL ? UV_ENOMEM : status, "listen");
    check(uv_tcp_init(&loop, &client->tcp), "init");
    check(uv_accept(server, (uv_stream_t *)client), "accept");
    check(uv_read_start((uv_stream_t *)client, on_room, on_echoed), "read");
}

static void serve(int connections)
{
    struct sockaddr_in address;
    int length = sizeof address;

    left = connections;
    check(uv_ip4_addr("127.0.0.1", 0, &address), "address");
    check(uv_tcp_init(&loop, &listener), "init");
    check(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, 16, on_connection), "listen");
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "getsockname");
    printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout); /* the test would not get the port, and fail */
}

static void on_answer(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    if (got > 0)
        (void)fwrite(buffer->base, 1, (size_t)got, stdout); /* main() looks at the stream */
    free(buffer->base);
    if (got < 0 && got != UV_EOF)
        check((int)got, "read");
    if (got < 0)
        uv_close((uv_handle_t *)stream, NULL);
}

static void on_ended(uv_shutdown_t *request, int status)
{
    (void)request;
    check(status, "shutdown");
}

static void on_connected(uv_connect_t *request, int status)
{
    static uv_write_t writing;
    static uv_shutdown_t ending;
    size_t size = fread(input, 1, sizeof input, stdin);
    uv_buf_t all = uv_buf_init(input, (unsigned)size);

    check(status, "connect");
    check(uv_write(&writing, request->handle, &all, 1, NULL), "write");
    check(uv_shutdown(&ending, request->handle, on_ended), "shutdown");
    check(uv_read_start(request->handle, on_room, on_answer), "read");
}

static void start_client(int port)
{
    static uv_tcp_t client;
    static uv_connect_t request;
    struct sockaddr_in address;

    check(uv_ip4_addr("127.0.0.1", port, &address), "address");
    check(uv_tcp_init(&loop, &client), "init");
    check(uv_tcp_connect(&request, &client, (struct sockaddr *)&address, on_connected), "connect");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int number = (int)strtol(argv[2], NULL, 10);
    check(uv_loop_init(&loop), "loop");
    if (strcmp(argv[1], "server") == 0)
        serve(number);
    else
        start_client(number);
    check(uv_run(&loop, UV_RUN_DEFAULT), "run");
    check(uv_loop_close(&loop), "close");
    return fflush(stdout) == EOF || ferror(stdout);
}
