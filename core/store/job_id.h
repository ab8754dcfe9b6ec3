// Names for jobs and files: unique, short, fit for host names, and in the order of their making.
#pragma once

#include <cstdint>
#include <string>

namespace stoker::store {

// 13 characters of [a-z2-7]: 42 bits of time and 22 random ones. Ids of different milliseconds sort by time.
[[nodiscard]] std::string new_job_id(int64_t wall_ms);

}  // namespace stoker::store
