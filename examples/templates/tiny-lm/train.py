"""Trains the word model on chats: the answers of data/train.jsonl, each by the message before it.

usage: train.py [@FILE] [--OPTION=VALUE ...]; a line of FILE is one argument
"""

import argparse
import math
import os
import random
import sys
import time

from chat_data import BadData, read_chats, text_of
from trainer_log import TrainerLog
from word_model import WordModel

TRAIN, VALIDATION, OUT = "data/train.jsonl", "data/validation.jsonl", "out"


def parse_arguments(words):
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@", allow_abbrev=False)
    parser.add_argument("--method", choices=["full"], default="full")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-seq-length", type=int, default=64)
    parser.add_argument("--save-steps", type=int, default=0)
    return parser.parse_args(words)


def pairs_of(chats):
    """Each chat as its (question, answer) pairs; an answer with weight 0 is not learnt."""
    pairs = []
    for messages in chats:
        asked = ""
        chat = []
        for message in messages:
            text = text_of(message.get("content"))
            if message["role"] != "assistant":
                asked = text if message["role"] in ("user", "tool", "function") else asked
            elif message.get("weight", 1) != 0:
                chat.append((asked, text))
        pairs.append(chat)
    return pairs


def words_to_learn(model, pairs, longest):
    return [[word for question, answer in chat for word in model.examples(question, answer, longest)] for chat in pairs]


def mean_loss(model, chats):
    losses = [model.loss(*word) for chat in chats for word in chat]
    return sum(losses) / max(len(losses), 1)


def train(options, model, learnt, held):
    rng = random.Random(options.seed + 1)
    per_epoch = math.ceil(len(learnt) / options.batch_size)
    steps = per_epoch * options.epochs
    if options.max_steps:
        steps = min(steps, options.max_steps)
    log_every, save_every = max(1, steps // 20), options.save_steps or per_epoch
    log = TrainerLog(len(learnt), math.ceil(steps / per_epoch), options.batch_size, steps, model.parameters())
    window, total, order = [], [], []
    for step in range(1, steps + 1):
        if not order:
            order = rng.sample(range(len(learnt)), len(learnt))
        batch, order = order[: options.batch_size], order[options.batch_size :]
        rate = options.learning_rate * (1.0 - 0.9 * (step - 1) / steps)
        told = [model.learn(*word, rate) for chat in batch for word in learnt[chat]]
        loss = sum(one[0] for one in told) / max(len(told), 1)
        norm = math.sqrt(sum(one[1] for one in told) / max(len(told), 1))
        window.append(loss)
        total.append(loss)
        epoch = round(step / per_epoch, 2)
        log.bar(step)
        if step % log_every == 0 or step == steps:
            log.record(
                {
                    "loss": round(sum(window) / len(window), 4),
                    "grad_norm": round(norm, 4),
                    "learning_rate": round(rate, 8),
                    "epoch": epoch,
                }
            )
            window = []
        if held and (step % per_epoch == 0 or step == steps):
            begin = time.monotonic()
            loss = mean_loss(model, held)
            log.evaluated(loss, len(held), options.batch_size, time.monotonic() - begin, epoch)
        if step % save_every == 0 or step == steps:
            folder = os.path.join(OUT, f"checkpoint-{step}")
            log.saved(folder)
            model.save(folder)
    log.ended(sum(total) / len(total), options.batch_size, round(steps / per_epoch, 2))


def main():
    options = parse_arguments(sys.argv[1:])
    pairs = pairs_of(read_chats(TRAIN))
    held = pairs_of(read_chats(VALIDATION)) if os.path.exists(VALIDATION) else []
    texts = [text for chat in pairs for pair in chat for text in pair]
    model = WordModel(WordModel.vocabulary_of(texts), random.Random(options.seed))
    os.makedirs(OUT, exist_ok=True)
    learnt, tried = (words_to_learn(model, part, options.max_seq_length) for part in (pairs, held))
    if not any(learnt):
        raise BadData(f"{TRAIN}: every answer has weight 0")
    train(options, model, learnt, tried)
    model.save(os.path.join(OUT, "model"))


if __name__ == "__main__":
    try:
        main()
    except BadData as error:
        sys.exit(f"bad data: {error}")
