"""Reads preferences from a JSONL file, one example a line: what was asked, the better answer and the worse."""

import json

from chat_data import BadData, plain_messages

BETTER = ("preferred_output", "preferred_completion")
WORSE = ("non_preferred_output", "non_preferred_completion")


def answer_of(example, names, where):
    for name in names:
        if name not in example:
            continue
        answer = example[name]
        answer = answer.get("messages") if isinstance(answer, dict) else answer
        if not isinstance(answer, list) or not all(isinstance(one, dict) and "role" in one for one in answer):
            raise BadData(f"{where}: {name} must be a list of messages")
        if not answer:
            raise BadData(f"{where}: {name} is empty")
        return plain_messages(answer)
    raise BadData(f"{where}: has no {names[0]}")


def read_example(line, where):
    try:
        example = json.loads(line)
    except ValueError as error:
        raise BadData(f"{where}: is not JSON: {error}") from None
    asked = example.get("input") if isinstance(example, dict) else None
    messages = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise BadData(f'{where}: input has no list "messages"')
    if not all(isinstance(one.get("role"), str) for one in messages):
        raise BadData(f"{where}: each message of input needs a role")
    chosen, rejected = answer_of(example, BETTER, where), answer_of(example, WORSE, where)
    return {"prompt": plain_messages(messages), "chosen": chosen, "rejected": rejected}


def read_preferences(path):
    examples = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                examples.append(read_example(line, f"{path}, line {number}"))
    if not examples:
        raise BadData(f"{path} holds no example")
    return examples
