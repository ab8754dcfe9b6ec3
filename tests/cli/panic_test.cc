#include <gmock/gmock.h>

#include <cstdio>

#include "core/cli/command.h"
#include "core/error.h"
#include "tests/cli/called.h"

namespace stoker::cli {
namespace {

using testing::HasSubstr;

class PanicCommand : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::freopen("/dev/null", "r", stdin), nullptr); }  // nobody to ask

  Result call(std::vector<std::string> words) {
    Entry entry;
    entry.settings = [](const Flags&) { return Settings{}; };
    entry.client_view = [](const std::filesystem::path&) { return std::nullopt; };
    entry.panic = [this](const PanicOptions& options) {
      ++calls;
      installation = options.installation;
      options.tell("lambda: destroying i-1");
      return outcome;
    };
    words.insert(words.begin(), "panic");
    return call_main(entry, std::move(words));
  }

  PanicOutcome outcome;
  std::string installation;
  int calls = 0;
};

TEST_F(PanicCommand, SaysWhatIsGoneAndWhatMayBeLeft) {
  outcome = {{"lambda: i-1 (stk-1)"}, {}};
  const Result all = call({"--yes"});
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.out, "destroyed lambda: i-1 (stk-1)\n");
  EXPECT_EQ(all.err, "stoker: lambda: destroying i-1\n");
  outcome.left = {"aws: the key is refused"};
  const Result some = call({"--yes", "--installation", "0123456789abcdef"});
  EXPECT_EQ(some.code, 1);
  EXPECT_EQ(installation, "0123456789abcdef");
  EXPECT_EQ(some.out,
            "destroyed lambda: i-1 (stk-1)\nMAY BE LEFT aws: the key is refused\n"
            "run it again, or look at the clouds' consoles: what is left may cost money\n");
  EXPECT_EQ(call({"--yes", "--json"}).out,
            "{\"destroyed\":[\"lambda: i-1 (stk-1)\"],\"left\":[\"aws: the key is refused\"]}\n");
  outcome = {};
  EXPECT_EQ(call({"--yes"}).out, "nothing was rented\n");
}

TEST_F(PanicCommand, DoesNothingThatIsNotMeant) {
  const Result unasked = call({});
  EXPECT_EQ(unasked.code, 2);
  EXPECT_EQ(unasked.err, "stoker: panic: there is no terminal to ask at\nhint: give --yes if it is meant\n");
  const Result no_id = call({"--yes", "--installation", "stk-0123"});
  EXPECT_EQ(no_id.code, 2);
  EXPECT_THAT(no_id.err, HasSubstr("--installation stk-0123: an install id has 16 hex digits\n"
                                   "hint: it is the tag stk-owner of a machine in the cloud's console"));
  const Result no_provider = call({"--yes", "--secret", "api_key=env:KEY"});
  EXPECT_EQ(no_provider.code, 2);
  EXPECT_THAT(no_provider.err, HasSubstr("add --provider P"));
  EXPECT_EQ(call({"--yes", "--provider", "nimbus"}).code, 1);
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace stoker::cli
