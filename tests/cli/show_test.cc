#include <gmock/gmock.h>

#include "tests/cli/scripted_agent.h"

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;

TEST(Show, lists_the_attempts_when_one_failed) {
  ScriptedAgent agent;
  const std::string refused =
      R"({"attempt":1,"account":"lambda","provider":"lambda","machine":"gpu_1x_h100_pcie","region":"us-west-3",)"
      R"("state":"refused","reason":"insufficient\u001b[1m capacity"})";
  const std::string taken =
      R"({"attempt":2,"account":"work","provider":"vast","machine":"m","region":"","state":"alive","reason":""})";
  const auto job = [&](const std::string& attempts) {
    return R"({"id":"abcdefgh23456","name":"tiny","state":"running","attempts":[)" + attempts + "]}";
  };
  agent.answer_to("GET /v1/jobs/abcdefgh23456", 200, job(refused + "," + taken));
  agent.answer_to("GET /v1/jobs/abcdefgh23456", 200, job(refused));
  agent.answer_to("GET /v1/jobs/abcdefgh23456", 200, job(taken));
  const std::string first = "attempt 1: gpu_1x_h100_pcie of lambda in us-west-3: refused: insufficient capacity\n";
  EXPECT_THAT(stoker(agent, {"show", "abcdefgh23456"}).out, HasSubstr(first + "attempt 2: m of vast/work: alive\n"));
  EXPECT_THAT(stoker(agent, {"show", "abcdefgh23456"}).out, HasSubstr(first));
  EXPECT_THAT(stoker(agent, {"show", "abcdefgh23456"}).out, testing::Not(HasSubstr("attempt 2: ")));
}

}  // namespace
}  // namespace stoker::cli
