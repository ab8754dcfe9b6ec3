"""HTTP/1.1 on a loopback port, over TLS where a certificate is given."""
import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from exchange import Request

MAX_CONNECTIONS = 64
MAX_BODY = 4 << 20
IDLE_S = 60  # real: how long a connection may say nothing


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler, tls=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.tls, self._room = tls, threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request, client_address):
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request, client_address):
        """A client that vanished is nobody's error; others say where, and no values: they may be secrets."""
        kind, _, where = sys.exc_info()
        if issubclass(kind, OSError):  # ssl.SSLError is one
            return
        print("fakecloud:", kind.__name__, file=sys.stderr)
        traceback.print_tb(where)


class Connection(BaseHTTPRequestHandler):
    """Reads requests and hands each to `exchange`."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(IDLE_S)
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        if self.server.tls:
            self.request.close()

    def log_message(self, *unused):
        """The history is the log."""

    def body(self):
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= MAX_BODY:
            raise ValueError("body too long")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("hung up within its request")
        return body

    def _chunks(self):
        body = b""
        while True:
            size = int(self.rfile.readline(64).split(b";")[0], 16)
            if size == 0:
                while self.rfile.readline(4096).strip():
                    pass
                return body
            body += self.rfile.read(size)
            self.rfile.readline(8)
            if len(body) > MAX_BODY:
                raise ValueError("body too long")

    def serve(self):
        try:
            body = self.body()
        except ValueError:
            self.close_connection = True
            return
        url = urlsplit(self.path)
        host = self.headers.get("host", "")
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        request = Request(self.command, url.path, query, self.headers, body, f"{self.scheme()}://{host}")
        try:
            if not self.exchange(request):
                self.close_connection = True
        except OSError:
            self.close_connection = True

    def scheme(self):
        return "https" if self.server.tls else "http"

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = lambda self: self.serve()
