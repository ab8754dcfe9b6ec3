"""What the templates for the libraries of Hugging Face share: their arguments, and how a model is loaded for its method."""

import argparse
import json
import math
import os

TRAIN, VALIDATION, OUT = "data/train.jsonl", "data/validation.jsonl", "out"


def argument_parser(methods):
    """A line of a file named as @FILE is one argument."""
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@", allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--method", choices=methods, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--max-steps", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--micro-batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--max-seq-length", type=int, required=True)
    parser.add_argument("--lora-r", type=int, required=True)
    parser.add_argument("--lora-alpha", type=int, required=True)
    parser.add_argument("--save-steps", type=int, required=True)
    parser.add_argument("--print-settings", action="store_true", help="print what would be trained with, and end")
    return parser


def batch_sizes(options, gpus):
    """(examples a GPU computes at once, how often it does before a step): their product over all GPUs is the batch."""
    share = max(1, options.batch_size // gpus)
    once = min(options.micro_batch_size, share)
    while share % once:
        once -= 1
    return once, share // once


def training_arguments(options, examples, validated, gpus=1):
    """Keywords of transformers.TrainingArguments."""
    once, times = batch_sizes(options, gpus)
    steps = math.ceil(examples / (once * times * gpus)) * options.epochs
    if options.max_steps:
        steps = min(steps, options.max_steps)
    settings = {
        "output_dir": OUT,
        "num_train_epochs": options.epochs,
        "max_steps": options.max_steps or -1,
        "per_device_train_batch_size": once,
        "per_device_eval_batch_size": once,
        "gradient_accumulation_steps": times,
        "learning_rate": options.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": math.ceil(0.03 * steps),
        "optim": "paged_adamw_8bit" if options.method == "qlora" else "adamw_torch",
        "seed": options.seed,
        "bf16": True,
        "gradient_checkpointing": True,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "logging_steps": max(1, steps // 200),
        "logging_first_step": True,
        "save_strategy": "steps" if options.save_steps else "epoch",
        "save_total_limit": 3,
        "eval_strategy": "epoch" if validated else "no",
        "report_to": "none",
        "log_level": "info",
    }
    if options.save_steps:
        settings["save_steps"] = options.save_steps
    return settings


def print_settings(**settings):
    print(json.dumps(settings, indent=2, sort_keys=True))


def lora_settings(options):
    """Keywords of peft.LoraConfig; None where every weight is trained."""
    if options.method == "full":
        return None
    return {
        "r": options.lora_r,
        "lora_alpha": options.lora_alpha,
        "lora_dropout": 0.05,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
    }


def load_tokenizer(options):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(options):
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    # Weights that are trained themselves stay in full precision; the products are computed in bf16 all the same.
    keywords = {"dtype": torch.float32 if options.method == "full" else torch.bfloat16}
    keywords["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    if options.method == "qlora":
        keywords["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    model = AutoModelForCausalLM.from_pretrained(options.model, **keywords)
    model.config.use_cache = False
    if options.method == "qlora":
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(
            model, gradient_checkpointing_kwargs={"use_reentrant": False}
        )
    return model


def gpu_count():
    return int(os.environ.get("WORLD_SIZE", "1"))
