"""aiodocker: URLs of a scheme of its connector's own, over a UNIX socket, and answers that are streams."""

import asyncio
import io
import sys

import aiodocker


async def main(_url: str, _proxy: str, socket: str, *_: str) -> None:
    async with aiodocker.Docker(url=f"unix://{socket}") as docker:
        print((await docker.version())["Version"], docker.api_version)
        print([container.id for container in await docker.containers.list()])
        container = await docker.containers.get("whimbrel")
        print(await container.log(stdout=True))
        print([line async for line in container.log(stdout=True, follow=True)])
        for line in await docker.images.build(
            fileobj=io.BytesIO(b"context"), encoding="identity", tag="tide"
        ):
            print(line["stream"])
        try:
            await docker.containers.get("missing")
        except aiodocker.DockerError as fault:
            print(fault.status, fault.message)


asyncio.run(main(*sys.argv[1:]))
