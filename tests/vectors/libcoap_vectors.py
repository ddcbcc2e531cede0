"""Catches what libcoap's client and server send on loopback; aiocoap says what is in it. The format is in README.md.

python libcoap_vectors.py > libcoap.txt
"""

import socket
import subprocess
import time

import aiocoap
from aiocoap import Message

from aiocoap_vectors import VERSION, describe

CLIENT = "coap-client-notls"
SERVER = "coap-server-notls"

# Arguments of the client, and the resource that it is asked for.
REQUESTS = [
    ([], "/"),
    ([], "/sensors/temperature?unit=cel"),
    ([], "/a//b"),
    ([], "/%C3%A4%2F/%25"),
    ([], "/.well-known/core?rt=a&if=b%26c"),
    (["-T", "eightlet"], "/a"),
    (["-N"], "/a"),
    (["-A", "60"], "/a"),
    (["-s", "1"], "/time"),
    (["-m", "put", "-t", "50", "-e", "{}"], "/a/b?c"),
    (["-m", "post", "-e", "x" * 40, "-b", "16"], "/large"),
    (["-b", "2,64"], "/large"),
    (["-m", "delete"], "/a"),
    (["-m", "fetch", "-e", "q"], "/a"),
    (["-m", "patch", "-e", "q"], "/a"),
    (["-m", "ipatch", "-e", "q"], "/a"),
    (["-O", "4,0x0102030405060708", "-O", "1,0xaa", "-O", "5,"], "/a"),
    (["-O", "65000,unknown", "-O", "258,0x1a", "-O", "2049,0x"], "/a"),
    (["-O", f"35,coap://example.net/{'p' * 300}"], "/a"),
    (["-O", f"252,0x{'5a' * 40}"], "/a"),
]

# What the server is asked, each in a datagram written by aiocoap.
QUESTIONS = [
    ("the root", dict(code=1)),
    ("the list of resources", dict(code=1, path=(".well-known", "core"))),
    ("nothing there", dict(code=1, path=("nothing",))),
    ("a method it has not got", dict(code=31, path=("time",))),
    ("an observation", dict(code=1, path=("time",), observe=0)),
    ("a block", dict(code=1, path=("example_data",), block2=(0, False, 0))),
    ("a new resource", dict(code=3, path=("new",), payload=b"some text", format=0)),
    ("the new resource", dict(code=1, path=("new",))),
    ("a critical option unknown to it", dict(code=1, unknown=65001)),
    ("a ping", dict(code=0)),
]


def loopback():
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(5)
    return listener


def line(name, wire, resource=None):
    return describe(name, wire, Message.decode(wire), resource)


def requests():
    for arguments, resource in REQUESTS:
        with loopback() as listener:
            uri = f"coap://127.0.0.1:{listener.getsockname()[1]}{resource}"
            command = [CLIENT, "-U", "-B", "1", *arguments, uri]
            client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wire = listener.recv(4096)
            client.terminate()
            client.wait()
        shown = " ".join(part if len(part) < 30 else part[:20] + ".." for part in arguments)
        yield line(f"client {shown} {resource}".replace("  ", " "), wire, resource)


def question(index, code, path=(), observe=None, block2=None, payload=b"", format=None, unknown=None):
    token = b"" if code == 0 else bytes([0x70, index])
    made = Message(code=code, payload=payload, _mtype=aiocoap.CON, _mid=index, _token=token)
    made.opt.uri_path = path
    made.opt.observe = observe
    made.opt.block2 = block2
    made.opt.content_format = format
    if unknown is not None:
        made.opt.add_option(aiocoap.optiontypes.OpaqueOption(unknown, b""))
    return made.encode()


def responses():
    with loopback() as reserved:
        port = reserved.getsockname()[1]
    server = subprocess.Popen(
        [SERVER, "-A", "127.0.0.1", "-p", str(port), "-d", "10", "-e"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1)
        for index, (name, asked) in enumerate(QUESTIONS):
            with loopback() as asker:
                asker.sendto(question(index, **asked), ("127.0.0.1", port))
                yield line(f"server: {name}", asker.recv(4096))
    finally:
        server.terminate()
        server.wait()


def main():
    usage = subprocess.run([CLIENT], capture_output=True, text=True).stderr
    version = usage.split(" v", 1)[1].split(" ", 1)[0]
    print(
        f"# written by libcoap {version} (coap-client, coap-server), read by aiocoap {VERSION},"
        " with libcoap_vectors.py; the format is in README.md"
    )
    for made in (requests, responses):
        for text in made():
            print(text)


if __name__ == "__main__":
    main()
