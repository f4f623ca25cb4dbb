"""A gateway that writes what it likes on the wire.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. Two more arguments, a certificate and its key, encrypt it;
one more alone is the token that it asks for.
Each request that came whole becomes NNN.json with its number, that of its
connection, and its body. The local part of the address says what is to happen.
"""

import asyncio
import json
import pathlib
import ssl
import sys

directory = pathlib.Path(sys.argv[1])
token = sys.argv[2] if len(sys.argv) == 3 else ""
connections = 0
requests = 0


def whole(answer, status="202 Accepted"):
    data = json.dumps(answer).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


async def answer(who, number, writer):
    """Whether the connection is kept."""
    good = whole({"id": f"m-{number}"})
    if who == "leaves":  # without a word of it
        writer.write(good)
        return False
    if who == "last":
        writer.write(good.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        return True
    if who == "slow":
        await asyncio.sleep(0.2)
        writer.write(good)
        return True
    if who == "pieces":
        for at in range(len(good)):
            writer.write(good[at : at + 1])
            await asyncio.sleep(0.001)
        return True
    if who == "chunks":
        data = json.dumps({"id": f"m-{number}"}).encode()
        writer.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in (data[:4], data[4:]):
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        writer.write(b"0\r\n\r\n")
        return True
    if who == "half-head":
        writer.write(good[:20])
        return False
    if who == "half-body":
        writer.write(good[:-4])
        return False
    if who == "stuck":
        writer.write(good[:-4])
        await asyncio.sleep(3600)
    if who == "long-head":
        writer.write(good.replace(b"\r\n", b"\r\nX-Long: " + b"x" * 100_000 + b"\r\n", 1))
        return True
    if who == "long-body":
        writer.write(whole({"id": "m-1", "more": "x" * 200_000}))
        return True
    if who == "chatters":  # an answer that nobody asked for
        writer.write(good + good)
        return True
    writer.write(good)
    return True


async def serve(reader, writer):
    global connections, requests
    connections += 1
    connection, is_kept = connections, True
    try:
        while is_kept:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            requests += 1
            fault = None if f"bearer {token}" in head or not token else "another token"
            kept = {"request": requests, "connection": connection, "body": body, "fault": fault}
            (directory / f"{requests:05}.json").write_text(json.dumps(kept))
            if fault:
                writer.write(whole({}, "401 Unauthorized"))
                continue
            is_kept = await answer(body["to"].split("@")[0], requests, writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    tls = None
    if len(sys.argv) > 3:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[2], sys.argv[3])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, backlog=1024)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
