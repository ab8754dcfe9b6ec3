"""Who may include whom. Run by CTest on the checkout that holds this file."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Every folder may include itself, sdk/ (where it is part of core) and the headers directly in core/.
CORE = {
    "agent": {"api", "cli", "fleet", "jobs", "plugin_host", "remote", "runner", "store", "templates", "training_log"},
    "api": {"jobs", "fleet", "store", "plugin_host", "templates"},
    "jobs": {"fleet", "remote", "training_log", "store", "plugin_host", "templates"},
    "fleet": {"plugin_host", "store"},
    "training_log": {"plugin_host"},
    "cli": set(),
    "templates": set(),
    "remote": set(),
    "store": set(),
    "plugin_host": set(),
    "runner": set(),
}
# Single files, where a whole folder would be too much. The commands that need no agent load plugins by themselves;
# `entry` tells them from where, `silent_log` takes what the plugins say meanwhile.
CLI_WITHOUT_AGENT = re.compile(r"core/cli/(parse|doctor|plugins|panic|entry|silent_log)[a-z_]*\.(cc|h)$")
RUNNER_PROTOCOL = "core/runner/protocol.h"
YAML = "core/cli/yaml_tree.h"

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)
SOURCE = {".c", ".cc", ".h", ".hpp"}


def room(path):
    """core/jobs/stage.h -> ("core", "jobs"); core/error.h -> ("core", ""); plugins/ssh/x.cc -> ("plugins", "ssh")"""
    parts = Path(path).parts
    return parts[0], parts[1] if len(parts) > 2 else ""


def ours(target):
    """Whether an include names a file of the checkout by its path from the top."""
    return target.split("/")[0] in {"core", "sdk", "plugins", "log-parsers", "tests", "examples"}


def allowed(source, target):
    if not ours(target):
        return True  # the system's, or a neighbour's by its bare name
    top, folder = room(source)
    to_top, to_folder = room(target)
    if (top, folder) == ("sdk", "check"):  # a host of its own, on the agent's loader
        return to_top == "sdk" or (to_top == "core" and to_folder in ("", "plugin_host")) or target == YAML
    if top == "sdk":
        return to_top == "sdk"
    if top in ("plugins", "log-parsers"):
        return to_top in (top, "sdk")
    if top != "core":
        return True
    if to_top == "sdk":
        return True
    if to_top != "core":
        return False
    if to_folder in ("", folder):
        return True
    if folder == "cli" and to_folder in ("plugin_host", "training_log"):
        return CLI_WITHOUT_AGENT.match(source) is not None
    if folder == "remote" and target == RUNNER_PROTOCOL:
        return True
    return to_folder in CORE.get(folder, set())


def includes(root, source):
    """What a file includes, each as the path from the top where it lies in the checkout."""
    for target in INCLUDE.findall((root / source).read_text(errors="replace")):
        beside = (root / source).parent / target
        if not ours(target) and beside.exists():
            target = str(beside.resolve().relative_to(root))
        yield target


def broken(root):
    for top in ("core", "sdk", "plugins", "log-parsers"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCE:
                continue
            source = str(path.relative_to(root))
            for target in includes(root, source):
                if not allowed(source, target):
                    yield f"{source} may not include {target}"


class Arrows(unittest.TestCase):
    def test_the_checkout_keeps_to_them(self):
        self.assertEqual(list(broken(ROOT)), [])

    def test_each_folder_of_core_has_its_row(self):
        folders = {path.name for path in (ROOT / "core").iterdir() if path.is_dir()}
        self.assertEqual(folders, set(CORE))

    def test_the_table_has_no_ring(self):
        left = {folder: set(to) for folder, to in CORE.items()}
        while left:
            leaves = {folder for folder, to in left.items() if not to & set(left)}
            self.assertTrue(leaves, f"a ring among {sorted(left)}")
            left = {folder: to for folder, to in left.items() if folder not in leaves}

    def test_what_is_refused(self):
        for source, target in [
            ("plugins/ssh/plugin.cc", "core/error.h"),
            ("plugins/ssh/plugin.cc", "log-parsers/transformers/bar.h"),
            ("log-parsers/axolotl/plugin.cc", "core/clock.h"),
            ("core/fleet/fleet.cc", "plugins/local/gpu.h"),
            ("core/fleet/fleet.cc", "core/jobs/spec.h"),
            ("core/store/jobs.cc", "core/jobs/spec.h"),
            ("core/remote/session.h", "core/runner/spec.h"),
            ("core/cli/run.cc", "core/plugin_host/registry.h"),
            ("core/cli/doctor.cc", "core/store/database.h"),
            ("core/error.h", "core/store/database.h"),
            ("sdk/include/stoker/base.h", "core/error.h"),
            ("sdk/check/run.cc", "core/store/database.h"),
        ]:
            self.assertFalse(allowed(source, target), f"{source} -> {target}")

    def test_what_is_allowed(self):
        for source, target in [
            ("plugins/ssh/plugin.cc", "stoker/cpp/plugin.hpp"),
            ("plugins/ssh/plugin.cc", "plugins/record/record.h"),
            ("core/cli/doctor.cc", "core/plugin_host/registry.h"),
            ("core/remote/session.h", "core/runner/protocol.h"),
            ("core/jobs/stage.cc", "core/fleet/fleet.h"),
            ("core/store/jobs.cc", "core/error.h"),
            ("sdk/check/loaded_plugin.cc", "core/plugin_host/identity.h"),
        ]:
            self.assertTrue(allowed(source, target), f"{source} -> {target}")


if __name__ == "__main__":
    unittest.main()
