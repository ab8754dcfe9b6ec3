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
constexpr int64_t kLookAgainMs = 3 * kSecond, kQuietLookMs = 15 * kSecond;
constexpr int64_t kAskAgainMs = 20 * kSecond, kAskAgainWhileDeletingMs = 2 * kMinute;

struct Target {
  InstanceRef ref;
  std::string label;
  int64_t asked_ms = INT64_MIN;
  bool listed = false;    // in this round
  bool deleting = false;  // as of the last list
  bool gone = false;      // as of this round
  bool told_gone = false;
  std::string trouble;    // of the last try
  bool hopeless = false;  // so is the next
};

bool is_hopeless(const Error& error) {
  return error.fault == Fault::auth || error.fault == Fault::forbidden || error.fault == Fault::unsupported;
}

std::string label_of(const std::string& id, const std::string& name) {
  return name.empty() || name == id ? id : id + " (" + name + ")";
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

class Purge {
 public:
  Purge(plugin_host::Provider& provider, const PurgeRequest& request, Clock& clock, const Wait& wait)
      : provider_(provider),
        request_(request),
        clock_(clock),
        wait_(wait.until(clock.mono_ms() + request.patience_ms)) {
    for (const InstanceRef& ref : request.known) {
      Target& target = targets_[ref.id];
      target.ref = ref;
      target.label = ref.id;
    }
  }

  Purged run() {
    const int64_t settle_ms = provider_.facts().settle_ms;
    int64_t quiet_ms = -1;  // since when nothing is there
    for (;;) {
      const int64_t looked_ms = clock_.mono_ms();
      const bool nothing = round();
      if (nothing && quiet_ms < 0)
        tell("nothing is left as far as can be seen; looking again for " + seconds(settle_ms));
      quiet_ms = !nothing ? -1 : quiet_ms < 0 ? looked_ms : quiet_ms;
      if ((nothing && looked_ms - quiet_ms >= settle_ms) || no_hope()) return result();
      const int64_t pause = nothing ? std::min(kQuietLookMs, quiet_ms + settle_ms - clock_.mono_ms()) : kLookAgainMs;
      clock_.sleep(std::max<int64_t>(pause, 1), wait_);
      if (wait_.cancel.stop_requested() || clock_.mono_ms() >= wait_.deadline_ms) {
        if (listing_trouble_.empty()) listing_trouble_ = "the time is over, and what is listed may not be all";
        return result();
      }
    }
  }

 private:
  // True when there is nothing.
  bool round() {
    bool nothing = list();
    for (auto& [id, target] : targets_) nothing = destroy(target) && nothing;
    if (nothing && provider_.facts().has_resources) nothing = remove_resources();
    return nothing;
  }

  // False when it could not be seen what is there.
  bool list() {
    for (auto& [id, target] : targets_) target.listed = false;
    try {
      for (const Instance& it : provider_.find(request_.owner, "", call())) {
        if (it.state == InstanceState::gone) continue;
        Target& target = targets_[it.id];
        target.ref = {it.id, it.region, it.opaque};
        target.label = label_of(it.id, it.name);
        target.listed = true;
        target.deleting = it.state == InstanceState::deleting;
      }
      listing_trouble_.clear();
      listing_hopeless_ = false;
      return true;
    } catch (const Error& error) {
      if (listing_trouble_ != error.what()) tell(error.what());
      listing_trouble_ = error.what();
      listing_hopeless_ = is_hopeless(error);
      return false;
    }
  }

  // True when it is gone: by the list and by its id. Both are asked in each round, for one may lie. Who can not look
  // can still ask for the removal.
  bool destroy(Target& target) {
    target.gone = !target.listed && is_gone(target);
    if (target.gone) {
      if (!std::exchange(target.told_gone, true)) tell(target.label + " is gone");
      return true;
    }
    target.told_gone = false;
    const int64_t patience_ms = target.deleting ? kAskAgainWhileDeletingMs : kAskAgainMs;
    if (target.asked_ms != INT64_MIN && clock_.mono_ms() - target.asked_ms < patience_ms) return false;
    if (target.asked_ms == INT64_MIN) tell("destroying " + target.label);
    target.asked_ms = clock_.mono_ms();
    try {
      provider_.remove(target.ref, call());
      target.trouble.clear();
      target.hopeless = false;
    } catch (const Error& error) {
      if (error.fault == Fault::not_found) return false;  // the next look says so
      if (target.trouble != error.what()) tell(target.label + ": " + error.what());
      target.trouble = error.what();
      target.hopeless = is_hopeless(error);
    }
    return false;
  }

  bool is_gone(const Target& target) {
    try {
      return provider_.get(target.ref, call()).state == InstanceState::gone;
    } catch (const Error& error) {
      return error.fault == Fault::not_found;
    }
  }

  // A credential that may do nothing here is no reason to look less long for machines.
  bool remove_resources() {
    const auto before = std::exchange(resources_left_, {});
    bool nothing = true;
    const auto failed = [&](const std::string& what, const Error& error) {
      resources_left_.push_back(what + ": " + error.what());
      if (!contains(before, resources_left_.back())) tell(resources_left_.back());
      nothing = nothing && is_hopeless(error);
    };
    try {
      for (const Resource& it : provider_.resources(request_.owner, "", call())) {
        const std::string label = label_of(it.id, it.name);
        try {
          provider_.remove_resource(it, call());
          nothing = false;  // until the next look
          if (contains(resources_gone_, label)) continue;
          resources_gone_.push_back(label);
          tell("removed " + label);
        } catch (const Error& error) {
          failed(label, error);
        }
      }
    } catch (const Error& error) {
      failed("what was made beside the machines", error);
    }
    resources_seen_ = true;
    return nothing;
  }

  // Nothing can be listed, and nothing that is known can be removed.
  [[nodiscard]] bool no_hope() const {
    return listing_hopeless_ && std::all_of(targets_.begin(), targets_.end(),
                                            [](const auto& one) { return one.second.gone || one.second.hopeless; });
  }

  [[nodiscard]] Purged result() const {
    Purged purged;
    for (const auto& [id, target] : targets_) {
      if (target.gone)
        purged.destroyed.push_back(target.label);
      else
        purged.left.push_back(target.label + (target.trouble.empty() ? " is still there" : ": " + target.trouble));
    }
    for (const std::string& label : resources_gone_)
      if (std::none_of(resources_left_.begin(), resources_left_.end(),
                       [&](const std::string& left) { return left.starts_with(label + ": "); }))
        purged.destroyed.push_back(label);
    purged.left.insert(purged.left.end(), resources_left_.begin(), resources_left_.end());
    if (provider_.facts().has_resources && !resources_seen_)
      purged.left.emplace_back("what was made beside the machines was not looked for");
    if (!listing_trouble_.empty()) purged.left.push_back(listing_trouble_);
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
  bool resources_seen_ = false;
  std::string listing_trouble_;
  bool listing_hopeless_ = false;
};

}  // namespace

Purged purge(plugin_host::Provider& provider, const PurgeRequest& request, Clock& clock, const Wait& wait) {
  return Purge(provider, request, clock, wait).run();
}

}  // namespace stoker::fleet
