"""sdk/abi/layout.py on the headers as they are, and on copies that break the ABI in one way each. Run by CTest with the
compilers: abi_layout_test.py CC CXX"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SDK = pathlib.Path(__file__).resolve().parents[2] / "sdk"
CC, CXX = sys.argv.pop(1), sys.argv.pop(1)


class AbiLayout(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stoker-abi-")
        self.addCleanup(folder.cleanup)
        self.include, self.lists = pathlib.Path(folder.name) / "include", pathlib.Path(folder.name) / "abi"
        shutil.copytree(SDK / "include", self.include)
        shutil.copytree(SDK / "abi", self.lists)

    def edit(self, header, *changes):
        path = self.include / "stoker" / header
        text = path.read_text()
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after, 1)
        path.write_text(text)

    def layout(self, *more):
        return subprocess.run([sys.executable, "-B", SDK / "abi/layout.py", "--include", self.include, "--lists", self.lists,
                               "--cc", CC, "--cxx", CXX, *more], capture_output=True, text=True)

    def assert_told(self, *sentences):
        done = self.layout()
        self.assertEqual(done.returncode, 1)
        for sentence in sentences:
            self.assertIn(sentence + "\n", done.stderr)
        written = self.layout("--write")
        self.assertEqual(written.stderr, done.stderr, "--write mends no break")
        return done.stderr

    def test_headers_are_as_listed(self):
        done = self.layout()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    @unittest.skipUnless(shutil.which("clang-19"), "no clang-19, which compiles for other machines")
    def test_the_list_holds_on_aarch64_and_a_wrong_one_does_not(self):
        source = "".join(f"#include <{path.relative_to(self.include)}>\n" for path in sorted(self.include.rglob("*.h")))
        record = ""
        for line in (self.lists / "abi-1.0.txt").read_text().splitlines():
            if struct := re.fullmatch(r"struct (\w+) (\d+)", line):
                record = struct[1]
                source += f'_Static_assert(sizeof({record}) == {struct[2]}, "{line}");\n'
            elif member := re.fullmatch(r" +(\d+) +(\d+) ([\w.]+): .*", line):
                source += f'_Static_assert(offsetof({record}, {member[3]}) == {member[1]}, "{record}.{member[3]}");\n'
        self.assertGreater(source.count("_Static_assert"), 150)
        clang = ["clang-19", "-target", "aarch64-linux-gnu", "-ffreestanding", "-std=c11", "-fsyntax-only",
                 "-I", self.include, "-x", "c", "-"]
        self.assertEqual(subprocess.run(clang, input=source, capture_output=True, text=True).stderr, "")
        wrong = source + '_Static_assert(offsetof(stoker_offer, price) == 0, "wrong");\n'
        self.assertIn("wrong", subprocess.run(clang, input=wrong, capture_output=True, text=True).stderr)

    def test_a_changed_order_is_told_with_both_offsets_and_the_way_out(self):
        self.edit("provider.h", ("  uint64_t mem_bytes, disk_bytes;", "  uint64_t disk_bytes, mem_bytes;"))
        told = self.assert_told("stoker_offer.mem_bytes is at offset 128; ABI 1.0 has it at 120",
                                "stoker_offer.disk_bytes is at offset 120; ABI 1.0 has it at 128")
        self.assertTrue(told.endswith('under #if STOKER_TARGET_MINOR >= the next minor; see docs/abi.md, "What may change"\n'))

    def test_a_removed_member(self):
        self.edit("provider.h", ("  stoker_str ssh_host, ssh_user;", "  stoker_str ssh_host;"))
        self.assert_told("stoker_instance.ssh_user is gone; ABI 1.0 has it at offset 120")

    def test_a_member_appended_for_plugins_that_do_not_ask_for_it(self):
        self.edit("provider.h", ("} stoker_price;", "  int64_t until_ms;\n} stoker_price;"))
        self.assert_told("stoker_price.until_ms is new; ABI 1.0 does not have it")

    def test_a_type_of_the_same_size(self):
        self.edit("host.h", ("  int64_t retry_after_ms;", "  uint64_t retry_after_ms;"))
        self.assert_told("stoker_failure.retry_after_ms is of type unsigned long; ABI 1.0 has long")

    def test_the_arguments_of_a_slot(self):
        self.edit("log_parser.h", ("(*detect)(const char *id, stoker_bytes head)", "(*detect)(stoker_bytes head, const char *id)"))
        self.assert_told("stoker_log_parser_factory.detect is of type int (*)(stoker_bytes, char const*); ABI 1.0 has "
                         "int (*)(char const*, stoker_bytes)")

    def test_an_array_and_a_value(self):
        self.edit("base.h", ("char currency[4];\n  uint32_t reserved;", "char currency[8];"),
                  ("STOKER_E_QUOTA = 8", "STOKER_E_QUOTA = 15"))
        self.assert_told("stoker_money.currency has 8 bytes; ABI 1.0 has 4", "STOKER_E_QUOTA is 15; ABI 1.0 has 8")

    def test_an_id_and_the_exported_symbol(self):
        self.edit("http.h", ('STOKER_HTTP "stoker.http/1"', 'STOKER_HTTP "stoker.http/2"'))
        self.edit("plugin.h", ("stoker_plugin_entry(void)", "stoker_plugin_start(void)"))
        self.assert_told("STOKER_HTTP is stoker.http/2; ABI 1.0 has stoker.http/1", "stoker_plugin_entry is gone; ABI 1.0 has it")

    def test_a_hole(self):
        self.edit("ext/resources.h", ("  int32_t kind;", "  int16_t kind;"))
        self.assert_told("stoker_resource has a hole of 2 bytes before id")

    def test_headers_that_no_longer_compile(self):
        self.edit("base.h", ("  int64_t micros;", "  nothing micros;"))
        self.assertIn("unknown type name", self.layout().stderr)

    def test_an_extension_of_its_own_is_added_to_the_list_and_frozen_then(self):
        extension = self.include / "stoker/ext/fuse.h"
        extension.write_text('#include "../provider.h"\n#define STOKER_EXT_FUSE "stoker.provider.fuse/1"\n'
                             'typedef struct stoker_fuse {\n  uint32_t struct_size;\n  uint32_t reserved;\n} stoker_fuse;\n')
        self.assertEqual(self.layout().stderr,
                         "abi-1.0.txt lacks STOKER_EXT_FUSE, stoker_fuse\nwhat is new has a name of its own and is frozen "
                         "once it is listed: run layout.py --write and commit the list\n")
        self.assertEqual(self.layout("--write").returncode, 0)
        self.assertEqual(self.layout().returncode, 0)
        extension.write_text(extension.read_text().replace("uint32_t reserved", "int32_t reserved"))
        self.assert_told("stoker_fuse.reserved is of type int; ABI 1.0 has unsigned int")

    def test_the_next_minor_appends_and_leaves_the_list_of_the_last_alone(self):
        before = (self.lists / "abi-1.0.txt").read_text()
        self.edit("base.h", ("STOKER_ABI_NEWEST_MINOR 0", "STOKER_ABI_NEWEST_MINOR 1"))
        self.edit("provider.h", ("} stoker_price;", "#if STOKER_TARGET_MINOR >= 1\n  int64_t until_ms;\n#endif\n} stoker_price;"))
        self.assertIn("abi-1.1.txt lacks ", self.layout().stderr)
        self.assertEqual(self.layout("--write").returncode, 0)
        self.assertEqual(self.layout().returncode, 0)
        self.assertEqual((self.lists / "abi-1.0.txt").read_text(), before)
        self.assertIn("   32  8 until_ms: long\n", (self.lists / "abi-1.1.txt").read_text())

    def test_the_next_minor_neither_inserts_nor_lets_a_value_grow(self):
        self.edit("base.h", ("STOKER_ABI_NEWEST_MINOR 0", "STOKER_ABI_NEWEST_MINOR 1"),
                  ("  stoker_value value;\n", "  stoker_value value;\n#if STOKER_TARGET_MINOR >= 1\n  int64_t unit;\n#endif\n"))
        self.edit("provider.h", ("  stoker_money per_hour;", "#if STOKER_TARGET_MINOR >= 1\n  int64_t until_ms;\n#endif\n"
                                                            "  stoker_money per_hour;"))
        self.assert_told("stoker_price.per_hour is at offset 16; ABI 1.0 has it at 8",
                         "stoker_field has 48 bytes; ABI 1.0 has 40, and it has no struct_size to grow by")


if __name__ == "__main__":
    unittest.main()
