// What stoker-runner prints, read as the hostile text that it may be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/remote/runner_client.h"

namespace stoker::remote {

constexpr size_t kMaxReply = 1 << 20;
constexpr size_t kMaxList = 64 << 20, kMaxListEntries = 100'000;

struct PresentFile {
  std::string path, xxh3;
  int64_t size = 0;
  bool partial = false;
};

// All throw unavailable where the text is not what the protocol says.
[[nodiscard]] PhaseStatus parse_status(std::string_view json);
[[nodiscard]] Armed parse_armed(std::string_view json);
// The named number of a reply with one.
[[nodiscard]] int64_t parse_count(std::string_view json, std::string_view name);
[[nodiscard]] std::vector<PresentFile> parse_present(std::string_view lines);
// Leaves out what must not become a name on our disk and adds the number of those to `refused`.
[[nodiscard]] std::vector<ManifestEntry> parse_manifest(std::string_view lines, size_t& refused);

// Relative, at most 1,024 bytes and 16 levels, no "." or "..", no control characters, not ending in ".part".
[[nodiscard]] bool is_safe_path(std::string_view path);

}  // namespace stoker::remote
