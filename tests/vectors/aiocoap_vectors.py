"""Writes messages with aiocoap, one a line; the format is in README.md.

python aiocoap_vectors.py > aiocoap.txt
"""

import hashlib
from importlib.metadata import version

import aiocoap
from aiocoap import ACK, CON, NON, RST, Message
from aiocoap.numbers.codes import Code
from aiocoap.optiontypes import OpaqueOption, UintOption

VERSION = version("aiocoap")

SHA256 = {
    "a": "88842c7639a4221303356280e4b9b45cd6911f7a9aeb069e855d9a7856dc9742",
    "b": "af1b1dc9fba6ac110e826c152db275fd131a2d533ef6b7b8a8225dde777f1e18",
    "c": "508d9ca8426a79cbf537a178193f501fc28bad57fe9a0880215ba135bdd2c391",
}


def describe(name, wire, message, resource=None):
    """One line: the bytes, and what the message object says is in them."""
    code = int(message.code)
    options = " ".join(
        f"{int(option.number)}={option.encode().hex()}"
        for option in message.opt.option_list()
    )
    return " | ".join(
        [
            name,
            wire.hex(),
            f"{message.mtype.name} {code >> 5}.{code & 31:02} {message.mid:04x} {message.token.hex() or '-'}",
            options or "-",
            message.payload.hex() or "-",
            resource if resource is not None else "-",
        ]
    )


def payload(length):
    return bytes((31 * i + 7) % 256 for i in range(length))


def message(mtype, code, mid=0x1234, token=b"\xde\xad\xbe\xef", payload=b"", **options):
    made = Message(code=code, payload=payload, _mtype=mtype, _mid=mid, _token=token)
    for name, value in options.items():
        setattr(made.opt, name, value)
    return made


def messages():
    yield "a", message(
        CON, Code.GET,
        uri_path=("sensors", "temperature"), uri_query=("unit=cel",), accept=60,
    )
    yield "b", message(
        ACK, Code.CONTENT, payload=payload(64),
        etag=bytes.fromhex("a1b2c3d4"), content_format=60, max_age=300,
    )
    yield "c", message(
        CON, Code.POST, payload=payload(512),
        uri_host="coap.example.com",
        uri_path=("v1", "devices", "867648041234567", "telemetry"),
        content_format=112, uri_query=("ep=node-0001", "lt=86400"),
        block1=(3, True, 5), size1=4096,
    )
    yield "ping", message(CON, Code.EMPTY, mid=0xFFFF, token=b"")
    yield "empty ack", message(ACK, Code.EMPTY, mid=0, token=b"")
    yield "reset", message(RST, Code.EMPTY, mid=0x8000, token=b"")
    yield "no token, no options", message(NON, Code.GET, token=b"")
    yield "longest token", message(NON, Code.DELETE, token=bytes(range(8)))
    yield "observe register", message(CON, Code.GET, observe=0, uri_path=("time",))
    yield "notification", message(NON, Code.CONTENT, observe=0xFFFFFF, content_format=0, payload=b"x")
    yield "preconditions", message(
        CON, Code.PUT, if_match=(b"", b"\x01\x02"), if_none_match=True, uri_path=("",), payload=b"\xff"
    )
    yield "block2 last of the largest number", message(CON, Code.GET, block2=(0xFFFFF, False, 6), size2=0)
    yield "created", message(
        ACK, Code.CREATED, location_path=("new", "a/b"), location_query=("x", "y=1")
    )
    yield "proxy", message(CON, Code.GET, proxy_uri="coap://example.net/" + "p" * 1000)
    yield "text in utf-8", message(CON, Code.FETCH, uri_path=("\u3053\u3093", "\u00e4"), payload=b"\x00")
    yield "request tag and echo", message(
        CON, Code.PUT, request_tag=(b"\x01", b""), echo=bytes(40), no_response=26, hop_limit=16, payload=b"e"
    )
    for length in (12, 13, 14, 268, 269, 270, 1000):
        made = message(CON, Code.iPATCH, token=b"")
        made.opt.add_option(OpaqueOption(65000, bytes(length)))
        yield f"an unknown option of {length} bytes", made
    for number in (12, 13, 14, 268, 269, 270, 65535):
        made = message(CON, Code.PATCH, token=b"")
        made.opt.add_option(OpaqueOption(number, b"\x2a"))
        yield f"an option with number {number}", made


def main():
    print(f"# written by aiocoap {VERSION} with aiocoap_vectors.py; the format is in README.md")
    for name, made in messages():
        wire = made.encode()
        if name in SHA256:
            assert hashlib.sha256(wire).hexdigest() == SHA256[name], name
        print(describe(name, wire, made))
    for resource in (
        "/", "/a", "/a/", "/a//b", "//", "/%C3%A4%2F/%25", "/.well-known/core?rt=a&if=b%26c", "/?a", "/a?b=/c?d",
    ):
        made = Message(code=Code.GET, uri="coap://192.0.2.1" + resource, _mtype=CON, _mid=1)
        print(describe("resource " + resource, made.encode(), made, resource))


if __name__ == "__main__":
    main()
