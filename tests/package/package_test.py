"""What a plugin author has: the installed package. The pages of docs/ are followed word by word, and the examples are built
in trees of their own with both compilers, checked by the kit and loaded by the agent.

package_test.py BUILD SOURCE: the build tree to install from, and the checkout with docs/.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

BUILD, SOURCE = sys.argv[1:3]
COMPILERS = (("gcc", "g++"), ("clang-19", "clang++-19"))
WITHIN_S = 300
MOST_COMMANDS = 10


def setUpModule():
    global folder, prefix
    folder = tempfile.mkdtemp(prefix="stoker-package-")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    prefix = os.path.join(folder, "prefix")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)


def environment(home):
    kept = {key: os.environ[key] for key in ("LANG", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS") if key in os.environ}
    return kept | {"PATH": f"{prefix}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": home}


def commands_of(page):
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as text:
        blocks = re.findall(r"^```sh\n(.*?)^```", text.read(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def other_commands(page):
    """Lines of a page that look like commands and stand in no block that is run."""
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as text:
        without = re.sub(r"^```sh\n.*?^```", "", text.read(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^(?: {4}|\$ )\S.*", without, re.MULTILINE)


class Author(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(dir=folder)

    def run_in(self, where, *words, **more):
        ran = subprocess.run(words, cwd=where, env=environment(self.home) | more, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=WITHIN_S, check=False)
        self.assertEqual(ran.returncode, 0, f"{' '.join(words)}:\n{ran.stdout}")
        return ran.stdout


class Pages(Author):
    def follow(self, page):
        """Each command where the one before left off; the commands, and what they printed."""
        commands, printed, where = commands_of(page), [], self.home
        for command in commands:
            said, where = self.shell(where, command)
            printed.append(said)
        self.assertEqual(other_commands(page), [])
        return commands, printed

    def shell(self, where, command):
        at = os.path.join(self.home, ".where")
        said = self.run_in(where, "bash", "-ec", f"{command}\npwd > {at}\n")
        with open(at, encoding="utf-8") as text:
            return said, text.read().strip()

    def test_a_provider_passes_within_ten_commands(self):
        commands, printed = self.follow("writing-a-provider.md")
        passing = next(i for i, command in enumerate(commands) if command.startswith("ctest"))
        self.assertLessEqual(passing + 1, MOST_COMMANDS)
        self.assertIn("100% tests passed", printed[passing])
        self.assertIn("nothing found", "".join(printed))
        self.assertRegex(printed[-1], r"acme +provider +0\.1\.0 +1\.0 +loaded")

    def test_a_log_parser_passes_and_reads(self):
        commands, printed = self.follow("writing-a-log-parser.md")
        self.assertIn("100% tests passed", printed[4])
        self.assertRegex(printed[-1], r'"loss": ?0\.75')
        self.assertTrue(os.path.exists(os.path.join(self.home, "acme/fixtures/logs/short.events.jsonl")), commands)


class Examples(Author):
    def build(self, example, compilers):
        source = os.path.join(prefix, "share/doc/stoker/examples", example)
        tree = os.path.join(self.home, example)
        c, cxx = compilers
        self.run_in(self.home, "cmake", "-S", source, "-B", tree, CC=c, CXX=cxx)
        self.run_in(self.home, "cmake", "--build", tree)
        return tree

    def require_one_symbol(self, library):
        symbols = self.run_in(self.home, "nm", "-D", "--defined-only", "--format=posix", library)
        self.assertEqual([line.split()[0] for line in symbols.splitlines()], ["stoker_plugin_entry"])

    def require_agent_asks_for(self, tree, plugin, field):
        """The running agent has loaded it, and would ask for this to connect an account."""
        self.run_in(self.home, "stoker", "plugins", "enable", plugin, "--plugin-path", tree)
        state = os.path.join(self.home, "state")
        agent = subprocess.Popen(["stoker", "serve", "--plugin-path", tree, "--state-dir", state, "--listen", "127.0.0.1:0"],
                                 env=environment(self.home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            port = os.path.join(state, "port")
            until = time.monotonic() + 30
            while not os.path.exists(port) and agent.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            with open(port, encoding="utf-8") as text, open(os.path.join(state, "token"), encoding="utf-8") as secret:
                request = urllib.request.Request(f"http://127.0.0.1:{text.read().strip()}/v1/providers/{plugin}/setup",
                                                 headers={"Authorization": f"Bearer {secret.read().strip()}"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                asked = json.load(answer)
            self.assertEqual([one["key"] for one in asked["fields"]], [field])
        finally:
            agent.terminate()
            agent.wait(30)

    def check(self, example, plugin):
        for compilers in COMPILERS:
            with self.subTest(compiler=compilers[1]):
                tree = self.build(example, compilers)
                self.require_one_symbol(os.path.join(tree, f"{plugin}.so"))
                self.run_in(self.home, "ctest", "--test-dir", tree, "--output-on-failure")
                self.require_agent_asks_for(tree, plugin, "token")
                shutil.rmtree(tree)

    def test_the_provider(self):
        self.check("provider", "acme")

    def test_the_provider_in_c(self):
        self.check("provider-c", "acme-c")

    def test_the_provider_is_short(self):
        with open(os.path.join(prefix, "share/doc/stoker/examples/provider/acme.cc"), encoding="utf-8") as text:
            code = [line for line in text if line.strip() and not line.strip().startswith("//")]
        self.assertLessEqual(len(code), 150)


class Installed(Author):
    def test_is_where_a_distribution_puts_it(self):
        for path in ("bin/stoker", "bin/stoker-plugin-check", "lib/stoker/plugins/local.so", "include/stoker/plugin.h",
                     "include/stoker/ext/resources.h", "include/stoker/cpp/plugin.hpp", "lib/cmake/Stoker/StokerConfig.cmake",
                     "lib/cmake/Stoker/plugin.map", "lib/pkgconfig/stoker.pc", "share/stoker/template/provider/acme.cc",
                     "share/stoker/template/log-parser/acme.cc", "share/doc/stoker/docs/abi.md"):
            self.assertTrue(os.path.exists(os.path.join(prefix, path)), path)

    def test_pages_point_at_what_is_there(self):
        for page in os.listdir(os.path.join(SOURCE, "docs")):
            with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as text:
                for target in re.findall(r"\]\((?!http)([^)#]+)", text.read()):
                    self.assertTrue(os.path.exists(os.path.join(SOURCE, "docs", target)), f"{page}: {target}")

    def test_every_test_that_the_abi_page_names_exists(self):
        tests = self.run_in(self.home, "stoker-plugin-check", "list").split()
        with open(os.path.join(SOURCE, "docs/abi.md"), encoding="utf-8") as text:
            table = text.read().split("| The plugin | The agent | The kit |")[1]
        for line in table.splitlines():
            cells = line.split("|")
            for name in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)*)`", cells[3] if len(cells) > 3 else ""):
                self.assertIn(name, tests)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
