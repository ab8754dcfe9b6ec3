"""Trains a model to prefer one answer over another, with the DPOTrainer of TRL.

usage: train.py @FILE [--print-settings]; a line of FILE is one argument
"""

import os
import sys

from chat_data import BadData
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
from preference_data import read_preferences


def dpo_settings(options, examples, validated, gpus=1):
    """Keywords of trl.DPOConfig."""
    settings = training_arguments(options, examples, validated, gpus)
    return {**settings, "beta": options.beta, "max_length": options.max_seq_length}


def train(options, examples, held):
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    lora = lora_settings(options)
    if lora:
        from peft import LoraConfig

        lora = LoraConfig(**lora)
    trainer = DPOTrainer(
        model=load_model(options),
        args=DPOConfig(**dpo_settings(options, len(examples), bool(held), gpu_count())),
        train_dataset=Dataset.from_list(examples),
        eval_dataset=Dataset.from_list(held) if held else None,
        processing_class=load_tokenizer(options),
        peft_config=lora,
    )
    trainer.train()
    trainer.save_model(os.path.join(OUT, "model"))


def main():
    parser = argument_parser(["lora", "qlora", "full"])
    parser.add_argument("--beta", type=float, required=True)
    options = parser.parse_args()
    examples = read_preferences(TRAIN)
    held = read_preferences(VALIDATION) if os.path.exists(VALIDATION) else []
    if options.print_settings:
        return print_settings(
            model=options.model,
            lora=lora_settings(options),
            training=dpo_settings(options, len(examples), bool(held)),
        )
    return train(options, examples, held)


if __name__ == "__main__":
    try:
        main()
    except BadData as error:
        sys.exit(f"bad data: {error}")
