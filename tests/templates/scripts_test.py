"""The scripts of the templates, as far as they go without a GPU and without the libraries they train with."""
import importlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES, GOLDEN = ROOT / "examples" / "templates", Path(__file__).resolve().parent / "golden"
CAPITALS = {"France": "Paris", "Italy": "Rome", "Japan": "Tokyo", "Peru": "Lima", "Kenya": "Nairobi"}


def module(name, folder="parts"):
    for path in (str(TEMPLATES / "parts"), str(TEMPLATES / folder)):
        if path not in sys.path:
            sys.path.append(path)
    return importlib.import_module(name)


def chat(question, answer, **more):
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer, **more}]}


def chats(count):
    rng = random.Random(1)
    for country in rng.choices(sorted(CAPITALS), k=count):
        yield chat(f"What is the capital of {country}?", f"The capital of {country} is {CAPITALS[country]}.")


def preference(question):
    answers = {"preferred_output": [{"role": "assistant", "content": "yes"}]}
    answers["non_preferred_output"] = [{"role": "assistant", "content": "no"}]
    return {"input": {"messages": [{"role": "user", "content": question}]}, **answers}


class Workplace(unittest.TestCase):
    """A working folder as the agent stages it."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stoker-scripts-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def stage(self, template, examples, arguments="", validation=()):
        manifest = json.loads((TEMPLATES / template / "manifest.json").read_text())
        (self.folder / "template").mkdir()
        for name in manifest["files"]:
            shutil.copy(TEMPLATES / template / name, self.folder / "template")
        (self.folder / "template" / "arguments").write_text(arguments)
        (self.folder / "data").mkdir()
        for name, lines in (("train", examples), ("validation", validation)):
            if lines:
                text = "".join(json.dumps(line) + "\n" for line in lines)
                (self.folder / "data" / f"{name}.jsonl").write_text(text)

    def run_script(self, name, *words):
        command = [sys.executable, f"template/{name}", "@template/arguments", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=100)


class Settings(Workplace):
    """What the libraries would be told, from the arguments that the agent renders."""

    def check(self, case, script, examples, *words):
        template = case.rsplit(".", 1)[0]
        self.stage(template, examples, (GOLDEN / case / "arguments").read_text(), examples[:3])
        done = self.run_script(script, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        golden = GOLDEN / case / "settings"
        if os.environ.get("STOKER_WRITE_GOLDEN"):
            golden.write_text(done.stdout)
        self.assertEqual(done.stdout, golden.read_text())
        return done.stdout

    def test_sft_lora(self):
        told = json.loads(self.check("transformers-sft.defaults", "train.py", list(chats(100)), "--print-settings"))
        self.assertEqual(told["training"]["learning_rate"], 2e-4)
        self.assertEqual(told["training"]["per_device_train_batch_size"], 1)
        self.assertEqual(told["training"]["gradient_accumulation_steps"], 8)
        self.assertEqual(told["lora"]["r"], 16)

    def test_sft_qlora(self):
        told = json.loads(self.check("transformers-sft.qlora", "train.py", list(chats(100)), "--print-settings"))
        self.assertEqual(told["model"], "Qwen/Qwen3-8B")
        self.assertEqual(told["training"]["num_train_epochs"], 2)
        self.assertEqual(told["training"]["per_device_train_batch_size"], 4)
        self.assertEqual(told["training"]["gradient_accumulation_steps"], 4)
        self.assertEqual(told["training"]["save_steps"], 50)
        self.assertEqual(told["training"]["optim"], "paged_adamw_8bit")
        self.assertEqual(told["max_seq_length"], 4096)

    def test_sft_full(self):
        told = json.loads(self.check("transformers-sft.full", "train.py", list(chats(100)), "--print-settings"))
        self.assertIsNone(told["lora"])
        self.assertEqual(told["training"]["learning_rate"], 1e-5)
        self.assertEqual(told["training"]["max_steps"], 10)

    def test_dpo(self):
        examples = [preference(f"is {i} a number?") for i in range(40)]
        told = json.loads(self.check("trl-dpo.defaults", "train.py", examples, "--print-settings"))
        self.assertEqual(told["training"]["beta"], 0.1)
        self.assertEqual(told["training"]["max_length"], 2048)

    def test_dpo_full(self):
        examples = [preference(f"is {i} a number?") for i in range(40)]
        told = json.loads(self.check("trl-dpo.full", "train.py", examples, "--print-settings"))
        self.assertEqual(told["training"]["beta"], 0.25)
        self.assertEqual(told["training"]["learning_rate"], 3e-6)

    def test_axolotl(self):
        os.environ["CUDA_VISIBLE_DEVICES"] = "0"
        for case in ("axolotl-lora.defaults", "axolotl-lora.qlora"):
            with self.subTest(case):
                text = self.check(case, "axolotl_config.py", list(chats(100)))
                told = {key: json.loads(value) for key, value in (line.split(": ", 1) for line in text.splitlines())}
                self.assertEqual(told["adapter"], "qlora" if case.endswith("qlora") else "lora")
                self.assertEqual(told["datasets"][0]["path"], "data/train.jsonl")
                shutil.rmtree(self.folder / "template")
                shutil.rmtree(self.folder / "data")


class Parts(unittest.TestCase):
    def test_yaml_reads_small_numbers_as_numbers(self):
        scalar = module("axolotl_config", "axolotl-lora").scalar
        for value in (1e-8, 5e-06, 0.0002, 0.05, 0.0, 1.0):
            self.assertEqual(float(scalar(value)), value)
            self.assertIn(".", scalar(value))
            self.assertNotIn("e", scalar(value))

    def test_the_batch_is_spread_over_gpus_and_steps(self):
        sizes = module("fine_tuning").batch_sizes

        class Options:
            def __init__(self, batch, micro):
                self.batch_size, self.micro_batch_size = batch, micro

        self.assertEqual(sizes(Options(8, 1), 1), (1, 8))
        self.assertEqual(sizes(Options(8, 3), 1), (2, 4))
        self.assertEqual(sizes(Options(8, 64), 1), (8, 1))
        self.assertEqual(sizes(Options(8, 2), 4), (2, 1))
        self.assertEqual(sizes(Options(1, 1), 8), (1, 1))

    def test_only_what_the_assistant_says_is_learnt(self):
        train = module("train", "transformers-sft")

        def tokenize(messages, prompt):
            text = "".join(f"<{one['role'][0]}>{one['content']}|" for one in messages)
            return [ord(c) for c in text + ("<a>" if prompt else "")]

        messages = chat("hi", "ho")["messages"] + chat("a", "b", weight=0)["messages"] + chat("c", "d")["messages"]
        example = train.encode(tokenize, messages, 100)
        learnt = "".join(chr(label) if label != -100 else "." for label in example["labels"])
        self.assertEqual("".join(map(chr, example["input_ids"])), "<u>hi|<a>ho|<u>a|<a>b|<u>c|<a>d|")
        self.assertEqual(learnt, "." * 9 + "ho|" + "." * 18 + "d|")
        self.assertEqual(len(train.encode(tokenize, messages, 10)["labels"]), 10)

    def test_chats_name_the_line_of_what_is_wrong(self):
        chat_data = module("chat_data")
        for line, says in [
            ("{", "is not JSON"),
            ("[]", 'has no list "messages"'),
            ('{"messages": []}', 'has no list "messages"'),
            ('{"messages": [{"role": "robot", "content": "x"}]}', "a message needs a role"),
            ('{"messages": [{"role": "user", "content": 7}]}', "the content of a message must be text"),
            ('{"messages": [{"role": "user", "content": "x"}]}', "no message of the assistant"),
        ]:
            with self.assertRaises(chat_data.BadData) as caught:
                chat_data.read_example(line, "data, line 3")
            self.assertIn("data, line 3: ", str(caught.exception))
            self.assertIn(says, str(caught.exception))

    def test_preferences_are_read_in_both_spellings(self):
        data = module("preference_data")
        example = preference("which?")
        other = {**example, "preferred_completion": example["preferred_output"]}
        other["non_preferred_completion"] = example["non_preferred_output"]
        del other["preferred_output"], other["non_preferred_output"]
        read = [data.read_example(json.dumps(one), "line 1") for one in (example, other)]
        self.assertEqual(read[0], read[1])
        self.assertEqual(read[0]["chosen"], [{"role": "assistant", "content": "yes"}])
        for name in ("input", "preferred_output", "non_preferred_output"):
            broken = {key: value for key, value in example.items() if key != name}
            with self.assertRaises(module("chat_data").BadData):
                data.read_example(json.dumps(broken), "line 1")


def losses(log, key="'loss'"):
    return [float(part.split(",")[0].split("}")[0]) for part in log.split(key + ": ")[1:]]


class TinyLm(Workplace):
    def trained(self, arguments):
        self.stage("tiny-lm", list(chats(120)), arguments, list(chats(10)))
        done = self.run_script("train.py")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_learns_saves_and_answers(self):
        log = self.trained("--epochs=4\n--batch-size=8\n--learning-rate=0.1\n--seed=2\n")
        told = losses(log)
        self.assertLess(told[-1], told[0] / 2)
        self.assertLess(losses(log, "'eval_loss'")[-1], told[0] / 2)
        self.assertIn("  Total optimization steps = 60\n", log)
        for name in ("checkpoint-15", "checkpoint-60", "model"):
            self.assertTrue((self.folder / "out" / name / "model.json").exists(), name)
        self.assertEqual([path.name for path in (self.folder / "out").glob("*.part")], [])
        self.ask_the_server()

    def test_ends_after_the_steps_it_is_told(self):
        log = self.trained("--epochs=1000\n--max-steps=3\n")
        self.assertIn("  Total optimization steps = 3\n", log)
        self.assertTrue((self.folder / "out" / "checkpoint-3").exists())

    def test_says_which_line_it_can_not_read(self):
        self.stage("tiny-lm", [chat("a", "b"), {"messages": "c"}])
        done = self.run_script("train.py")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, 'bad data: data/train.jsonl, line 2: has no list "messages"\n')

    def ask_the_server(self):
        words = [sys.executable, "-u", "template/serve.py", "--model=out/model", "--port=0"]
        with subprocess.Popen(words, cwd=self.folder, stdout=subprocess.PIPE, text=True) as server:
            try:
                line = server.stdout.readline()
                self.assertTrue(line.startswith("serving on 127.0.0.1:"), line)
                self.check_server("http://" + line.split()[-1])
            finally:
                server.kill()

    def check_server(self, base):
        def post(body, path="/v1/chat/completions"):
            request = urllib.request.Request(base + path, json.dumps(body).encode())
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.headers["Content-Type"], answer.read().decode()

        with urllib.request.urlopen(base + "/health", timeout=20) as answer:
            self.assertEqual(answer.status, 200)
        asked = {"messages": [{"role": "user", "content": "What is the capital of Japan?"}]}
        kind, body = post(asked)
        whole = json.loads(body)
        text = whole["choices"][0]["message"]["content"]
        self.assertEqual(kind, "application/json")
        self.assertRegex(text, r"^The capital of \w+ is \w+\.$")
        self.assertEqual(whole["choices"][0]["finish_reason"], "stop")
        self.assertEqual(whole["usage"]["total_tokens"], 7 + 7)

        kind, body = post({**asked, "stream": True})
        self.assertEqual(kind, "text/event-stream")
        events = [line[6:] for line in body.splitlines() if line]
        self.assertEqual(events[-1], "[DONE]")
        chunks = [json.loads(event) for event in events[:-1]]
        self.assertEqual("".join(one["choices"][0]["delta"].get("content", "") for one in chunks), text)
        self.assertEqual(chunks[-1]["choices"][0]["finish_reason"], "stop")

        for body, path, status in [
            ({"messages": []}, "/v1/chat/completions", 400),
            ({**asked, "temperature": 3}, "/v1/chat/completions", 400),
            ({**asked, "max_tokens": 0.5}, "/v1/chat/completions", 400),
            (asked, "/v1/elsewhere", 404),
        ]:
            with self.assertRaises(urllib.error.HTTPError) as caught:
                post(body, path)
            self.assertEqual(caught.exception.code, status)
            self.assertIn("message", json.loads(caught.exception.read())["error"])
            caught.exception.close()


if __name__ == "__main__":
    unittest.main()
