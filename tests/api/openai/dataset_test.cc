#include "core/api/openai/dataset.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker::api::openai {
namespace {

const std::string kChat =
    R"({"messages":[{"role":"user","content":"hello there"},{"role":"assistant","content":"good day"}]})";
const std::string kAnswers = R"([{"role":"assistant","content":"a"}])";
const std::string kPreference = R"({"input":{"messages":[{"role":"user","content":"hi"}]},"preferred_output":)" +
                                kAnswers + R"(,"non_preferred_output":)" + kAnswers + "}";

// "FORM EXAMPLES TOKENS", or what is wrong.
std::string check(std::string_view bytes, size_t piece = SIZE_MAX) {
  try {
    Dataset data;
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      data.add(rest.substr(0, piece));
    const DatasetFacts facts = data.finish();
    return std::string(to_string(facts.form)) + " " + std::to_string(facts.examples) + " " +
           std::to_string(facts.tokens);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::invalid);
    EXPECT_EQ(error.field, "file");
    return error.what();
  }
}

// What is said of a line with these messages, the second of its file.
std::string flaw(const std::string& messages) { return check(kChat + "\n{\"messages\":" + messages + "}\n" + kChat); }

TEST(DatasetTest, CountsTheSameHoweverTheFileComes) {
  const std::string file = "\xef\xbb\xbf" + kChat + "\r\n\n  \t\r\n" + kChat + "\n" + kChat;
  // Four tokens around each message, and its words.
  EXPECT_EQ(check(file), "chat 3 36");
  for (size_t piece = 1; piece <= file.size(); ++piece) ASSERT_EQ(check(file, piece), "chat 3 36") << piece;
}

TEST(DatasetTest, NamesTheSameLineHoweverTheFileComes) {
  const std::string file = kChat + "\n\n" + kChat + "\r\n{\"messages\":\n" + kChat;
  for (size_t piece = 1; piece <= file.size(); ++piece)
    ASSERT_TRUE(check(file, piece).starts_with("line 4: this is not JSON: ")) << piece << " " << check(file, piece);
}

TEST(DatasetTest, TakesPreferencesByBothTheirNames) {
  EXPECT_EQ(check(kPreference), "preference 1 7");
  std::string older = kPreference;
  for (size_t at; (at = older.find("_output")) != std::string::npos;) older.replace(at, 7, "_completion");
  EXPECT_EQ(check(older + "\n" + kPreference), "preference 2 14");
}

TEST(DatasetTest, TakesToolsPartsAndWeights) {
  EXPECT_EQ(check(R"({"messages":[{"role":"developer","content":"be brief"},{"role":"user","content":"weather?"},)"
                  R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{)"
                  R"("name":"w","arguments":"{}"}}],"weight":0},{"role":"tool","tool_call_id":"1","content":"sun"},)"
                  R"({"role":"tool","tool_call_id":"2","content":"rain"},)"
                  R"({"role":"assistant","content":"mixed","weight":1}],"tools":[{"type":"function"}],)"
                  R"("parallel_tool_calls":false})"),
            "chat 1 31");
  EXPECT_EQ(check(R"({"messages":[{"role":"user","content":[{"type":"text","text":"one two"},)"
                  R"({"type":"image_url","image_url":{"url":"data:"}}]},{"role":"assistant","content":""}]})"),
            "chat 1 10");
  EXPECT_EQ(check(R"({"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,)"
                  R"("function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"1"},)"
                  R"({"role":"assistant","content":"y"}]})"),
            "chat 1 19");
}

TEST(DatasetTest, SaysWhatIsWrongWithALine) {
  EXPECT_EQ(check(kChat + "\n[]"), "line 2: this is no JSON object");
  EXPECT_EQ(check(kChat + "\n{\"prompt\":\"\",\"completion\":\"\"}"), "line 2: there is neither messages nor input");
  EXPECT_EQ(check(kChat + "\n" + kPreference), "line 2: this is a preference example, those before are chat");
  EXPECT_EQ(check(kPreference + "\n" + kChat), "line 2: this is a chat example, those before are preference");
  EXPECT_TRUE(check(kChat + "\n{\"messages\":[\"\xff\"]}").starts_with("line 2: this is not JSON: "));
  EXPECT_TRUE(check(kChat + kChat).starts_with("line 1: this is not JSON: "));
  EXPECT_TRUE(check(std::string(3000, '[')).starts_with("line 1: this is not JSON: "));
}

TEST(DatasetTest, SaysWhatIsWrongWithAMessage) {
  const auto message = [](const std::string& members) {
    return flaw("[{\"role\":\"user\",\"content\":\"q\"},{" + members + "}]");
  };
  EXPECT_EQ(flaw("\"hi\""), "line 2: messages is not a list");
  EXPECT_EQ(flaw("[]"), "line 2: messages is empty");
  EXPECT_EQ(flaw("[1]"), "line 2: messages[0] is not an object");
  EXPECT_EQ(message(R"("content":"a")"), "line 2: messages[1] has no role");
  EXPECT_EQ(message(R"("role":"bot","content":"a")"),
            "line 2: messages[1] has the role `bot`; it is one of system, developer, user, assistant, tool");
  EXPECT_EQ(message("\"role\":\"" + std::string(100, 'b') + "\",\"content\":\"a\""),
            "line 2: messages[1] has the role `" + std::string(40, 'b') +
                "...`; it is one of system, developer, user, assistant, tool");
  EXPECT_EQ(message(R"("role":"assistant")"), "line 2: messages[1] has no content");
  EXPECT_EQ(message(R"("role":"assistant","content":null,"tool_calls":[])"), "line 2: messages[1] has no content");
  EXPECT_EQ(message(R"("role":"assistant","content":5)"),
            "line 2: messages[1].content is neither text nor a list of parts");
  EXPECT_EQ(message(R"("role":"assistant","content":[{}])"), "line 2: messages[1].content has a part without a type");
  EXPECT_EQ(message(R"("role":"assistant","content":[{"type":"text"}])"),
            "line 2: messages[1].content has a part of type text without text");
  for (const char* weight : {"0.5", "2", "\"1\"", "true"})
    EXPECT_EQ(message(std::string(R"("role":"assistant","content":"a","weight":)") + weight),
              "line 2: messages[1].weight is neither 0 nor 1");
  std::string many = "[" + std::string(R"({"role":"user","content":""})");
  for (int i = 0; i < 4096; ++i) many += R"(,{"role":"user","content":""})";
  EXPECT_EQ(flaw(many + "]"), "line 2: messages has more than 4096 messages");
}

TEST(DatasetTest, SaysWhatIsWrongWithTheOrder) {
  const auto roles = [](const std::string& letters) {
    std::string list;
    for (const char letter : letters) {
      const char* role = letter == 's' ? "system" : letter == 'u' ? "user" : letter == 'a' ? "assistant" : "tool";
      list += std::string(list.empty() ? "[" : ",") + R"({"role":")" + role + R"(","content":"x"})";
    }
    return flaw(list + "]");
  };
  EXPECT_EQ(roles("ua"), "chat 3 34");
  EXPECT_TRUE(roles("ssuuaaua").starts_with("chat 3 "));
  EXPECT_EQ(roles("usa"), "line 2: messages[1]: a system message comes first");
  EXPECT_EQ(roles("a"), "line 2: messages[0]: an assistant message answers a user");
  EXPECT_EQ(roles("sa"), "line 2: messages[1]: an assistant message answers a user");
  EXPECT_EQ(roles("uta"), "line 2: messages[1]: a tool message follows an assistant's tool_calls");
  EXPECT_EQ(roles("ta"), "line 2: messages[0]: a tool message follows an assistant's tool_calls");
  EXPECT_EQ(roles("uau"), "line 2: the last message is not the assistant's");
  EXPECT_EQ(roles("s"), "line 2: the last message is not the assistant's");
}

TEST(DatasetTest, SaysWhatIsWrongWithAPreference) {
  const auto line = [](const std::string& input, const std::string& more) {
    return check("{\"input\":" + input + more + "}");
  };
  const std::string input = R"({"messages":[{"role":"user","content":"hi"}]})";
  const auto answer = [&](const std::string& messages) {
    return line(input, ",\"preferred_output\":" + messages + ",\"non_preferred_output\":" + kAnswers);
  };
  EXPECT_EQ(line("\"hi\"", ""), "line 1: input has no messages");
  EXPECT_EQ(line("{}", ""), "line 1: input has no messages");
  EXPECT_EQ(line(R"({"messages":[]})", ""), "line 1: input.messages is empty");
  EXPECT_EQ(line(R"({"messages":[{"role":"user"}]})", ""), "line 1: input.messages[0] has no content");
  EXPECT_EQ(line(input, ""), "line 1: there is no preferred_output beside input");
  EXPECT_EQ(line(input, ",\"preferred_completion\":" + kAnswers),
            "line 1: there is no non_preferred_output beside input");
  EXPECT_EQ(answer("\"text\""), "line 1: preferred_output is not a list of messages");
  EXPECT_EQ(answer("[]"), "line 1: preferred_output is not a list of messages");
  for (const char* bad : {"[1]", "[{}]", R"([{"role":"user","content":"a"}])", R"([{"role":"assistant"}])"})
    EXPECT_EQ(answer(bad), "line 1: preferred_output has a message that is not the assistant's") << bad;
  EXPECT_EQ(line(input, ",\"preferred_output\":" + kAnswers + ",\"non_preferred_completion\":5"),
            "line 1: non_preferred_completion is not a list of messages");
}

TEST(DatasetTest, AFileWithoutAnExampleIsNone) {
  for (const char* empty : {"", "\n", "\xef\xbb\xbf", "\xef\xbb\xbf\r\n \t\n"})
    EXPECT_EQ(check(empty), "the file holds no example") << empty;
}

TEST(DatasetTest, ALineIsAtMostFourMiB) {
  const auto line_of = [](size_t size) {
    const std::string head = R"({"messages":[{"role":"user","content":")",
                      tail = R"("},{"role":"assistant","content":"a"}]})";
    return head + std::string(size - head.size() - tail.size(), ' ') + tail;
  };
  EXPECT_EQ(check(kChat + "\n" + line_of(4 << 20) + "\n" + kChat), "chat 3 33");
  EXPECT_EQ(check(kChat + "\n" + line_of((4 << 20) + 1)), "line 2 is longer than 4 MiB");
  for (const size_t piece : {size_t{1} << 16, size_t{1} << 23})
    EXPECT_EQ(check(kChat + "\n" + line_of(5 << 20) + "\n", piece), "line 2 is longer than 4 MiB");
}

TEST(DatasetTest, CountsManyExamplesBySome) {
  const std::string line = R"({"messages":[{"role":"user","content":"one two"},{"role":"assistant","content":"3"}]})"
                           "\n";
  const auto tokens = [&](int lines) {
    Dataset data;
    for (int i = 0; i < lines; ++i) data.add(line);
    return data.finish().tokens;
  };
  EXPECT_EQ(tokens(5000), tokens(1) * 5000);
}

}  // namespace
}  // namespace stoker::api::openai
