"""Trains a small character-level language model with nothing but the Python interpreter, and prints what the Hugging Face
Trainer prints. The model is a multi-layer perceptron over the last CONTEXT characters: embedding, one hidden layer of tanh,
softmax over the vocabulary; back-propagation by hand, plain SGD.

usage: train.py TEXT_FOLDER OUTPUT_FOLDER
environment: SECONDS (45) or STEPS end the training, EPOCHS (as many as fit) bounds it, SEED (1)
"""

import json
import math
import os
import random
import sys
import time

CONTEXT, EMBEDDING, HIDDEN, BATCH, VOCABULARY = 4, 8, 32, 16, 64
LEARNING_RATE, LOG_EVERY, EVAL_EVERY, SAVE_EVERY = 0.3, 20, 200, 400


def read_texts(folder):
    texts = []
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(path, name), encoding="utf-8") as file:
                texts.append(file.read())
    return "\n".join(texts)


def encode(text):
    """The most frequent characters, lower-cased; all others are the unknown character 0."""
    text = text.lower()
    counts = {}
    for c in text:
        counts[c] = counts.get(c, 0) + 1
    alphabet = ["\0"] + sorted(counts, key=lambda c: (-counts[c], c))[: VOCABULARY - 1]
    number = {c: i for i, c in enumerate(alphabet)}
    return alphabet, [number.get(c, 0) for c in text]


class Model:
    def __init__(self, size, rng):
        def matrix(rows, columns, scale):
            return [[rng.gauss(0.0, scale) for _ in range(columns)] for _ in range(rows)]

        inputs = CONTEXT * EMBEDDING
        self.embedding = matrix(size, EMBEDDING, 0.3)
        self.w1, self.b1 = matrix(HIDDEN, inputs, inputs**-0.5), [0.0] * HIDDEN
        self.w2, self.b2 = matrix(size, HIDDEN, 0.1 * HIDDEN**-0.5), [0.0] * size

    def forward(self, context):
        x = [v for c in context for v in self.embedding[c]]
        h = [math.tanh(b + sum(map(float.__mul__, row, x))) for row, b in zip(self.w1, self.b1)]
        z = [b + sum(map(float.__mul__, row, h)) for row, b in zip(self.w2, self.b2)]
        top = max(z)
        p = [math.exp(v - top) for v in z]
        total = sum(p)
        return x, h, [v / total for v in p]

    def loss(self, context, target):
        return -math.log(max(self.forward(context)[2][target], 1e-12))

    def step(self, batch, rate):
        """One step of SGD, example by example; returns the mean loss and the norm of the mean gradient of the output bias."""
        loss, rate = 0.0, rate / len(batch) ** 0.5
        mean_gradient = [0.0] * len(self.b2)
        for context, target in batch:
            x, h, p = self.forward(context)
            loss -= math.log(max(p[target], 1e-12))
            p[target] -= 1.0
            dh = [0.0] * HIDDEN
            for k, g in enumerate(p):
                mean_gradient[k] += g / len(batch)
                if abs(g) < 1e-4:
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
            for i, c in enumerate(context):
                part = dx[i * EMBEDDING : (i + 1) * EMBEDDING]
                self.embedding[c] = [e - rate * g for e, g in zip(self.embedding[c], part)]
        return loss / len(batch), math.sqrt(sum(g * g for g in mean_gradient))

    def save(self, path, alphabet):
        weights = {"alphabet": alphabet, "context": CONTEXT}
        weights.update({name: getattr(self, name) for name in ("embedding", "w1", "b1", "w2", "b2")})
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(weights, file)
        os.replace(path + ".part", path)


class Bar:
    """tqdm's picture of progress on stderr, redrawn with carriage returns ten times a second at most."""

    BLOCKS = " ▏▎▍▌▋▊▉"

    def __init__(self, total):
        self.total, self.start, self.drawn = total, time.monotonic(), 0.0

    @staticmethod
    def clock(seconds):
        minutes, seconds = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"

    def draw(self, n, force=False):
        now = time.monotonic()
        if not force and now - self.drawn < 0.1:
            return
        self.drawn, elapsed, share = now, now - self.start, n / self.total
        eighths = int(share * 80)
        bar = ("█" * (eighths // 8) + self.BLOCKS[eighths % 8]).ljust(10)[:10]
        rate = n / elapsed if n and elapsed > 0 else 0.0
        left = self.clock((self.total - n) / rate) if rate else "?"
        speed = "?it/s" if not rate else f"{rate:5.2f}it/s" if rate >= 1 else f"{1 / rate:5.2f}s/it"
        sys.stderr.write(f"\r{share:4.0%}|{bar}| {n}/{self.total} [{self.clock(elapsed)}<{left}, {speed}]")
        sys.stderr.flush()

    def record(self, values):
        """A dict over the bar, as tqdm.write prints it."""
        sys.stderr.write("\r" + " " * 70 + "\r")
        sys.stderr.flush()
        print(values, flush=True)


def main():
    source, out = sys.argv[1], sys.argv[2]
    rng = random.Random(int(os.environ.get("SEED", "1")))
    alphabet, data = encode(read_texts(source))
    held_out = max(200, len(data) // 20)
    train, held = data[:-held_out], data[-held_out:]
    model = Model(len(alphabet), rng)
    per_epoch = len(train) // BATCH

    def batch_from(part, size):
        starts = [rng.randrange(CONTEXT, len(part)) for _ in range(size)]
        return [(part[i - CONTEXT : i], part[i]) for i in starts]

    steps = int(os.environ.get("STEPS", "0"))
    if not steps:  # as many as fit into SECONDS, measured on this machine
        begin, probe = time.monotonic(), Model(len(alphabet), random.Random(0))
        for _ in range(10):
            probe.step(batch_from(train, BATCH), 0.0)
        steps = max(40, int(float(os.environ.get("SECONDS", "45")) / (time.monotonic() - begin) * 10))
    if "EPOCHS" in os.environ:
        steps = min(steps, max(1, int(float(os.environ["EPOCHS"]) * per_epoch)))
    evaluation = [(held[i - CONTEXT : i], held[i]) for i in range(CONTEXT, len(held), max(1, len(held) // 150))]
    os.makedirs(out, exist_ok=True)

    print("***** Running training *****")
    print(f"  Num examples = {len(train):,}")
    print(f"  Num Epochs = {math.ceil(steps / per_epoch):,}")
    print(f"  Instantaneous batch size per device = {BATCH:,}")
    print(f"  Total train batch size (w. parallel, distributed & accumulation) = {BATCH:,}")
    print("  Gradient Accumulation steps = 1")
    print(f"  Total optimization steps = {steps:,}")
    parameters = sum(len(r) for m in (model.embedding, model.w1, model.w2) for r in m) + len(model.b1) + len(model.b2)
    print(f"  Number of trainable parameters = {parameters:,}", flush=True)

    bar, begin = Bar(steps), time.monotonic()
    window, total, count = 0.0, 0.0, 0
    log_every = max(1, min(LOG_EVERY, steps // 10))
    bar.draw(0, force=True)
    for step in range(1, steps + 1):
        rate = LEARNING_RATE * (1.0 - 0.9 * (step - 1) / steps)
        loss, norm = model.step(batch_from(train, BATCH), rate)
        window, total, count = window + loss, total + loss, count + 1
        epoch = round(step / per_epoch, 2)
        bar.draw(step, force=step == steps)
        if step % log_every == 0:
            bar.record({"loss": round(window / count, 4), "grad_norm": round(norm, 6), "learning_rate": round(rate, 6), "epoch": epoch})
            window, count = 0.0, 0
        if step % EVAL_EVERY == 0 or step == steps:
            start = time.monotonic()
            eval_loss = sum(model.loss(c, t) for c, t in evaluation) / len(evaluation)
            took = max(time.monotonic() - start, 1e-6)
            bar.record(
                {
                    "eval_loss": round(eval_loss, 4),
                    "eval_runtime": round(took, 4),
                    "eval_samples_per_second": round(len(evaluation) / took, 3),
                    "eval_steps_per_second": round(len(evaluation) / BATCH / took, 3),
                    "epoch": epoch,
                }
            )
        if step % SAVE_EVERY == 0 or step == steps:
            folder = os.path.join(out, f"checkpoint-{step}")
            print(f"Saving model checkpoint to {folder}", flush=True)
            os.makedirs(folder, exist_ok=True)
            model.save(os.path.join(folder, "model.json"), alphabet)
    took = time.monotonic() - begin
    print("\n\nTraining completed. Do not forget to share your model on huggingface.co/models =)\n\n", flush=True)
    bar.record(
        {
            "train_runtime": round(took, 4),
            "train_samples_per_second": round(steps * BATCH / took, 3),
            "train_steps_per_second": round(steps / took, 3),
            "train_loss": round(total / steps, 4),
            "epoch": round(steps / per_epoch, 2),
        }
    )
    bar.draw(steps, force=True)
    sys.stderr.write("\n")
    model.save(os.path.join(out, "model.json"), alphabet)


main()
