// Every credential this agent has seen, so that none of them gets into a log line or an error.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/training_log/mask.h"

namespace stoker::agent {

// Any thread. What was added stays known: a credential that was replaced may still stand in an old answer.
class KnownSecrets {
 public:
  void add(std::string_view secret);
  // The text with each of them, and its base64 and URL-escaped forms, replaced by as many '*'.
  [[nodiscard]] std::string masked(std::string text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;
  std::shared_ptr<const training_log::Mask> mask_;
};

}  // namespace stoker::agent
