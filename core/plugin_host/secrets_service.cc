#include "core/plugin_host/secrets_service.h"

#include "core/plugin_host/account_link.h"
#include "core/plugin_host/explained.h"
#include "core/plugin_host/wiped_text.h"

namespace stoker::plugin_host {
namespace {

using Sink = void (*)(void*, stoker_bytes);

stoker_status use(stoker_call* call, stoker_str key, Sink sink, void* user) noexcept {
  return explained(*call, STOKER_SECRETS, [&] {
    const AccountLink& account = account_of(*call, STOKER_SECRETS);
    if (!account.secrets)
      throw Error(Fault::unsupported, "the account " + account.account + " has no secrets", "set it up again");
    if (sink == nullptr) throw Breach("the sink of use is null");
    // A copy, so that the plugin runs while nothing of the source is held.
    WipedText secret;
    account.secrets->use(copy_text(key, "the key"), [&](std::string_view text) { secret.add(text); });
    sink(user, {secret.view().data(), secret.view().size()});
  });
}

}  // namespace

const stoker_secrets* secrets_service() {
  static const stoker_secrets table{sizeof(stoker_secrets), 0, use};
  return &table;
}

}  // namespace stoker::plugin_host
