#include "core/store/job_id.h"

#include <sys/random.h>

#include <cerrno>

#include "core/error.h"

namespace stoker::store {
namespace {

// Base 32 with its digits in the order of ASCII, so that text sorts as the numbers do.
constexpr char kDigits[] = "234567abcdefghijklmnopqrstuvwxyz";
constexpr int kLength = 13, kTimeBits = 42, kRandomBits = 22;

}  // namespace

std::string new_job_id(int64_t wall_ms) {
  uint32_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) throw system_error("can not get random bytes", errno);
  const uint64_t time = static_cast<uint64_t>(wall_ms) & ((uint64_t{1} << kTimeBits) - 1);
  uint64_t number = time << kRandomBits | (random & ((1u << kRandomBits) - 1));
  std::string id(kLength, kDigits[0]);
  for (int i = kLength; i-- > 0; number >>= 5) id[static_cast<size_t>(i)] = kDigits[number & 31];
  return id;
}

}  // namespace stoker::store
