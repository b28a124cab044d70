"""Publishes as a platform team's outbox does, at least once: python publisher.py URL.

Each line that comes in is a JSON object: a subject, and a payload in base64. A message is published until the server
has acknowledged it. A server may lose what it acknowledged; then its stream was made anew, and everything is published
again. When the input has ended and everything is acknowledged, it says how much that took."""

import asyncio
import base64
import json
import sys

import nats
import nats.errors

STREAM = "SIGN_REQUESTS"
AT_ONCE = 256
LINE_MAX = 4 * 1024 * 1024
ANSWER_MAX = 2.0
PAUSE = 0.1


class Publisher:
    def __init__(self, jetstream):
        self.jetstream = jetstream
        self.places = asyncio.Semaphore(AT_ONCE)
        self.retries = 0

    async def publish(self, subject, payload):
        async with self.places:
            while True:
                try:
                    return await self.jetstream.publish(subject, payload, timeout=ANSWER_MAX, stream=STREAM)
                except (nats.errors.Error, asyncio.TimeoutError):
                    self.retries += 1
                    await asyncio.sleep(PAUSE)

    async def made(self):
        """When the stream was made."""
        while True:
            try:
                return (await self.jetstream.stream_info(STREAM)).created
            except (nats.errors.Error, asyncio.TimeoutError):
                await asyncio.sleep(PAUSE)


async def lines():
    reader = asyncio.StreamReader(limit=LINE_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        message = json.loads(line)
        yield message["subject"], base64.b64decode(message["payload"])


async def silence(_error):
    """A server that falls is nothing to speak of here."""


async def main(url):
    connection = await nats.connect(
        url, max_reconnect_attempts=-1, reconnect_time_wait=PAUSE, allow_reconnect=True, error_cb=silence
    )
    publisher = Publisher(connection.jetstream())
    stream = await publisher.made()
    messages, tasks, rounds = [], [], 1
    async for message in lines():
        messages.append(message)
        tasks.append(asyncio.create_task(publisher.publish(*message)))
    await asyncio.gather(*tasks)
    while (now := await publisher.made()) != stream:
        stream, rounds = now, rounds + 1
        await asyncio.gather(*(publisher.publish(*message) for message in messages))
    print(f"{len(messages)} messages acknowledged, {publisher.retries} retries, all of them {rounds} times")
    await connection.close()


asyncio.run(main(sys.argv[1]))
