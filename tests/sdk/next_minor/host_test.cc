// Plugins and hosts of two minors, in all four pairs. The same source is built once as the host of today and once with
// headers that have a test-only minor 1.1, which appends a member to the host's table, the request and the instance.
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/identity.h"
#include "sdk/check/guarded.h"
#include "sdk/check/isolated.h"
#include "sdk/include/stoker/provider.h"

namespace stoker::check {
namespace {

constexpr int64_t kLimitMs = 10'000;

stoker_host the_host() {
  stoker_host table{};
  table.struct_size = sizeof table;
  table.abi_major = STOKER_ABI_MAJOR;
  table.abi_minor = STOKER_ABI_NEWEST_MINOR;
#if STOKER_TARGET_MINOR >= 1
  table.test_only = [](const stoker_host*) -> int64_t { return 11; };
#endif
  return table;
}

struct Got {
  std::string token;
  int64_t deadline_ms = 0, test_only = 0;
};

stoker_status keep(void* user, const stoker_instance* foreign) {
  const stoker_instance instance = plugin_host::copy_struct(foreign, "instance");
  auto& got = *static_cast<Got*>(user);
  got.token = plugin_host::copy_text(instance.client_token, "token");
  got.deadline_ms = instance.deadline_ms;
#if STOKER_TARGET_MINOR >= 1
  got.test_only = instance.test_only;
#endif
  return STOKER_OK;
}

// Loads the plugin, lends it a table and a request that end at an unreadable page, and tells what came back.
std::string use(const std::string& id) {
  const auto ran = run_isolated(
      [&]() -> std::string {
        try {
          std::optional<plugin_host::ModuleIdentity> identity;
          const stoker_plugin plugin =
              plugin_host::load_plugin(std::string(STOKER_MINOR_DIR) + "/" + id + ".so", identity);
          Loans loans;
          if (plugin.init(loans.object(the_host()), nullptr) != STOKER_OK) return "init failed";
          const auto* factory =
              static_cast<const stoker_provider_factory*>(plugin.get_factory(STOKER_PROVIDER_FACTORY));
          stoker_provider* provider = nullptr;
          factory->make(nullptr, loans.c_text(id), nullptr, 0, &provider);
          stoker_create_request request{};
          request.struct_size = sizeof request;
          request.client_token = loans.text("stk-1");
          request.deadline_ms = 42;
#if STOKER_TARGET_MINOR >= 1
          request.test_only = 7;
#endif
          Got got;
          provider->create(provider, nullptr, loans.object(request), keep, &got);
          return got.token + " " + std::to_string(got.deadline_ms) + " " + std::to_string(got.test_only);
        } catch (const Error& error) {
          return std::string(error.what()) + "; " + error.hint;
        }
      },
      kLimitMs);
  return ran.text;
}

#if STOKER_TARGET_MINOR >= 1
TEST(HostOfNextMinor, TakesThePluginOfThisMinor) { EXPECT_EQ(use("plugin-1.0"), "stk-1 42 0"); }
TEST(HostOfNextMinor, TakesThePluginThatOnlyKnowsOfTheNext) { EXPECT_EQ(use("plugin-1.0-by-1.1"), "stk-1 42 0"); }
TEST(HostOfNextMinor, TakesThePluginOfTheNextMinor) { EXPECT_EQ(use("plugin-1.1"), "stk-1 42 7"); }
#else
TEST(HostOfThisMinor, TakesThePluginOfThisMinor) { EXPECT_EQ(use("plugin-1.0"), "stk-1 42 0"); }
TEST(HostOfThisMinor, TakesThePluginThatOnlyKnowsOfTheNext) { EXPECT_EQ(use("plugin-1.0-by-1.1"), "stk-1 42 0"); }
TEST(HostOfThisMinor, RefusesThePluginThatNeedsTheNextMinor) {
  EXPECT_EQ(use("plugin-1.1"), std::string("plugin-1.1 1.0.0 (") + STOKER_MINOR_DIR +
                                   "/plugin-1.1.so) needs plugin ABI 1.1; this agent offers 1.0; upgrade the agent, or "
                                   "rebuild the plugin with TARGET_ABI 1.0");
}
// What guards the claims above: a plugin that reads a member its host does not have is killed for it.
TEST(HostOfThisMinor, EndsAtAnUnreadablePage) { EXPECT_EQ(use("plugin-1.1-says-1.0"), "killed by SIGSEGV"); }
#endif

}  // namespace
}  // namespace stoker::check
