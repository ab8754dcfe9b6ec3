// Opening files under a folder of the agent, by names that a client or an instance chose.
#pragma once

#include <filesystem>
#include <string>

#include "core/api/descriptor.h"

namespace stoker::api {

struct OpenFile {
  Descriptor fd;
  int64_t size = 0;
};

// A regular file, for reading. The kernel resolves `path` so that it can not leave `folder`, by links neither. Throws
// not_found.
[[nodiscard]] OpenFile open_beneath(const std::filesystem::path& folder, const std::string& path);

}  // namespace stoker::api
