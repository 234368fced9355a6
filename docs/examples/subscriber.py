"""Print who needs a human, as it happens."""

import asyncio
import contextlib
import json
import os

import nats


async def main() -> None:
    servers = os.environ["NATS_URL"].split(",")
    client = await nats.connect(servers, inbox_prefix="_INBOX_integrator")
    subject = f"needs-touch.{os.environ.get('COMMUNITY', '*')}.>"
    messages = await client.jetstream().pull_subscribe(subject, durable="my-integration", stream="TOUCHES")
    while True:
        try:
            batch = await messages.fetch(100, timeout=5)
        except TimeoutError:  # asyncio's own, too
            continue
        for message in batch:
            if message.headers["ce-type"] == "warmline.needs-touch.raised.v1":
                need = json.loads(message.data)
                print(need["urgency"], need["reason"], need["touch"], "since", need["since"], flush=True)
            await message.ack()


with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
    asyncio.run(main())
