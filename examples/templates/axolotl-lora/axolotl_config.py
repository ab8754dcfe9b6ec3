"""Prints the configuration of axolotl for chats, after a look at them. A value is JSON where YAML reads it the same.

usage: axolotl_config.py @FILE; a line of FILE is one argument
"""

import json
import math
import os
import sys

from chat_data import BadData, read_chats
from fine_tuning import OUT, TRAIN, VALIDATION, argument_parser, batch_sizes


def data_set(path):
    return {
        "path": path,
        "ds_type": "json",
        "type": "chat_template",
        "field_messages": "messages",
        "roles_to_train": ["assistant"],
        "train_on_eos": "turn",
    }


def configuration(options, examples, validated, gpus=1):
    once, times = batch_sizes(options, gpus)
    steps = math.ceil(examples / (once * times * gpus)) * options.epochs
    if options.max_steps:
        steps = min(steps, options.max_steps)
    settings = {
        "base_model": options.model,
        "chat_template": "tokenizer_default",
        "datasets": [data_set(TRAIN)],
        "dataset_prepared_path": "prepared",
        "val_set_size": 0.0,
        "output_dir": OUT,
        "sequence_len": options.max_seq_length,
        "sample_packing": False,
        "adapter": options.method,
        "load_in_4bit": options.method == "qlora",
        "lora_r": options.lora_r,
        "lora_alpha": options.lora_alpha,
        "lora_dropout": 0.05,
        "lora_target_linear": True,
        "num_epochs": options.epochs,
        "micro_batch_size": once,
        "gradient_accumulation_steps": times,
        "optimizer": "paged_adamw_8bit" if options.method == "qlora" else "adamw_torch",
        "lr_scheduler": "cosine",
        "learning_rate": options.learning_rate,
        "warmup_steps": math.ceil(0.03 * steps),
        "seed": options.seed,
        "bf16": True,
        "gradient_checkpointing": True,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "sdp_attention": True,
        "logging_steps": max(1, steps // 200),
        "save_total_limit": 3,
    }
    if options.max_steps:
        settings["max_steps"] = options.max_steps
    if options.save_steps:
        settings["save_steps"] = options.save_steps
    else:
        settings["saves_per_epoch"] = 1
    if validated:
        settings["test_datasets"] = [{**data_set(VALIDATION), "split": "train"}]
        settings["evals_per_epoch"] = 1
    return settings


def scalar(value):
    """As JSON, but for small numbers: YAML takes 1e-05 for text."""
    return f"{value:.10f}".rstrip("0") if isinstance(value, float) and 0 < value < 0.001 else json.dumps(value)


def gpus_of_this_machine():
    """As many as axolotl starts processes for."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return max(1, len([one for one in visible.split(",") if one.strip()]))
    try:
        return max(1, len(os.listdir("/proc/driver/nvidia/gpus")))
    except OSError:
        return 1


def main():
    options = argument_parser(["lora", "qlora"]).parse_args()
    examples = len(read_chats(TRAIN))
    validated = os.path.exists(VALIDATION) and bool(read_chats(VALIDATION))
    for name, value in configuration(options, examples, validated, gpus_of_this_machine()).items():
        print(f"{name}: {scalar(value)}")


if __name__ == "__main__":
    try:
        main()
    except BadData as error:
        sys.exit(f"bad data: {error}")
