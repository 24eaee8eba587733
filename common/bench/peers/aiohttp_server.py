"""One answer for everything, by aiohttp's server."""
import asyncio
import socket
import sys

from aiohttp import web


async def answer(_):
    return web.Response(text=sys.argv[1])


async def main():
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    await web.SockSite(runner, listener).start()
    print("listening on [127.0.0.1]:%d" % listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
