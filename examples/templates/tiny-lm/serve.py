"""Answers chats with a trained word model.

usage: serve.py --model=FOLDER --port=PORT
"""

import argparse
import random

from chat_data import text_of
from chat_server import Answer, serve
from word_model import WordModel, text_of_words


class WordAnswer(Answer):
    def __init__(self, model, question):
        self.model, self.question = model, question
        asked = [text_of(one["content"]) for one in question.messages if one["role"] == "user"][-1]
        self.words = model.answer(asked, question.longest, float(question.temperature), random.Random(question.seed))
        self.prompt_tokens = len(model.encode(asked))

    def pieces(self):
        told, text = [], ""
        for word in self.words:
            told.append(word)
            whole = text_of_words(told)
            yield whole[len(text) :]
            text = whole
        self.completion_tokens = len(told)
        self.finish_reason = "length" if len(told) == self.question.longest else "stop"


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    model = WordModel.load(options.model)
    serve("tiny-lm", options.port, lambda question: WordAnswer(model, question))


if __name__ == "__main__":
    main()
