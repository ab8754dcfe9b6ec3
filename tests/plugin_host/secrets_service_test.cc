#include "core/plugin_host/secrets_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/plugin_host/account_link.h"
#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/wiped_text.h"
#include "tests/plugin_host/recording_log.h"

namespace stoker::plugin_host {
namespace {

struct OneSecret final : SecretSource {
  void use(const std::string& key, const std::function<void(std::string_view)>& use) const override {
    if (key != "token") throw Error(Fault::invalid, "acme/main has no secret " + key, "set up acme again", key);
    use(std::string_view("s\0cret", 6));
  }
};

struct SecretsService : testing::Test {
  std::string use(const AccountLink* account, const std::string& key) {
    stoker_call call{host, "find", {}, std::nullopt, account};
    std::string got;
    const stoker_status status = secrets_service()->use(
        &call, lend(key),
        [](void* user, stoker_bytes bytes) {
          static_cast<std::string*>(user)->append(static_cast<const char*>(bytes.data), bytes.size);
        },
        &got);
    if (status == STOKER_OK) return "got " + got;
    const Failure& said = *call.failure;
    return std::to_string(status) + " | " + said.message + " | " + said.hint + " | " + said.config_key;
  }

  SystemClock clock;
  RecordingLog log;
  HostServices host{"acme", "/plugins/acme.so", clock, log, {}, {}};
  AccountLink account{"acme/main", std::make_shared<OneSecret>(), nullptr, nullptr};
};

TEST_F(SecretsService, LendsASecretAsItIs) {
  EXPECT_EQ(use(&account, "token"), std::string("got s\0cret", 10));
  EXPECT_THAT(log.lines(), testing::IsEmpty());
}

TEST_F(SecretsService, ExplainsWhatItLacks) {
  EXPECT_EQ(use(&account, "key"), "3 | acme/main has no secret key | set up acme again | key");
  EXPECT_EQ(
      use(nullptr, "token"),
      "4 | acme: find asked for stoker.secrets/1, and no account belongs to it | this is a bug of the plugin: the "
      "service is there in calls of a provider; tell its author | ");
  account.secrets.reset();
  EXPECT_EQ(use(&account, "token"), "4 | the account acme/main has no secrets | set it up again | ");
}

TEST_F(SecretsService, ASinkIsNeeded) {
  stoker_call call{host, "find", {}, std::nullopt, &account};
  EXPECT_EQ(secrets_service()->use(&call, {"token", 5}, nullptr, nullptr), STOKER_E_INTERNAL);
  EXPECT_EQ(call.failure->message, "acme: stoker.secrets/1 broke the contract of plugins: the sink of use is null");
}

TEST(WipedText, GrowsWithoutLosingAnything) {
  WipedText text;
  std::string whole;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(static_cast<size_t>(i % 7), static_cast<char>('a' + i % 26));
    text.add(piece);
    whole += piece;
  }
  EXPECT_EQ(text.view(), whole);
}

}  // namespace
}  // namespace stoker::plugin_host
