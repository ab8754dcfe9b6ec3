// Files that nobody else may read: 0600 in 0700 folders, written whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace stoker {

// Makes the folder (and its parents) 0700. Throws forbidden when it exists and others can read it or it is not ours.
void ensure_private_folder(const std::filesystem::path& folder);

// Throws forbidden, naming the `chmod` that mends it, when the file or folder is not ours or others may read or write
// it.
void require_private(const std::filesystem::path& path);

// Temp name, fsync, rename, fsync of the folder. Mode 0600.
void write_private_file(const std::filesystem::path& path, std::string_view content);

// The whole file; throws not_found when absent, invalid when larger than `max_bytes`.
[[nodiscard]] std::string read_file(const std::filesystem::path& path, size_t max_bytes = 16 << 20);

}  // namespace stoker
