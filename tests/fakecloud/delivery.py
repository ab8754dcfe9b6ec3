"""How an answer reaches its client: as it should, or as a fault has it."""
import json
import os
import socket
import struct
import time

from exchange import Answer

NEVER_S = 3600.0  # virtual: how long an answer that never comes keeps its connection, unless a fault says otherwise
REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 302: "Found",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable"}
GARBAGE = {
    "html": lambda body: b"<html><head><title>Welcome</title></head><body>It works!</body></html>",
    "utf8": lambda body: body[:-1] + b'"\xff\xfe\xc3("' + body[-1:],
    "deep": lambda body: b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "empty": lambda body: b"",
    "null": lambda body: b"null",
    "array": lambda body: b"[]",
    "huge": lambda body: b'{"data":"' + b"a" * (10 << 20) + b'"}',
    "cut": lambda body: body[: len(body) // 2],
    "no-id": lambda body: with_ids(body, lambda id: None),
    "odd-id": lambda body: with_ids(body, lambda id: {"value": id}),
    "other-type-id": lambda body: with_ids(body, lambda id: len(id) if isinstance(id, str) else str(id)),
}


def with_ids(body, change):
    """The body with each id changed, or without it where that gives None."""
    def of(value, is_id=False):
        if isinstance(value, dict):
            changed = {key: of(one, key in ("id", "instance_ids", "new_contract")) for key, one in value.items()}
            return {key: one for key, one in changed.items() if one is not None or value[key] is None}
        if isinstance(value, list):
            return [one for one in (of(one, is_id) for one in value) if one is not None]
        return change(value) if is_id else value

    return json.dumps(of(json.loads(body or b"null"))).encode()


def head(answer, length):
    """`length` None: the answer may have no body, and says nothing of it."""
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
    headers = {"content-type": "application/json; charset=utf-8", **answer.headers}
    if length is not None and answer.status != 204:
        headers["content-length"] = str(length)
    lines += [f"{key}: {value}" for key, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def reset(connection):
    """The client sees RST."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
    except OSError:
        pass


def garbled(answer, variant):
    """A good status over a body that is none."""
    make = GARBAGE.get(variant, GARBAGE["html"])
    content_type = "text/html" if variant == "html" else "application/json"
    status = answer.status if 200 <= answer.status < 300 and answer.status != 204 else 200
    return Answer(status, make(answer.bytes()), {"content-type": content_type})


def deliver(connection, answer, fault):
    """False when the connection can't serve another request. Throws OSError when the client is gone."""
    kind = fault.kind if fault else ""
    if kind == "garbage":
        answer = garbled(answer, fault.get("as", "html"))
    body = answer.bytes()
    start = head(answer, len(body))
    if kind == "truncate":
        connection.sendall(start + body[: fault.get("at", 0)])
        if fault.get("as") == "reset":
            reset(connection)
        return False
    if kind == "slow-drip":
        connection.sendall(start)
        for i in range(len(body)):
            time.sleep(fault.get("ms", 1000) / 1000)
            connection.sendall(body[i : i + 1])
        return True
    connection.sendall(start + body)
    return True
