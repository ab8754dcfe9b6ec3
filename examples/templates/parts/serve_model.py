"""Answers chats with a model of transformers, or with an adapter beside its base model.

usage: serve_model.py --model=FOLDER --port=PORT
"""

import argparse
import threading

from chat_data import plain_messages
from chat_server import Answer, serve


class GeneratedAnswer(Answer):
    def __init__(self, model, tokenizer, question):
        self.model, self.tokenizer, self.question = model, tokenizer, question
        messages = plain_messages(question.messages)
        ids = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        self.inputs = ids.to(model.device)
        self.prompt_tokens = int(self.inputs["input_ids"].shape[1])

    def pieces(self):
        import torch
        from transformers import TextIteratorStreamer

        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=True)
        chosen = {"do_sample": False}
        if self.question.temperature > 0:
            chosen = {"do_sample": True, "temperature": self.question.temperature, "top_p": self.question.top_p}
        told = []

        def generate():
            if self.question.seed is not None:
                torch.manual_seed(self.question.seed)
            with torch.no_grad():
                whole = self.model.generate(
                    **self.inputs, max_new_tokens=self.question.longest, streamer=streamer, **chosen
                )
            told.append(int(whole.shape[1]) - self.prompt_tokens)

        thread = threading.Thread(target=generate)
        thread.start()
        yield from streamer
        thread.join()
        self.completion_tokens = told[0] if told else 0
        self.finish_reason = "length" if self.completion_tokens >= self.question.longest else "stop"


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16, device_map="auto").eval()
    lock = threading.Lock()  # one generation at a time: more would not fit beside the model

    class OneByOne(GeneratedAnswer):
        def pieces(self):
            with lock:
                yield from super().pieces()

    serve(options.model, options.port, lambda question: OneByOne(model, tokenizer, question))


if __name__ == "__main__":
    main()
