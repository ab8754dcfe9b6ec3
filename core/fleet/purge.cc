#include "core/fleet/purge.h"

#include <algorithm>
#include <map>
#include <utility>

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceRef;
using plugin_host::InstanceState;
using plugin_host::Resource;

constexpr int64_t kCallMs = kMinute;
constexpr int64_t kLookAgainMs = 3 * kSecond;
constexpr int64_t kAskAgainMs = 20 * kSecond;  // a delete that was accepted takes its time

struct Target {
  InstanceRef ref;
  std::string label;
  int64_t asked_ms = INT64_MIN;
  bool gone = false;
  std::string trouble;  // of the last try
};

bool is_hopeless(const Error& error) {
  return error.fault == Fault::auth || error.fault == Fault::forbidden || error.fault == Fault::unsupported;
}

std::string label_of(const std::string& id, const std::string& name) {
  return name.empty() || name == id ? id : id + " (" + name + ")";
}

class Purge {
 public:
  Purge(plugin_host::Provider& provider, const PurgeRequest& request, Clock& clock, const Wait& wait)
      : provider_(provider),
        request_(request),
        clock_(clock),
        wait_(wait.until(clock.mono_ms() + request.patience_ms)) {
    for (const InstanceRef& ref : request.known) targets_[ref.id] = Target{.ref = ref, .label = ref.id, .trouble = {}};
  }

  Purged run() {
    const int64_t settle_ms = provider_.facts().settle_ms;
    int64_t quiet_ms = -1;  // since when nothing is there
    for (;;) {
      const int64_t looked_ms = clock_.mono_ms();
      const bool nothing = round();
      if (hopeless_) return result();
      if (nothing && quiet_ms < 0)
        tell("nothing is left as far as can be seen; looking again for " + seconds(settle_ms));
      quiet_ms = !nothing ? -1 : quiet_ms < 0 ? looked_ms : quiet_ms;
      if (nothing && looked_ms - quiet_ms >= settle_ms) return result();
      const int64_t pause =
          nothing ? std::min(kLookAgainMs * 5, quiet_ms + settle_ms - clock_.mono_ms()) : kLookAgainMs;
      clock_.sleep(std::max<int64_t>(pause, 1), wait_);
      if (wait_.cancel.stop_requested() || clock_.mono_ms() >= wait_.deadline_ms) {
        if (trouble_.empty()) trouble_ = "the time is over, and what is listed may not be all";
        return result();
      }
    }
  }

 private:
  // True when there is nothing.
  bool round() {
    try {
      for (const Instance& it : provider_.find(request_.owner, "", call())) see(it);
      bool clean = true;
      for (auto& [id, target] : targets_)
        if (!target.gone) clean = destroy(target) && clean;
      if (clean && provider_.facts().has_resources) clean = remove_resources();
      trouble_.clear();
      return clean;
    } catch (const Error& error) {
      if (trouble_ != error.what()) tell(error.what());
      trouble_ = error.what();
      hopeless_ = is_hopeless(error);
      return false;
    }
  }

  void see(const Instance& it) {
    if (it.state == InstanceState::gone) return;
    Target& target = targets_[it.id];
    target.ref = {it.id, it.region, it.opaque};
    target.label = label_of(it.id, it.name);
    target.gone = false;
  }

  // True when it is gone.
  bool destroy(Target& target) {
    try {
      if (is_gone(target.ref)) {
        target.gone = true;
        tell(target.label + " is gone");
        return true;
      }
      if (target.asked_ms != INT64_MIN && clock_.mono_ms() - target.asked_ms < kAskAgainMs) return false;
      if (target.asked_ms == INT64_MIN) tell("destroying " + target.label);
      target.asked_ms = clock_.mono_ms();
      provider_.remove(target.ref, call());
      target.trouble.clear();
    } catch (const Error& error) {
      if (error.fault == Fault::not_found) return false;  // the next look says so
      if (target.trouble != error.what()) tell(target.label + ": " + error.what());
      target.trouble = error.what();
    }
    return false;
  }

  bool is_gone(const InstanceRef& ref) {
    try {
      return provider_.get(ref, call()).state == InstanceState::gone;
    } catch (const Error& error) {
      if (error.fault != Fault::not_found) throw;
      return true;
    }
  }

  bool remove_resources() {
    const auto before = std::exchange(resources_left_, {});
    for (const Resource& it : provider_.resources(request_.owner, "", call())) {
      const std::string label = label_of(it.id, it.name);
      try {
        provider_.remove_resource(it, call());
        if (std::find(resources_gone_.begin(), resources_gone_.end(), label) == resources_gone_.end()) {
          resources_gone_.push_back(label);
          tell("removed " + label);
        }
      } catch (const Error& error) {
        resources_left_.push_back(label + ": " + error.what());
        if (std::find(before.begin(), before.end(), resources_left_.back()) == before.end())
          tell(resources_left_.back());
        continue;
      }
      removed_now_ = true;
    }
    return resources_left_.empty() && !std::exchange(removed_now_, false);
  }

  Purged result() const {
    Purged purged;
    for (const auto& [id, target] : targets_) {
      if (target.gone)
        purged.destroyed.push_back(target.label);
      else
        purged.left.push_back(target.label + (target.trouble.empty() ? " is still listed" : ": " + target.trouble));
    }
    purged.destroyed.insert(purged.destroyed.end(), resources_gone_.begin(), resources_gone_.end());
    purged.left.insert(purged.left.end(), resources_left_.begin(), resources_left_.end());
    if (!trouble_.empty()) purged.left.push_back(trouble_);
    return purged;
  }

  void tell(const std::string& text) const {
    if (request_.tell) request_.tell(text);
  }
  [[nodiscard]] Wait call() const { return wait_.until(clock_.mono_ms() + kCallMs); }
  static std::string seconds(int64_t ms) { return std::to_string((ms + 999) / 1000) + " s"; }

  plugin_host::Provider& provider_;
  const PurgeRequest& request_;
  Clock& clock_;
  const Wait wait_;
  std::map<std::string, Target> targets_;  // by the cloud's id
  std::vector<std::string> resources_gone_, resources_left_;
  std::string trouble_;  // that kept the last round from its end
  bool hopeless_ = false, removed_now_ = false;
};

}  // namespace

Purged purge(plugin_host::Provider& provider, const PurgeRequest& request, Clock& clock, const Wait& wait) {
  return Purge(provider, request, clock, wait).run();
}

}  // namespace stoker::fleet
