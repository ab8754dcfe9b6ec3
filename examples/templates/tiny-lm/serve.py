"""Answers chats with a trained model: POST /v1/chat/completions on 127.0.0.1, as OpenAI's API has it, streaming included.

usage: serve.py --model=FOLDER --port=PORT; port 0 takes a free one. "serving on 127.0.0.1:PORT" is printed once it listens.
"""

import argparse
import json
import random
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chat_data import text_of
from word_model import WordModel, text_of_words

MAX_BODY = 1 << 20


class Refusal(Exception):
    def __init__(self, status, message, param=None):
        super().__init__(message)
        self.status, self.param = status, param


def read_request(body):
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refusal(400, "the body is not JSON") from None
    messages = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise Refusal(400, "messages must be a list of messages", "messages")
    questions = [one for one in messages if one.get("role") == "user"]
    if not questions:
        raise Refusal(400, "messages holds no message of the user", "messages")
    longest = asked.get("max_completion_tokens") or asked.get("max_tokens") or 64
    temperature = asked.get("temperature")
    temperature = 0.0 if temperature is None else temperature
    if not isinstance(longest, int) or not 0 < longest <= 4096:
        raise Refusal(400, "max_tokens must be from 1 to 4096", "max_tokens")
    if not isinstance(temperature, (int, float)) or not 0 <= temperature <= 2:
        raise Refusal(400, "temperature must be from 0 to 2", "temperature")
    return text_of(questions[-1].get("content")), longest, temperature, asked


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = name = None  # of the server

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
            question, longest, temperature, asked = read_request(body)
        except Refusal as refusal:
            return self.refuse(refusal)
        rng = random.Random(asked.get("seed"))
        words = self.model.answer(question, longest, float(temperature), rng)
        head = {"id": "chatcmpl-" + uuid.uuid4().hex, "created": int(time.time()), "model": asked.get("model") or self.name}
        if asked.get("stream"):
            return self.stream(head, words, longest)
        return self.complete(head, question, list(words), longest)

    def complete(self, head, question, words, longest):
        prompt = len(self.model.encode(question))
        message = {"role": "assistant", "content": text_of_words(words)}
        reason = "length" if len(words) == longest else "stop"
        usage = {"prompt_tokens": prompt, "completion_tokens": len(words), "total_tokens": prompt + len(words)}
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        self.send_json(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})

    def stream(self, head, words, longest):
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
        told, text = [], ""
        for word in words:
            told.append(word)
            whole = text_of_words(told)
            send({"content": whole[len(text) :]})
            text = whole
        send({}, "length" if len(told) == longest else "stop")
        self.wfile.write(b"data: [DONE]\n\n")


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    Handler.model, Handler.name = WordModel.load(options.model), "tiny-lm"
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    print(f"serving on 127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
