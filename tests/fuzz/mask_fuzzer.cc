// link: stoker_training_log
// Any stream, split anywhere: as long as before, and without the secret.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/training_log/mask.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string stream(reinterpret_cast<const char*>(data), size);
  const stoker::training_log::Mask mask({"hunter22", "abcabcab"});
  std::string out, pending;
  const size_t chunk = size % 9 + 1;
  for (size_t at = 0; at < size; at += chunk) {
    pending += stream.substr(at, chunk);
    std::string masked = pending;
    const size_t safe = mask.apply(masked, at + chunk >= size);
    if (safe > pending.size()) std::abort();
    out += masked.substr(0, safe);
    pending.erase(0, safe);
  }
  if (out.size() != stream.size() || !pending.empty()) std::abort();
  if (out.find("hunter22") != std::string::npos || out.find("abcabcab") != std::string::npos) std::abort();
  return 0;
}
