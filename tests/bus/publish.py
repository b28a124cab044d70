"""Publishes a CloudEvent as a platform team would: python publish.py URL SUBJECT FILE [TRACEPARENT]."""

import asyncio
import sys

import nats


async def main(url, subject, file, traceparent=None):
    connection = await nats.connect(url)
    headers = {"traceparent": traceparent} if traceparent else None
    with open(file, "rb") as message:
        acknowledged = await connection.jetstream().publish(subject, message.read(), headers=headers)
    print(acknowledged.stream, acknowledged.seq)
    await connection.drain()


asyncio.run(main(*sys.argv[1:]))
