// Known secrets in a byte stream, replaced by as many '*': offsets stay true.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stoker::training_log {

class Mask {
 public:
  // Secrets shorter than kShortest bytes are left alone: masking "1" would destroy the log. Each is also known in its
  // base64 and URL-escaped form.
  explicit Mask(std::vector<std::string> secrets);

  static constexpr size_t kShortest = 6;

  // Masks in place and returns how many leading bytes are safe to pass on: the rest may be the beginning of a secret
  // and has to be given again, unmasked, with what follows. `final`: nothing follows, all is safe.
  [[nodiscard]] size_t apply(std::string& bytes, bool final) const;

 private:
  std::vector<std::string> forms_;  // longest first
};

}  // namespace stoker::training_log
