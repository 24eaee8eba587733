"""Python's http.server with one answer for everything, kept alive; "nodelay" sets TCP_NODELAY.

It sends head and body by two calls. Without TCP_NODELAY the second waits for the client to
acknowledge the first, which the client puts off: Nagle's algorithm meets delayed acknowledgement.
"""
import http.server
import socketserver
import sys

ANSWER = sys.argv[1].encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = sys.argv[2:] == ["nodelay"]

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # the other would ask for the machine's name
        self.server_name, self.server_port = self.server_address[:2]


with Server(("127.0.0.1", 0), Handler) as server:
    print("listening on [127.0.0.1]:%d" % server.server_address[1], flush=True)
    server.serve_forever()
