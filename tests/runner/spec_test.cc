#include "core/runner/spec.h"

#include <gtest/gtest.h>

#include "core/runner/failure.h"

namespace stoker::runner {
namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_spec(text);
    return "accepted";
  } catch (const Failure& e) {
    return e.what();
  }
}

TEST(Spec, ReadsPhasesAndEnvironment) {
  const Spec spec = parse_spec(
      R"({"job":"j","attempt":2,"phases":{"setup":{"command":"a"},"train":{"command":"b"}},"env":{"K":"V=1"},"later":1})");
  EXPECT_EQ(spec.job, "j");
  EXPECT_EQ(spec.attempt, 2);
  EXPECT_EQ(spec.commands.at("setup"), "a");
  EXPECT_EQ(spec.commands.at("train"), "b");
  ASSERT_EQ(spec.env.size(), 1u);
  EXPECT_EQ(spec.env[0].second, "V=1");
}

TEST(Spec, NamesWhatIsWrong) {
  EXPECT_EQ(refusal("[]"), "spec.json: not a JSON object");
  EXPECT_EQ(refusal("{}"), "spec.json: job is missing");
  EXPECT_EQ(refusal(R"({"job":"j"})"), "spec.json: attempt is missing");
  EXPECT_EQ(refusal(R"({"job":"j","attempt":1})"), "spec.json: phases is missing");
  EXPECT_EQ(refusal(R"({"job":"j","attempt":1,"phases":{"train":{"command":7}}})"),
            "spec.json: phases.train.command is not a string");
  EXPECT_EQ(refusal(R"({"job":"j","attempt":1,"phases":{},"env":{"A B":"x"}})"),
            "spec.json: env: \"A B\" is not a name of a variable");
  EXPECT_EQ(refusal(R"({"job":"j","attempt":1,"phases":{},"env":{"A":"x\u0000y"}})"), "spec.json: env.A holds a NUL");
}

TEST(Spec, DeepNestingIsNoDanger) { EXPECT_EQ(refusal(std::string(1'000'000, '[')), "spec.json: not a JSON object"); }

}  // namespace
}  // namespace stoker::runner
