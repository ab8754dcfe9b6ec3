"""answers.py AGENT.json ANSWERS [FOLDER]: whether answers keep to the agent's own OpenAPI document, and to those of OpenAI and
Together where FOLDER has them. ANSWERS: one a line, {"method", "path", "status", "body"}. Prints what does not."""
import json
import os
import re
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fakecloud"))
from spec import modern  # noqa: E402

BASE = "/openai/v1"
VENDORS = ["openai-finetune-openapi.json", "together-finetune-openapi.json"]


class Document:
    def __init__(self, name, document):
        self.name, self.document = name, modern(document)
        self.resolver = jsonschema.RefResolver("", self.document)
        self.operations = []
        for path, item in self.document["paths"].items():
            pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) + r"\Z")
            for method, operation in item.items():
                self.operations.append((path.count("{"), pattern, method.upper(), operation))
        self.operations.sort(key=lambda one: one[0])

    def faults(self, method, path, status, body):
        """None where the document does not know the operation or what it answers."""
        for _, pattern, known, operation in self.operations:
            if known != method or not pattern.match(path):
                continue
            answer = operation["responses"].get(str(status)) or operation["responses"].get("default")
            content = answer and answer.get("content", {})
            schema = content and next((one["schema"] for kind, one in content.items() if "json" in kind), None)
            if schema is None:
                return None
            validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
            return ["/".join(map(str, error.absolute_path)) + ": " + error.message[:300]
                    for error in validator.iter_errors(body)]
        return None


def vendors_path(path):
    return path.replace("/fine-tuning/", "/fine_tuning/")


def main(agent, answers, folder=None):
    with open(agent, encoding="utf-8") as file:
        ours = Document("ours", json.load(file))
    vendors = []
    for name in VENDORS if folder else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            vendors.append(Document(name.split("-")[0], json.load(file)))
    seen, bad = {}, []
    with open(answers, encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            method, status, body = one["method"], one["status"], one["body"]
            path = one["path"].split("?")[0]
            asked = [(ours, path)]
            if path.startswith(BASE) and status == 200:
                own = path[len(BASE):]
                # Both have /files; who uploads as one lists as that one.
                asked += [(v, vendors_path(own)) for v in vendors if not (v.name == "together" and own.startswith("/files")
                                                                         and own != "/files/upload")]
            for document, place in asked:
                faults = document.faults(method, place, status, body)
                if faults is not None:
                    seen[document.name] = seen.get(document.name, 0) + 1
                bad += [f"{document.name}: {method} {place} {status}: {fault}" for fault in faults or []]
    for fault in sorted(set(bad)):
        print(fault)
    print("held to:", ", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    if not folder:
        print("the vendors' documents are not here, and were not held to")
    return 1 if bad or not seen.get("ours") else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
