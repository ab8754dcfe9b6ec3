// The program stoker-runner on an instance: found by its hash, or uploaded.
#pragma once

#include <filesystem>
#include <string>

#include "core/remote/session.h"

namespace stoker::remote {

struct InstalledRunner {
  std::string program;  // absolute paths on the instance
  std::string job_path;
};

// `runners` holds one stoker-runner-ARCH per architecture. Makes the job folder where there is none.
[[nodiscard]] InstalledRunner install_runner(Session& session, const std::filesystem::path& runners,
                                             const std::string& job_folder, const Wait& wait);

}  // namespace stoker::remote
