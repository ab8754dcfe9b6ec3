#include "core/agent/known_secrets.h"

#include <algorithm>

namespace stoker::agent {

void KnownSecrets::add(std::string_view secret) {
  std::lock_guard lock(mutex_);
  if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
  secrets_.emplace_back(secret);
  mask_ = std::make_shared<const training_log::Mask>(secrets_);
}

std::string KnownSecrets::masked(std::string text) const {
  std::shared_ptr<const training_log::Mask> mask;
  {
    std::lock_guard lock(mutex_);
    mask = mask_;
  }
  if (mask) (void)mask->apply(text, true);
  return text;
}

}  // namespace stoker::agent
