"""A vendor's OpenAPI document, and whether a request or an answer keeps to it."""
import hashlib
import json
import os
import re

import jsonschema

from spec_exemptions import ANSWERS, FREED

FILES = {"lambda": "lambda-openapi.json", "digitalocean": "digitalocean-openapi.json",
         "vast": "vast-openapi.json"}


def free_exempted(cloud, document):
    """Takes a keyword out of the places where the vendor's document is behind the vendor."""
    for of, place, keyword, _ in FREED:
        node = document
        if of == cloud:
            for part in place.split("/"):
                node = node[part]
            node.pop(keyword)


def modern(schema):
    """OpenAPI 3.0 says `nullable` where JSON Schema says a type or null, and whether a bound is one of those left out."""
    if isinstance(schema, list):
        return [modern(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: modern(value) for key, value in schema.items()}
    if "discriminator" in out and "oneOf" in out:  # which of them it is says a field, so that others may fit as well
        out["anyOf"] = out.pop("oneOf")
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if out.get(strict) is True:
            out[strict] = out.pop(bound)
    if schema.get("nullable") is not True:
        return out
    if "type" in out and "allOf" not in out:
        out["type"] = [out["type"], "null"]
        if "enum" in out:
            out["enum"] = out["enum"] + [None]
        return out
    return {"anyOf": [{"type": "null"}, out]}


def typed(text, schema):
    """The value of a query or path parameter, which comes as text."""
    kinds = [schema.get("type")] + [one.get("type") for one in schema.get("anyOf", [])]
    if "integer" in kinds and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


class Spec:
    @classmethod
    def of(cls, cloud, folder):
        """None for a cloud whose vendor publishes no document. Throws OSError where the folder lacks one."""
        if cloud not in FILES:
            return None
        with open(os.path.join(folder, FILES[cloud]), encoding="utf-8") as file:
            return cls(cloud, json.load(file))

    def __init__(self, cloud, document):
        free_exempted(cloud, document)
        self._cloud, self._document = cloud, modern(document)
        self._resolver = jsonschema.RefResolver("", self._document)
        self._validators, self._good = {}, set()
        self._operations = []
        for path, item in self._document["paths"].items():
            pattern = re.compile(re.sub(r"\\{([^}]*)\\}", r"(?P<\1>[^/]+)", re.escape(path)) + r"\Z")
            for method, operation in item.items():
                if method in ("get", "post", "put", "delete", "patch"):
                    shared = item.get("parameters", [])
                    self._operations.append((path.count("{"), pattern, method.upper(), path, operation, shared))
        self._operations.sort(key=lambda one: one[0])  # a fixed path before one with a {name} in its place

    def _resolve(self, node):
        while "$ref" in node:
            node = self._resolver.resolve(node["$ref"])[1]
        return node

    def _find(self, request):
        for _, pattern, method, path, operation, shared in self._operations:
            found = pattern.match(request.path)
            if found and method == request.method:
                return path, operation, shared, found.groupdict()
        return None

    def _faults(self, value, schema, where):
        """Where a value breaks its schema. It says the place and the rule, never the value: that may be a secret."""
        key = id(schema)  # they are all parts of the one document
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft202012Validator(schema, resolver=self._resolver)
        # A check takes a hundred times as long as the rest of an exchange, and lists come again as they were.
        seen = (key, hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest())
        if seen in self._good:
            return
        errors = list(self._validators[key].iter_errors(value))
        if not errors:
            self._good.add(seen)
        for error in errors:
            place = "/".join([where, *map(str, error.absolute_path)])
            rule = json.dumps(error.validator_value)
            yield f"{place}: {error.validator} {rule if len(rule) < 120 else ''}".strip()

    def request_faults(self, request):
        found = self._find(request)
        if found is None:
            yield f"there is no {request.method} {request.path}"
            return
        path, operation, shared, values = found
        parameters = [self._resolve(one) for one in shared + operation.get("parameters", [])]
        given = {"query": request.query, "path": values, "header": request.headers}
        for one in parameters:
            value = given[one["in"]].get(one["name"])
            if value is None:
                if one.get("required"):
                    yield f"{one['in']} {one['name']} is missing"
                continue
            schema = self._resolve(one["schema"])
            yield from self._faults(typed(value, schema), one["schema"], f"{one['in']} {one['name']}")
        known = {one["name"] for one in parameters if one["in"] == "query"}
        for name in sorted(set(request.query) - known):
            yield f"query {name} is not known"
        yield from self._body_faults(request, operation)

    def _body_faults(self, request, operation):
        wanted = operation.get("requestBody")
        if wanted is None:
            if request.body:
                yield "a body where none is known"
            return
        wanted = self._resolve(wanted)
        if not request.body:
            if wanted.get("required"):
                yield "the body is missing"
            return
        if "application/json" not in request.headers.get("content-type", ""):
            yield "content-type is not application/json"
        try:
            body = request.json()
        except ValueError:
            yield "the body is not JSON"
            return
        yield from self._faults(body, wanted["content"]["application/json"]["schema"], "body")

    def answer_faults(self, request, answer):
        found = self._find(request)
        if found is None:
            return
        path, operation, _, _ = found
        name = request.operation.name if request.operation else "unknown"
        if any((of, status) == (self._cloud, answer.status) and what in ("*", name) for of, status, what, _ in ANSWERS):
            return
        wanted = operation["responses"].get(str(answer.status)) or operation["responses"].get("default")
        if wanted is None:
            yield f"status {answer.status} is not known of {request.method} {path}"
            return
        content = self._resolve(wanted).get("content", {}).get("application/json")
        if content is None:
            if answer.body is not None:
                yield "an answer that has no body has one"
            return
        if isinstance(answer.body, bytes) or answer.body is None:
            yield "the answer is not JSON"
            return
        exempt = request.credential is not None and request.credential.missing
        for fault in self._faults(answer.body, content["schema"], "answer"):
            # Fields are hidden from a token that lacks their scope, whatever the document calls required.
            if not (exempt and ": required" in fault):
                yield fault
