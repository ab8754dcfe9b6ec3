"""Signature Version 4 as a server checks it, written from AWS's description of it and not from any client."""
import hashlib
import hmac
import re
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote

SHAPE = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request\s*,"
                   r"\s*SignedHeaders=([a-z0-9;-]+)\s*,\s*Signature=([0-9a-f]{64})\Z")
LONGEST_SKEW_S = 300


class Scope:
    """What an Authorization header says; throws ValueError for what is none."""

    def __init__(self, authorization):
        found = SHAPE.match(authorization or "")
        if not found:
            raise ValueError("no signature of version 4")
        self.key_id, self.day, self.region, self.service, headers, self.signature = found.groups()
        self.headers = headers.split(";")


def canonical_query(query):
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in pairs)


def canonical_request(request, scope):
    lines = [request.method, request.path, canonical_query(request.query.items())]
    for name in scope.headers:
        values = request.headers.get_all(name) or []
        lines.append(name + ":" + ",".join(" ".join(value.split()) for value in values))
    return "\n".join([*lines, "", ";".join(scope.headers), hashlib.sha256(request.body).hexdigest()])


def signature(request, scope, date, secret):
    credential_scope = f"{scope.day}/{scope.region}/{scope.service}/aws4_request"
    hashed = hashlib.sha256(canonical_request(request, scope).encode()).hexdigest()
    key = ("AWS4" + secret).encode()
    for part in (scope.day, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, f"AWS4-HMAC-SHA256\n{date}\n{credential_scope}\n{hashed}".encode(), "sha256").hex()


def unsigned(request, scope):
    """Headers that must be signed and are not."""
    needed = {"host", "x-amz-date"} | {name.lower() for name in request.headers if name.lower().startswith("x-amz-")}
    return sorted(needed - set(scope.headers))


def skew_s(date, now_ms):
    """How old a request is by the server's clock; throws ValueError."""
    then = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    return now_ms / 1000 - then.timestamp()


def form_of(body):
    """Parameters of a Query API; throws ValueError."""
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body))
    form = dict(pairs)
    if len(form) != len(pairs):
        raise ValueError("a parameter is there twice")
    return form


def numbered(form, name):
    """The values of name.1, name.2, ..."""
    values = []
    while (value := form.get(f"{name}.{len(values) + 1}")) is not None:
        values.append(value)
    return values
