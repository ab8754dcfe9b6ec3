"""Holds recorded answers against an OpenAPI document.

check_answers.py ANSWERS DOCUMENT BEFORE: ANSWERS has a JSON object a line, with method, path, status and body; BEFORE is what
their paths have before those of the document.
"""
import collections
import json
import os
import re
import sys
from urllib.parse import urlsplit

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fakecloud"))
from spec import modern  # noqa: E402


def pattern_of(path):
    return re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")))


def schema_of(document, method, path, status):
    """The schema of that answer, None where the document has none."""
    for template, operations in document["paths"].items():
        if method not in operations or not pattern_of(template).fullmatch(path):
            continue
        answers = operations[method]["responses"]
        content = answers.get(str(status), answers.get("default", {})).get("content", {})
        return content.get("application/json", {}).get("schema")
    return None


def main(recorded, document_file, before):
    with open(document_file, encoding="utf-8") as file:
        document = modern(json.load(file))
    checked, wrong = collections.Counter(), []
    with open(recorded, encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            path, method = urlsplit(one["path"]).path, one["method"].lower()
            if not path.startswith(before):
                continue
            schema = schema_of(document, method, path[len(before):], one["status"])
            if schema is None:
                continue
            validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
            kind = f"{method} {schema.get('$ref', path).rpartition('/')[2]}"
            checked[kind] += 1
            wrong += [f"{kind}: {error.json_path}: {error.message[:300]}" for error in validator.iter_errors(one["body"])]
    print("\n".join(f"{count} x {what}" for what, count in sorted(checked.items())))
    if wrong:
        sys.exit(f"{len(wrong)} faults:\n" + "\n".join(dict.fromkeys(wrong)))
    if not checked:
        sys.exit("no answer was held against the document")


if __name__ == "__main__":
    main(*sys.argv[1:])
