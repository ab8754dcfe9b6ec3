// The kit on plugins with one fault each: it finds the fault, and by the right name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "sdk/check/run.h"
#include "sdk/include/stoker/cpp/json.hpp"

namespace stoker::check {
namespace {

using testing::HasSubstr;

struct Fault {
  const char* plugin;
  const char* test;    // that finds it
  const char* detail;  // part of what it says
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.plugin; }

RunOptions options_for(const std::string& plugin) {
  RunOptions options;
  options.plugins = {std::string(STOKER_FAULTY_DIR) + "/" + plugin + ".so"};
  options.fixtures = std::string(STOKER_SOURCE_DIR) + "/tests/check/plugins/fixtures";
  options.json = true;
  options.limit_ms = plugin == "hangs" ? 10'000 : 40'000;
  return options;
}

std::vector<Result> results_of(const RunOptions& options) {
  std::ostringstream out;
  run(options, out);
  std::vector<Result> results;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, "a result", STOKER_E_INTERNAL);
    Result result{json["test"].text(), json["subject"].text(), Verdict::success, json["detail"].text(), 0};
    for (const Verdict verdict : {Verdict::failed, Verdict::crashed, Verdict::skipped, Verdict::warning})
      if (json["verdict"].text() == to_string(verdict)) result.verdict = verdict;
    results.push_back(std::move(result));
  }
  return results;
}

class FaultyPlugin : public testing::TestWithParam<Fault> {};

TEST_P(FaultyPlugin, IsFoundByTheRightTest) {
  RunOptions options = options_for(GetParam().plugin);
  options.include = std::string("^") + GetParam().test + "$";
  const auto results = results_of(options);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].verdict == Verdict::failed || results[0].verdict == Verdict::crashed)
      << to_string(results[0].verdict) << ": " << results[0].detail;
  EXPECT_THAT(results[0].detail, HasSubstr(GetParam().detail));
}

constexpr Fault kFaults[] = {
    {"keeps-a-pointer", "no-retained-pointers", "killed by SIGSEGV in create"},
    {"keeps-the-call", "no-retained-pointers", "after that had returned"},
    {"leaks-the-secret", "secrets-stay-secret", "token"},
    {"calls-another-host", "only-allowed-hosts-contacted", "telemetry.example"},
    {"ignores-cancel", "cancel-at-each-host-call", "asked the host 100 times more"},
    {"loses-the-second-page", "paging-complete", ""},
    {"forgets-the-token", "created-machine-is-found-by-token", ""},
    {"repeats-a-lost-create", "create-answer-lost-then-find", ""},
    {"trusts-an-unknown-state", "unknown-fields-and-states-tolerated", ""},
    {"hides-a-bad-token", "bad-token-is-auth-and-blames-a-field", "STOKER_E_UNAVAILABLE"},
    {"blames-nothing", "bad-token-is-auth-and-blames-a-field", ""},
    {"names-no-currency", "offers-priced-with-currency", ""},
    {"ignores-the-price", "max-price-honoured", ""},
    {"finds-those-of-others", "find-keeps-to-its-owner", ""},
    {"takes-any-failure-for-gone", "host-error-at-each-host-call", "STOKER_E_NOT_FOUND"},
    {"fails-to-remove-twice", "remove-twice", ""},
    {"creates-twice", "create-same-token-twice", "2 where 1 was due"},
    {"takes-any-for-the-same", "token-other-params-conflict", "STOKER_E_CONFLICT was due"},
    {"leaves-a-key", "nothing-left-beside-the-machine", "1 records beside the machine"},
    {"forgets-to-wait", "rate-limit-carries-retry-after", "to wait for 7 s"},
    {"shows-its-secret", "schema-sane", "would be shown again"},
    {"mixes-up-machines", "opaque-round-trip", "get of what find gave"},
    {"cuts-a-broken-list", "host-error-at-each-host-call", "never a short answer"},
    {"leaks-memory", "thousand-objects-leave-nothing", "bytes of each are left"},
    {"prints", "prints-nothing", "it printed `hello`"},
    {"changes-the-locale", "keeps-the-locale", "the locale was C and is C.UTF-8"},
    {"changes-the-folder", "keeps-the-working-directory", "and is /"},
    {"leaks-a-descriptor", "leaves-no-descriptor-open", "(/dev/null)"},
    {"forks", "starts-no-process", "was started"},
    {"starts-a-thread", "starts-no-thread", "threads are running"},
    {"handles-a-signal", "keeps-signals-and-environment", "what a signal does"},
    {"sets-a-variable", "keeps-signals-and-environment", "changed the environment"},
    {"crashes", "rules-kept-over-a-tour", "killed by SIGSEGV in validate"},
    {"hangs", "rules-kept-over-a-tour", "did not end within 10 s in validate"},
    {"exits", "rules-kept-over-a-tour", "it ended the process with status 0 in validate"},
    {"sends-a-gigabyte", "rules-kept-over-a-tour", "1073741824 bytes"},
    {"logs-at-level-nine", "rules-kept-over-a-tour", "level 9"},
    {"throws", "rules-kept-over-a-tour", "an exception left validate: boom"},
    {"throws-a-number", "rules-kept-over-a-tour", "an exception left validate that is no std::exception"},
    {"returns-an-unknown-status", "rules-kept-over-a-tour", "validate returned the unknown status 99"},
    {"fills-what-is-reserved", "rules-kept-over-a-tour", "what is reserved is not zero"},
    {"reads-past-the-host", "reads-no-further-than-the-host-table", "killed by SIGSEGV in init"},
    {"answers-to-any-factory", "unknown-factory-null", "compare the whole id"},
    {"exports-a-helper", "exports-only-entry", "acme_helper"},
    {"reads-chunks", "same-events-any-chunking", ""},
    {"loses-the-last-line", "finish-without-newline", ""},
    {"shares-its-state", "two-streams-interleaved", ""},
};

INSTANTIATE_TEST_SUITE_P(Kit, FaultyPlugin, testing::ValuesIn(kFaults), [](const auto& fault) {
  std::string name = fault.param.plugin;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

class GoodPlugin : public testing::TestWithParam<const char*> {};

TEST_P(GoodPlugin, PassesEveryTest) {
  for (const Result& result : results_of(options_for(GetParam())))
    EXPECT_TRUE(result.verdict == Verdict::success || result.verdict == Verdict::skipped)
        << result.test << " " << to_string(result.verdict) << ": " << result.detail;
}

INSTANTIATE_TEST_SUITE_P(Kit, GoodPlugin, testing::Values("good-provider", "good-parser"),
                         [](const auto& plugin) { return std::string(plugin.param).substr(5); });

}  // namespace
}  // namespace stoker::check
