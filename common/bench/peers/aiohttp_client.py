"""aiohttp_client.py URL COUNT CONNECTIONS: gets URL so often with one aiohttp.ClientSession, so
many at once."""
import asyncio
import sys

import aiohttp

URL, COUNT, CONNECTIONS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


async def run(session, count):
    for _ in range(count):
        async with session.get(URL, timeout=aiohttp.ClientTimeout(sock_read=30)) as response:
            if response.status != 200 or not await response.read():
                sys.exit("aiohttp: status %d" % response.status)


async def main():
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(run(session, COUNT // CONNECTIONS) for _ in range(CONNECTIONS)))


asyncio.run(main())
