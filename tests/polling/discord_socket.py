"""The gateway of a Discord over a real WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from shared.bounded_wait import end
from tests.polling.discord_server import TOKEN, Discord


@asynccontextmanager
async def serving(discord: Discord) -> AsyncIterator[Discord]:
    """Serve the gateway where the API says it is; a secret that is not the bot's is not taken."""

    async def talk(socket: ServerConnection) -> None:
        telling: asyncio.Queue[Any] = asyncio.Queue()
        gateway = discord.connected(telling.put_nowait)

        async def tell() -> None:
            while not isinstance(found := await telling.get(), int):
                await socket.send(json.dumps(found))
            await socket.close(found)

        task = asyncio.create_task(tell())
        try:
            with suppress(ConnectionClosed):  # whoever listened was killed
                async for said in socket:
                    frame = json.loads(said)
                    if frame["op"] in {2, 6} and frame["d"]["token"] != TOKEN:
                        telling.put_nowait(4004)
                    else:
                        gateway.said(frame)
        finally:
            await end(task)

    async with serve(talk, "127.0.0.1", 0, ping_interval=None, close_timeout=1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        discord.url = f"ws://127.0.0.1:{port}"
        yield discord
