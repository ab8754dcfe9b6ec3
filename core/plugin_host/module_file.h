// The file of a plugin, checked before anything of it runs.
#pragma once

#include <filesystem>
#include <string>

namespace stoker::plugin_host {

// In this order: a regular file; ELF for this machine; safe owner and mode, of the file and of the folders above it;
// the pinned hash; the entry symbol. Throws Error{unsupported} with the file, the fault and the way out. `sha256`:
// lower-case hex, or empty for no pin (the file is then not read as a whole). `allow_unsafe` skips the check of owner
// and mode.
void check_module_file(const std::filesystem::path& file, const std::string& sha256, bool allow_unsafe);

// What the owner-and-mode check has against the file: a sentence, or empty. It closes the gap between checking and
// loading: who may not write the file or its folders can not swap it.
[[nodiscard]] std::string unsafe_owner_or_mode(const std::filesystem::path& file);

// Lower-case hex of the whole file. Throws when it can not be read.
[[nodiscard]] std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace stoker::plugin_host
