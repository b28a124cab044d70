"""Publishes a CloudEvent as a platform team would: python publish.py URL SUBJECT FILE."""

import asyncio
import sys

import nats


async def main(url, subject, file):
    connection = await nats.connect(url)
    with open(file, "rb") as message:
        acknowledged = await connection.jetstream().publish(subject, message.read())
    print(acknowledged.stream, acknowledged.seq)
    await connection.drain()


asyncio.run(main(*sys.argv[1:]))
