// What a job leaves behind: the files of artifacts/ and those of work/ that patterns choose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/runner/job.h"

namespace stoker::runner {

// Calls `line` with each line of the manifest, sorted by path; see `manifest` in protocol.h.
void write_manifest(const Job& job, const std::vector<std::string>& patterns,
                    const std::function<void(const std::string&)>& line);

// The bytes of a file named as in the manifest, from the offset on.
void send_file(const Job& job, const std::string& path, int64_t from, int output);

}  // namespace stoker::runner
