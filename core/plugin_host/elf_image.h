// What an ELF file is and exports, read from its bytes without loading it. The bytes are foreign: every offset is
// checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::plugin_host {

// Copies exactly `size` bytes at `offset`; false when the file does not have them.
using ReadAt = std::function<bool(uint64_t offset, void* out, size_t size)>;

// Name of the machine this program was built for: "x86_64" or "aarch64".
[[nodiscard]] const char* this_machine();

// Empty for a shared library of this machine; else what the file is instead ("it is built for aarch64").
[[nodiscard]] std::string elf_fault(const ReadAt& read);

// The symbols that the dynamic symbol table defines for others, at most 1,000 and each cut at 1,000 bytes. None where
// the tables are damaged or larger than 16 MiB.
[[nodiscard]] std::vector<std::string> elf_exported(const ReadAt& read);

// Whether `symbol` is among all of them.
[[nodiscard]] bool elf_exports(const ReadAt& read, std::string_view symbol);

}  // namespace stoker::plugin_host
