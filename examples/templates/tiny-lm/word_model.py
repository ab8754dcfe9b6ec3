"""A language model of words, small enough for plain Python. It sees the last CONTEXT words and what was asked, the mean of
the question's words, and tells the chances of the next word: embedding, one hidden layer of tanh, softmax; trained by
back-propagation and plain SGD."""

import json
import math
import os
import re
import shutil

CONTEXT, EMBEDDING, HIDDEN, VOCABULARY = 4, 12, 24, 600
UNKNOWN, BEGIN, END = "<unknown>", "<begin>", "<end>"
WORD = re.compile(r"\w+|[^\w\s]|\n")
MATRICES = ("embedding", "w1", "b1", "w2", "b2")


def words_of(text):
    return WORD.findall(text)


def text_of_words(words):
    """Words as a person writes them: no space before a full stop."""
    text = ""
    for word in words:
        glued = not text or text[-1] in "\n([{" or word in ".,;:!?)]}'\n" or text.endswith("'")
        text += word if glued else " " + word
    return text


class WordModel:
    def __init__(self, vocabulary, rng=None):
        self.vocabulary = vocabulary
        self.number = {word: i for i, word in enumerate(vocabulary)}
        if rng is None:
            return

        def matrix(rows, columns, scale):
            return [[rng.gauss(0.0, scale) for _ in range(columns)] for _ in range(rows)]

        inputs, size = (CONTEXT + 1) * EMBEDDING, len(vocabulary)
        self.embedding = matrix(size, EMBEDDING, 0.5)
        self.w1, self.b1 = matrix(HIDDEN, inputs, inputs**-0.5), [0.0] * HIDDEN
        self.w2, self.b2 = matrix(size, HIDDEN, 0.1 * HIDDEN**-0.5), [0.0] * size

    @staticmethod
    def vocabulary_of(texts):
        """The most frequent words; all others are unknown."""
        counts = {}
        for text in texts:
            for word in words_of(text):
                counts[word] = counts.get(word, 0) + 1
        frequent = sorted(counts, key=lambda word: (-counts[word], word))
        return [UNKNOWN, BEGIN, END] + frequent[: VOCABULARY - 3]

    def encode(self, text):
        return [self.number.get(word, 0) for word in words_of(text)]

    def parameters(self):
        return sum(len(row) if isinstance(row, list) else 1 for name in MATRICES for row in getattr(self, name))

    def examples(self, question, answer, longest):
        """(context, question, next word) for each word of the answer."""
        asked, told = self.encode(question), self.encode(answer)[:longest] + [2]
        seen = [1] * CONTEXT
        for word in told:
            yield tuple(seen), asked, word
            seen = seen[1:] + [word]

    def forward(self, context, asked):
        x = [v for word in context for v in self.embedding[word]]
        rows = [self.embedding[word] for word in asked] or [self.embedding[0]]
        x += [sum(column) / len(rows) for column in zip(*rows)]
        h = [math.tanh(b + sum(map(float.__mul__, row, x))) for row, b in zip(self.w1, self.b1)]
        z = [b + sum(map(float.__mul__, row, h)) for row, b in zip(self.w2, self.b2)]
        top = max(z)
        p = [math.exp(v - top) for v in z]
        total = sum(p)
        return x, h, [v / total for v in p]

    def loss(self, context, asked, word):
        return -math.log(max(self.forward(context, asked)[2][word], 1e-12))

    def learn(self, context, asked, word, rate):
        """One step of SGD on one word; returns its loss and the square of the gradient's norm at the output."""
        x, h, p = self.forward(context, asked)
        loss = -math.log(max(p[word], 1e-12))
        p[word] -= 1.0
        dh, norm = [0.0] * HIDDEN, 0.0
        for k, g in enumerate(p):
            norm += g * g
            if abs(g) < 1e-3:
                continue
            row, s = self.w2[k], rate * g
            dh = [d + g * w for d, w in zip(dh, row)]
            self.w2[k] = [w - s * v for w, v in zip(row, h)]
            self.b2[k] -= s
        dx = [0.0] * len(x)
        for j, d in enumerate(dh):
            d *= 1.0 - h[j] * h[j]
            row, s = self.w1[j], rate * d
            dx = [a + d * w for a, w in zip(dx, row)]
            self.w1[j] = [w - s * v for w, v in zip(row, x)]
            self.b1[j] -= s
        for i, seen in enumerate(context):
            self.nudge(seen, dx[i * EMBEDDING : (i + 1) * EMBEDDING], rate)
        for seen in asked:
            self.nudge(seen, dx[-EMBEDDING:], rate / len(asked))
        return loss, norm

    def nudge(self, word, gradient, rate):
        self.embedding[word] = [e - rate * g for e, g in zip(self.embedding[word], gradient)]

    def answer(self, question, longest=64, temperature=0.0, rng=None):
        """The words of an answer, one by one."""
        asked, seen = self.encode(question), [1] * CONTEXT
        for _ in range(longest):
            p = self.forward(tuple(seen), asked)[2]
            p[0] = p[1] = 0.0
            if temperature > 0 and rng is not None:
                weights = [v ** (1.0 / temperature) for v in p]
                word = rng.choices(range(len(p)), weights)[0]
            else:
                word = max(range(len(p)), key=p.__getitem__)
            if word == 2:
                return
            yield self.vocabulary[word]
            seen = seen[1:] + [word]

    def save(self, folder):
        """The whole folder appears at once."""
        weights = {"vocabulary": self.vocabulary, **{name: getattr(self, name) for name in MATRICES}}
        part = folder + ".part"
        os.makedirs(part, exist_ok=True)
        with open(os.path.join(part, "model.json"), "w", encoding="utf-8") as file:
            json.dump(weights, file)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
            weights = json.load(file)
        model = cls(weights["vocabulary"])
        for name in MATRICES:
            setattr(model, name, weights[name])
        return model
