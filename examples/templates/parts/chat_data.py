"""Reads chats from a JSONL file, one example a line, and names the line of what is wrong."""

import json

ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


class BadData(Exception):
    pass


def text_of(content):
    """The text of a message: it may be a list of parts, of which only text is learnt."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))


def plain_messages(messages):
    """Only role and text, as chat templates take them."""
    return [{"role": one["role"], "content": text_of(one.get("content"))} for one in messages]


def read_example(line, where):
    try:
        example = json.loads(line)
    except ValueError as error:
        raise BadData(f"{where}: is not JSON: {error}") from None
    messages = example.get("messages") if isinstance(example, dict) else None
    if not isinstance(messages, list) or not messages:
        raise BadData(f'{where}: has no list "messages"')
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise BadData(f"{where}: a message needs a role, one of {', '.join(sorted(ROLES))}")
        if not isinstance(message.get("content"), (str, list, type(None))):
            raise BadData(f"{where}: the content of a message must be text")
    if not any(message["role"] == "assistant" for message in messages):
        raise BadData(f"{where}: has no message of the assistant to learn from")
    return messages


def read_chats(path):
    chats = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                chats.append(read_example(line, f"{path}, line {number}"))
    if not chats:
        raise BadData(f"{path} holds no example")
    return chats
