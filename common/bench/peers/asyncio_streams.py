"""An echo server as Python's documentation of asyncio streams would write it."""
import asyncio
import socket


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=socket.SOMAXCONN)
    print("listening on [127.0.0.1]:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
