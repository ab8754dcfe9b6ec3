"""Prints what the Hugging Face Trainer prints, so that its log parser reads this training too."""

import sys
import time


def clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


class TrainerLog:
    BLOCKS = " ▏▎▍▌▋▊▉"

    def __init__(self, examples, epochs, batch, steps, parameters):
        self.steps, self.start, self.drawn, self.n = steps, time.monotonic(), 0.0, 0
        print("***** Running training *****")
        print(f"  Num examples = {examples:,}")
        print(f"  Num Epochs = {epochs:,}")
        print(f"  Instantaneous batch size per device = {batch:,}")
        print(f"  Total train batch size (w. parallel, distributed & accumulation) = {batch:,}")
        print("  Gradient Accumulation steps = 1")
        print(f"  Total optimization steps = {steps:,}")
        print(f"  Number of trainable parameters = {parameters:,}", flush=True)
        self.bar(0)

    def elapsed(self):
        return time.monotonic() - self.start

    def bar(self, n):
        """tqdm's picture of progress on stderr, ten times a second at most."""
        self.n = n
        if n in (0, self.steps) or time.monotonic() - self.drawn >= 0.1:
            self.draw()

    def draw(self):
        self.drawn = time.monotonic()
        n, elapsed, share = self.n, self.elapsed(), self.n / self.steps
        eighths = int(share * 80)
        picture = ("█" * (eighths // 8) + self.BLOCKS[eighths % 8]).ljust(10)[:10]
        rate = n / elapsed if n and elapsed > 0 else 0.0
        left = clock((self.steps - n) / rate) if rate else "?"
        speed = "?it/s" if not rate else f"{rate:5.2f}it/s" if rate >= 1 else f"{1 / rate:5.2f}s/it"
        sys.stderr.write(f"\r{share:4.0%}|{picture}| {n}/{self.steps} [{clock(elapsed)}<{left}, {speed}]")
        sys.stderr.flush()

    def record(self, values):
        """A dict over the bar, as tqdm.write prints it: the bar is drawn again below it."""
        sys.stderr.write("\r" + " " * 70 + "\r")
        sys.stderr.flush()
        print(values, flush=True)
        self.draw()

    def evaluated(self, loss, examples, batch, took, epoch):
        took = max(took, 1e-6)
        self.record(
            {
                "eval_loss": round(loss, 4),
                "eval_runtime": round(took, 4),
                "eval_samples_per_second": round(examples / took, 3),
                "eval_steps_per_second": round(examples / batch / took, 3),
                "epoch": epoch,
            }
        )

    def saved(self, folder):
        print(f"Saving model checkpoint to {folder}", flush=True)

    def ended(self, loss, batch, epoch):
        took = max(self.elapsed(), 1e-6)
        print("\n\nTraining completed. Do not forget to share your model on huggingface.co/models =)\n\n", flush=True)
        self.record(
            {
                "train_runtime": round(took, 4),
                "train_samples_per_second": round(self.steps * batch / took, 3),
                "train_steps_per_second": round(self.steps / took, 3),
                "train_loss": round(loss, 4),
                "epoch": epoch,
            }
        )
        self.bar(self.steps)
        sys.stderr.write("\n")
