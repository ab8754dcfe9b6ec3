"""Trains a model on chats with the Trainer of transformers: the answers of the assistant, with LoRA, QLoRA or in full.

usage: train.py @FILE [--print-settings]; a line of FILE is one argument
"""

import os
import sys

from chat_data import BadData, plain_messages, read_chats
from fine_tuning import (
    OUT,
    TRAIN,
    VALIDATION,
    argument_parser,
    gpu_count,
    load_model,
    load_tokenizer,
    lora_settings,
    print_settings,
    training_arguments,
)

IGNORED = -100  # a label that the loss leaves out


def shared_length(one, other):
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return length


def encode(tokenize, messages, longest):
    """Token ids of a chat, and labels for what the assistant says: each answer is what its message adds to the text before
    it. `tokenize(messages, prompt)` gives the ids of messages, with the beginning of an answer where `prompt` is true."""
    plain = plain_messages(messages)
    ids = tokenize(plain, False)
    labels = [IGNORED] * len(ids)
    for i, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("weight", 1) == 0:
            continue
        end = tokenize(plain[: i + 1], False)
        begin = shared_length(tokenize(plain[:i], True), end)
        for at in range(begin, min(shared_length(end, ids), len(ids))):
            labels[at] = ids[at]
    return {"input_ids": ids[:longest], "attention_mask": [1] * len(ids[:longest]), "labels": labels[:longest]}


def encoded(tokenizer, chats, longest):
    def tokenize(messages, prompt):
        return tokenizer.apply_chat_template(messages, add_generation_prompt=prompt, tokenize=True, return_dict=False)

    examples = [encode(tokenize, chat, longest) for chat in chats]
    return [one for one in examples if any(label != IGNORED for label in one["labels"])]


def train(options, chats, held):
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    tokenizer = load_tokenizer(options)
    learnt, tried = (encoded(tokenizer, part, options.max_seq_length) for part in (chats, held))
    if not learnt:
        raise BadData(f"{TRAIN}: no answer begins within the first {options.max_seq_length} tokens of its chat")
    model = load_model(options)
    if lora := lora_settings(options):
        from peft import LoraConfig, get_peft_model

        model.enable_input_require_grads()
        model = get_peft_model(model, LoraConfig(**lora))
    settings = training_arguments(options, len(learnt), bool(tried), gpu_count())
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**settings, remove_unused_columns=False),
        train_dataset=learnt,
        eval_dataset=tried or None,
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(os.path.join(OUT, "model"))


def main():
    options = argument_parser(["lora", "qlora", "full"]).parse_args()
    chats = read_chats(TRAIN)
    held = read_chats(VALIDATION) if os.path.exists(VALIDATION) else []
    if options.print_settings:
        return print_settings(
            model=options.model,
            max_seq_length=options.max_seq_length,
            lora=lora_settings(options),
            training=training_arguments(options, len(chats), bool(held)),
        )
    return train(options, chats, held)


if __name__ == "__main__":
    try:
        main()
    except BadData as error:
        sys.exit(f"bad data: {error}")
