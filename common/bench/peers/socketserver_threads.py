"""An echo server with a thread for each client, as Python's socketserver makes it."""
import socket
import socketserver


class Echo(socketserver.BaseRequestHandler):
    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = socket.SOMAXCONN
    daemon_threads = True


with Server(("127.0.0.1", 0), Echo) as server:
    print("listening on [127.0.0.1]:%d" % server.server_address[1], flush=True)
    server.serve_forever()
