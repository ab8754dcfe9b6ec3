#include "core/fleet/creation.h"

#include <algorithm>
#include <optional>

#include "core/fleet/identity.h"

namespace stoker::fleet {
namespace {

using plugin_host::CreateRequest;
using plugin_host::Instance;
using plugin_host::InstanceState;
using plugin_host::Provider;
using store::InstancePhase;
using store::InstanceRow;

constexpr int64_t kCallMs = 2 * kMinute;       // one call of a provider
constexpr int64_t kListEveryMs = 5 * kSecond;  // while an outcome is unknown
constexpr int64_t kMaxBackOffMs = kMinute;
constexpr int64_t kAddressMs = 20 * kMinute;      // from alive to an address
constexpr int64_t kUnavailableMs = 10 * kMinute;  // a cloud that does nothing this long is given up for another

bool is_refusal(Fault fault) {
  switch (fault) {
    case Fault::no_capacity:
    case Fault::quota:
    case Fault::auth:
    case Fault::forbidden:
    case Fault::invalid:
    case Fault::unsupported:
      return true;
    default:
      return false;
  }
}

bool nothing_happened(Fault fault) { return fault == Fault::rate_limited || fault == Fault::unavailable; }

InstanceRow refuse(FleetContext& ctx, const InstanceRow& row, const std::string& reason) {
  return change(ctx, "create refused", row.id, [&](InstanceRow& it) {
    it.phase = InstancePhase::refused;
    it.reason = reason;
  });
}

bool is_dearer(const InstanceRow& agreed, const plugin_host::Money& asked) {
  return agreed.price_micros > 0 && asked.currency == agreed.currency &&
         asked.micros > agreed.price_micros + agreed.price_micros / 100;
}

}  // namespace

void copy_facts(InstanceRow& row, const Instance& instance) {
  row.cloud_id = instance.id;
  row.cloud_opaque = instance.opaque;
  row.cloud_state = instance.status_text.empty() ? to_string(instance.state) : instance.status_text;
  if (!instance.region.empty()) row.region = instance.region;
  if (!instance.zone.empty()) row.zone = instance.zone;
  if (!instance.ssh_host.empty()) {
    row.ssh_host = instance.ssh_host;
    row.ssh_port = static_cast<int>(instance.ssh_port);
    row.ssh_user = instance.ssh_user;
  }
  if (!instance.host_public_key.empty()) row.host_public_key = instance.host_public_key;
  if (instance.price.per_hour.micros > 0) {
    row.price_micros = instance.price.per_hour.micros;
    row.currency = instance.price.per_hour.currency;
  }
}

void condemn_double(store::Connection& connection, const InstanceRow& of, const Instance& instance) {
  store::Instances rows(connection);
  InstanceRow extra = of;
  for (int i = 1; rows.find(extra.id); ++i) extra.id = of.id + "-double" + std::to_string(i);
  copy_facts(extra, instance);
  extra.phase = InstancePhase::deleting;
  extra.billed_from_ms = std::max(of.created_ms, of.last_create_ms);
  extra.gone_ms = extra.absent_since_ms = 0;
  extra.delete_attempts = 0;
  extra.kept = false;
  extra.tidied = true;  // what stands beside the machines has the name of the one that is used
  extra.reason = "the cloud made more than one machine for one request";
  rows.insert(extra);
}

namespace {

constexpr char kLost[] = "the answer to its creation was lost, and it never appeared";
constexpr char kWrongId[] = "the answer to its creation named another machine, and its own never appeared";

// `listed`: they were seen under the row's token, which the answer to a create does not prove.
//
// The oldest is ours; further machines of the same token get rows of their own that are to be deleted. One that is
// dearer than quoted is condemned in the same transaction: nobody may find it alive later and use it.
InstanceRow adopt(FleetContext& ctx, const InstanceRow& row, std::vector<Instance> made, bool listed) {
  std::stable_sort(made.begin(), made.end(),
                   [](const Instance& a, const Instance& b) { return a.created_ms < b.created_ms; });
  const bool dearer = is_dearer(row, made.front().price.per_hour);
  const InstanceRow adopted = commit(ctx, "adopt", [&](store::Connection& connection) {
    store::Instances rows(connection);
    InstanceRow it = rows.find(row.id).value();
    it.seen_alive = listed;
    for (size_t i = 1; i < made.size(); ++i) condemn_double(connection, it, made[i]);
    copy_facts(it, made.front());
    it.phase = dearer ? InstancePhase::deleting : InstancePhase::alive;
    if (dearer) it.reason = "dearer than quoted";
    // The bill began when the machine did, however long this agent was away since.
    it.billed_from_ms = std::clamp(it.last_create_ms, it.created_ms, std::max(it.created_ms, ctx.clock.wall_ms()));
    rows.update(it);
    return it;
  });
  ctx.work.notify();
  if (dearer)
    throw Error(Fault::no_capacity,
                row.machine + " of " + row.provider + " came dearer than quoted and is being deleted");
  return adopted;
}

// Lists until the machine is found, or until the listing had the provider's settle time to show it.
InstanceRow resolve_by_listing(FleetContext& ctx, const InstanceRow& row, Provider& provider, const Wait& closing,
                               const char* why = kLost) {
  const int64_t settled = ctx.clock.mono_ms() + provider.facts().settle_ms;
  for (;;) {
    ctx.clock.check(closing, "looking for a machine whose creation is unclear");
    const int64_t asked = ctx.clock.mono_ms();
    std::optional<std::vector<Instance>> found;
    try {
      found = provider.find(ctx.install_id, row.client_token, closing.until(asked + kCallMs));
    } catch (const Error& error) {
      if (ctx.alarm)
        ctx.alarm("can not tell yet whether " + row.id + " exists at " + row.provider + ": " + error.what());
    }
    if (found) {
      std::erase_if(*found, [](const Instance& it) { return it.state == InstanceState::gone; });
      if (!found->empty()) return adopt(ctx, row, std::move(*found), true);
      if (asked >= settled) {
        refuse(ctx, row, why);
        throw Error(Fault::no_capacity, row.provider + " did not make " + row.id);
      }
    }
    const int64_t left = settled - asked;
    ctx.clock.sleep(left > 0 ? std::clamp<int64_t>(left, 100, kListEveryMs) : kListEveryMs, closing);
  }
}

}  // namespace

InstanceRow create_instance(FleetContext& ctx, const InstanceRow& intent, const CreateRequest& request,
                            const Wait& closing, const std::stop_token& unwanted) {
  const std::shared_ptr<Provider> provider = ctx.provider(intent.account);
  const bool idempotent = (provider->facts().capabilities & STOKER_CAP_NATIVE_IDEMPOTENCY) != 0;
  InstanceRow row = intent;
  bool surely_nothing = row.phase == InstancePhase::intent;  // every create so far was answered by "nothing happened"
  const int64_t began = ctx.clock.mono_ms();
  if (row.phase == InstancePhase::unknown && !idempotent) return resolve_by_listing(ctx, row, *provider, closing);
  for (int64_t back_off = kSecond;; back_off = std::min(back_off * 2, kMaxBackOffMs)) {
    ctx.clock.check(closing, "creating a machine");
    ctx.clock.check({unwanted}, "creating a machine");
    row = change(ctx, "create sent", row.id, [&](InstanceRow& it) {
      it.phase = InstancePhase::unknown;
      it.last_create_ms = ctx.clock.wall_ms();
      it.tidied = !provider->facts().has_resources;
    });
    int64_t pause = back_off;
    std::vector<Instance> made;
    try {
      made = provider->create(request, {{}, ctx.clock.mono_ms() + kCallMs});
    } catch (const Error& error) {
      if (is_refusal(error.fault)) {
        // It speaks of this request only: one before it, whose answer was lost, may have made the machine.
        if (!surely_nothing) return resolve_by_listing(ctx, row, *provider, closing);
        refuse(ctx, row, error.what());
        throw;
      }
      if (error.fault == Fault::conflict) {
        const InstanceRow found = resolve_by_listing(ctx, row, *provider, closing);
        mark_deleting(ctx, found.id, "another request used its token");
        throw;
      }
      if (!nothing_happened(error.fault) && !idempotent) return resolve_by_listing(ctx, row, *provider, closing);
      surely_nothing &= nothing_happened(error.fault);
      if (surely_nothing && ctx.clock.mono_ms() - began > kUnavailableMs) {
        refuse(ctx, row, error.what());
        throw Error(Fault::unavailable, row.provider + " made nothing in 10 minutes: " + error.what(), error.hint);
      }
      // The same token again makes no second machine; but where that tells nothing for so long, a listing may.
      if (!surely_nothing && ctx.clock.mono_ms() - began > provider->facts().settle_ms)
        return resolve_by_listing(ctx, row, *provider, closing);
      if (ctx.alarm) ctx.alarm("creating " + row.id + " at " + row.provider + ": " + error.what() + "; trying again");
      pause = std::max(back_off, error.retry_after_ms);
      ctx.clock.sleep(std::max(pause, provider->facts().min_create_interval_ms), {unwanted, closing.deadline_ms});
      continue;
    }
    if (!made.empty()) return adopt(ctx, intent, std::move(made), false);
    if (!idempotent) return resolve_by_listing(ctx, row, *provider, closing);
    surely_nothing = false;
    ctx.clock.sleep(std::max(pause, provider->facts().min_create_interval_ms), {unwanted, closing.deadline_ms});
  }
}

bool was_lost(const InstanceRow& row) {
  return row.phase == InstancePhase::refused && (row.reason == kLost || row.reason == kWrongId);
}

void resolve_instance(FleetContext& ctx, const InstanceRow& row, const Wait& closing) {
  try {
    resolve_by_listing(ctx, row, *ctx.provider(row.account), closing);
  } catch (const Error& error) {
    if (error.fault != Fault::no_capacity) throw;
  }
}

InstanceRow await_address(FleetContext& ctx, const InstanceRow& alive, const Wait& wait) {
  const std::shared_ptr<Provider> provider = ctx.provider(alive.account);
  InstanceRow row = alive;
  const int64_t began = ctx.clock.mono_ms();
  int64_t absent_since = -1;
  std::optional<Error> trouble;  // since the cloud last told anything of it
  const auto give_up = [&](const std::string& why) {
    mark_deleting(ctx, row.id, why);
    return Error(Fault::no_capacity, row.machine + " of " + row.provider + ": " + why);
  };
  // The id that the create was answered with leads nowhere, or to somebody else's machine.
  const auto look_anew = [&] {
    const InstanceRow now = withdraw_id(ctx, row);
    if (now.phase != InstancePhase::unknown) throw give_up("it vanished before it was ever used");
    absent_since = -1;
    return resolve_by_listing(ctx, now, *provider, wait, kWrongId);
  };
  for (int64_t pause = 100;; pause = std::min(pause * 3 / 2, 5 * kSecond)) {
    ctx.clock.check(wait, "waiting for the machine");
    std::optional<Instance> now;
    try {
      now = provider->get(ref_of(row), wait.until(ctx.clock.mono_ms() + kCallMs));
      absent_since = -1;
      trouble.reset();
    } catch (const Error& error) {
      // Not visible yet, or a lie: believed when it was said for a settle time without a break.
      if (error.fault == Fault::not_found) {
        if (absent_since < 0) absent_since = ctx.clock.mono_ms();
        if (ctx.clock.mono_ms() - absent_since >= provider->facts().settle_ms) {
          row = look_anew();
          continue;
        }
      } else {
        trouble = error;
      }
    }
    if (now && !row.seen_alive && !bears_token(row, *now)) {
      row = look_anew();
      continue;
    }
    if (now) {
      if (is_dearer(row, now->price.per_hour)) throw give_up("dearer than quoted");
      row = change(ctx, "instance state", row.id, [&](InstanceRow& it) {
        copy_facts(it, *now);
        it.seen_alive = true;
      });
      if (row.phase != InstancePhase::alive)
        throw Error(Fault::no_capacity, row.machine + " of " + row.provider + " is being deleted: " + row.reason);
      if (now->state == InstanceState::running && !row.ssh_host.empty()) return row;
      if (now->state != InstanceState::running && now->state != InstanceState::pending &&
          now->state != InstanceState::unknown)
        throw give_up("it is " + row.cloud_state + " before it was ever used");
    }
    if (ctx.clock.mono_ms() - began > kAddressMs) {
      if (!trouble) throw give_up("it had no address after 20 minutes");
      // The next machine of this account could not be looked at either.
      const Error told = give_up(std::string("nothing was told of it for 20 minutes: ") + trouble->what());
      throw Error(trouble->fault == Fault::no_capacity ? Fault::unavailable : trouble->fault, told.what(),
                  trouble->hint);
    }
    ctx.clock.sleep(pause, wait);
  }
}

}  // namespace stoker::fleet
