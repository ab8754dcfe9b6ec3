"""How long files may be, what they may be called, and words that stay out. Run by CTest on the checkout that holds this file."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("core", "sdk", "plugins", "log-parsers", "tests", "examples", "scripts", "cmake", ".ci")
TEXT = {".c", ".cc", ".h", ".hpp", ".py", ".cmake", ".md", ".yaml", ".json", ".in", ".txt", ".sh", ""}

LONGEST = 500
SAYS_NOTHING = {"manager", "util", "utils", "helper", "helpers", "common", "misc"}
# Put together here, so that this file does not hold them.
STAYS_OUT = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b|/(wo" + r"rk|fa" + r"rm)/")


def files():
    # A worktree's .git is a file, and git's.
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT and path.name != ".git")
    for top in OURS:
        for path in (ROOT / top).rglob("*"):
            foreign = {"corpus", "data", "node_modules", "__pycache__"} & set(path.relative_to(ROOT).parts)
            if path.is_file() and path.suffix in TEXT and not foreign:
                yield path


def name_says_nothing(name):
    return bool(SAYS_NOTHING & set(re.split(r"[^a-z]+", name.lower())))


class Files(unittest.TestCase):
    def test_none_is_too_long(self):
        long = [f"{path}: {n} lines" for path in files() if (n := len(path.read_bytes().splitlines())) > LONGEST]
        self.assertEqual(long, [])

    def test_each_name_says_something(self):
        self.assertEqual([str(path) for path in files() if name_says_nothing(path.name)], [])

    def test_what_stays_out(self):
        found = []
        for path in files():
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if STAYS_OUT.search(line):
                    found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(found, [])

    def test_the_checks_see_what_they_look_for(self):
        self.assertTrue(name_says_nothing("string_utils.h"))
        self.assertFalse(name_says_nothing("commonplace.h"))
        self.assertTrue(STAYS_OUT.search("// TO" + "DO: later"))
        self.assertGreater(sum(1 for _ in files()), 100)


if __name__ == "__main__":
    unittest.main()
