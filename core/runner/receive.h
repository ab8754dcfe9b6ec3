// Files from the agent into a folder, resumable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/runner/beneath.h"
#include "core/runner/frame.h"

namespace stoker::runner {

// A name that ends so is ours: the part of a file that has not come whole.
constexpr std::string_view kPartSuffix = ".part";

struct Received {
  uint64_t files = 0, bytes = 0;  // bytes came now, without what was resumed
};

// All files are on the disk when it returns. Throws at the first file that fails; those before it are in place, on the
// disk or not, what came of it is in its .part unless its hash is wrong.
Received receive_files(const Beneath& root, FrameReader& frames);

// A line for each of the paths, ended by NUL, that is there whole or in part; see `have` in protocol.h.
[[nodiscard]] std::string list_present(const Beneath& root, std::string_view paths);

// Makes the folder and its parents 0700 where they are missing.
[[nodiscard]] Descriptor open_root(const std::string& path);

}  // namespace stoker::runner
