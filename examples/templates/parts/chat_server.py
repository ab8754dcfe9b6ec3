"""POST /v1/chat/completions on 127.0.0.1, as OpenAI's API has it, streaming included, for whatever can answer."""

import json
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY, MAX_TOKENS = 1 << 20, 4096


class Refusal(Exception):
    def __init__(self, status, message, param=None):
        super().__init__(message)
        self.status, self.param = status, param


class Question:
    """A checked request."""

    def __init__(self, body):
        try:
            asked = json.loads(body)
        except ValueError:
            raise Refusal(400, "the body is not JSON") from None
        self.messages = asked.get("messages") if isinstance(asked, dict) else None
        if not isinstance(self.messages, list) or not all(isinstance(one, dict) for one in self.messages):
            raise Refusal(400, "messages must be a list of messages", "messages")
        if not any(one.get("role") == "user" for one in self.messages):
            raise Refusal(400, "messages holds no message of the user", "messages")
        for one in self.messages:
            if not isinstance(one.get("role"), str) or not isinstance(one.get("content"), (str, list)):
                raise Refusal(400, "each message needs a role and a content", "messages")
        self.longest = self.number(asked, "max_completion_tokens", asked.get("max_tokens") or 256, 1, MAX_TOKENS)
        self.temperature = self.number(asked, "temperature", 0.0, 0, 2)
        self.top_p = self.number(asked, "top_p", 1.0, 0.01, 1)
        self.seed, self.model, self.stream = asked.get("seed"), asked.get("model"), bool(asked.get("stream"))
        if self.seed is not None and not isinstance(self.seed, int):
            raise Refusal(400, "seed must be a whole number", "seed")
        if not isinstance(self.longest, int):
            raise Refusal(400, "max_completion_tokens must be a whole number", "max_completion_tokens")

    @staticmethod
    def number(asked, name, otherwise, least, most):
        value = asked.get(name)
        value = otherwise if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise Refusal(400, f"{name} must be from {least} to {most}", name)
        return value


class Answer:
    """What a model says, piece by piece; the counts are true once the pieces have been taken."""

    prompt_tokens = completion_tokens = 0
    finish_reason = "stop"

    def pieces(self):
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = answer = None  # of the server: the model's, and Question -> Answer

    def log_message(self, *_):
        pass

    def send_json(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, refusal):
        error = {"message": str(refusal), "type": "invalid_request_error", "param": refusal.param, "code": None}
        self.send_json(refusal.status, {"error": error})

    def do_GET(self):
        if self.path == "/health":
            self.send_json(200, {"status": "ok"})
        elif self.path == "/v1/models":
            model = {"id": self.name, "object": "model", "created": 0, "owned_by": "stoker"}
            self.send_json(200, {"object": "list", "data": [model]})
        else:
            self.refuse(Refusal(404, f"there is no {self.path}"))

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            return self.refuse(Refusal(413, "the body must have a Content-Length of at most 1 MiB"))
        body = self.rfile.read(int(length))
        try:
            if self.path != "/v1/chat/completions":
                raise Refusal(404, f"there is no {self.path}")
            question = Question(body)
            answer = self.answer(question)
        except Refusal as refusal:
            return self.refuse(refusal)
        head = {"id": "chatcmpl-" + uuid.uuid4().hex, "created": int(time.time()), "model": question.model or self.name}
        return self.stream(head, answer) if question.stream else self.complete(head, answer)

    def complete(self, head, answer):
        message = {"role": "assistant", "content": "".join(answer.pieces())}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}
        usage = {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        }
        self.send_json(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})

    def stream(self, head, answer):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def send(delta, reason=None):
            choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
            event = {**head, "object": "chat.completion.chunk", "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()

        send({"role": "assistant", "content": ""})
        for piece in answer.pieces():
            if piece:
                send({"content": piece})
        send({}, answer.finish_reason)
        self.wfile.write(b"data: [DONE]\n\n")


def serve(name, port, answer):
    """Until it is ended. Port 0 takes a free one; "serving on 127.0.0.1:PORT" is printed once it listens."""
    Handler.name, Handler.answer = name, staticmethod(answer)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"serving on 127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
