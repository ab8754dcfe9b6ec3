#include "core/api/openai/dataset.h"

#include <simdjson.h>

#include <array>
#include <cmath>

#include "core/error.h"
#include "core/templates/dataset.h"
#include "core/utf8.h"

namespace stoker::api::openai {

constexpr int64_t kTokensPerMessage = 4;  // what a chat template puts around it

// Counting tokens takes longer than all other checks together, so of many examples some are counted and speak for all.
constexpr int64_t kCountedFirst = 1000, kCountedEvery = 64;

struct TextTally {
  bool counting = true;  // in this example
  int64_t bytes = 0;     // of all text
  int64_t counted_bytes = 0, counted_tokens = 0;
  int64_t messages = 0;

  void add(std::string_view text) {
    bytes += static_cast<int64_t>(text.size());
    if (!counting) return;
    counted_bytes += static_cast<int64_t>(text.size());
    counted_tokens += templates::count_tokens(text);
  }
  [[nodiscard]] int64_t tokens() const {
    const double share = counted_bytes > 0 ? static_cast<double>(bytes) / static_cast<double>(counted_bytes) : 1;
    return static_cast<int64_t>(std::llround(static_cast<double>(counted_tokens) * share)) +
           messages * kTokensPerMessage;
  }
};

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMaxLine = 4 << 20;
constexpr size_t kMaxMessages = 4096;

// What is wrong with one line.
struct Flaw : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string quoted(std::string_view text) {
  constexpr size_t kShown = 40;
  const std::string clean = to_utf8(text.substr(0, kShown));
  return "`" + clean + (text.size() > kShown ? "...`" : "`");
}

// Text, or a list of parts of which those of type text have one.
void count_text(const element& content, const std::string& where, TextTally& tally) {
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) return tally.add(text);
  array parts;
  if (content.get(parts) != simdjson::SUCCESS) throw Flaw(where + " is neither text nor a list of parts");
  for (const element part : parts) {
    std::string_view type;
    if (part["type"].get(type) != simdjson::SUCCESS) throw Flaw(where + " has a part without a type");
    if (type == "text" && part["text"].get(text) != simdjson::SUCCESS)
      throw Flaw(where + " has a part of type text without text");
    if (type == "text") tally.add(text);
  }
}

struct Turn {
  enum Role { none, system, user, assistant, tool } role = none;
  bool calls_tools = false;
};

Turn turn_of(const object& message, const std::string& where, TextTally& tally) {
  std::string_view role;
  if (message["role"].get(role) != simdjson::SUCCESS) throw Flaw(where + " has no role");
  ++tally.messages;
  Turn turn;
  if (role == "system" || role == "developer") turn.role = Turn::system;
  if (role == "user") turn.role = Turn::user;
  if (role == "assistant") turn.role = Turn::assistant;
  if (role == "tool" || role == "function") turn.role = Turn::tool;
  if (turn.role == Turn::none)
    throw Flaw(where + " has the role " + quoted(role) + "; it is one of system, developer, user, assistant, tool");
  element value;
  array calls;
  turn.calls_tools = (message["tool_calls"].get(calls) == simdjson::SUCCESS && calls.size() > 0) ||
                     (message["function_call"].get(value) == simdjson::SUCCESS && !value.is_null());
  const bool present = message["content"].get(value) == simdjson::SUCCESS && !value.is_null();
  if (!present && !turn.calls_tools) throw Flaw(where + " has no content");
  if (present) count_text(value, where + ".content", tally);
  if (message["weight"].get(value) == simdjson::SUCCESS && !value.is_null()) {
    double weight = 0;
    if (value.get(weight) != simdjson::SUCCESS || (weight != 0 && weight != 1))
      throw Flaw(where + ".weight is neither 0 nor 1");
  }
  return turn;
}

void check_order(const Turn& before, const Turn& now, const std::string& where) {
  if (now.role == Turn::system && before.role != Turn::none && before.role != Turn::system)
    throw Flaw(where + ": a system message comes first");
  if (now.role == Turn::tool && before.role != Turn::tool && !before.calls_tools)
    throw Flaw(where + ": a tool message follows an assistant's tool_calls");
  if (now.role == Turn::assistant && (before.role == Turn::none || before.role == Turn::system))
    throw Flaw(where + ": an assistant message answers a user");
}

// `answered`: the last message is to be the assistant's.
void check_messages(const element& value, const std::string& name, bool answered, TextTally& tally) {
  array messages;
  if (value.get(messages) != simdjson::SUCCESS) throw Flaw(name + " is not a list");
  if (messages.size() == 0) throw Flaw(name + " is empty");
  if (messages.size() > kMaxMessages) throw Flaw(name + " has more than 4096 messages");
  Turn before;
  size_t index = 0;
  for (const element message : messages) {
    const std::string where = name + "[" + std::to_string(index++) + "]";
    object fields;
    if (message.get(fields) != simdjson::SUCCESS) throw Flaw(where + " is not an object");
    const Turn now = turn_of(fields, where, tally);
    check_order(before, now, where);
    before = now;
  }
  if (answered && before.role != Turn::assistant) throw Flaw("the last message is not the assistant's");
}

// The answers that a preference compares: lists of messages.
void check_answer(const object& example, const char* name, const char* older, TextTally& tally) {
  element value;
  const char* used = name;
  if (example[name].get(value) != simdjson::SUCCESS) {
    used = older;
    if (example[older].get(value) != simdjson::SUCCESS)
      throw Flaw(std::string("there is no ") + name + " beside input");
  }
  array messages;
  if (value.get(messages) != simdjson::SUCCESS || messages.size() == 0)
    throw Flaw(std::string(used) + " is not a list of messages");
  for (const element message : messages) {
    std::string_view role;
    element content;
    if (message["role"].get(role) != simdjson::SUCCESS || role != "assistant" ||
        message["content"].get(content) != simdjson::SUCCESS)
      throw Flaw(std::string(used) + " has a message that is not the assistant's");
    count_text(content, used, tally);
  }
}

DatasetForm check_example(const object& example, TextTally& tally) {
  element value;
  if (example["messages"].get(value) == simdjson::SUCCESS) {
    check_messages(value, "messages", true, tally);
    return DatasetForm::chat;
  }
  if (example["input"].get(value) == simdjson::SUCCESS) {
    element messages;
    if (value["messages"].get(messages) != simdjson::SUCCESS) throw Flaw("input has no messages");
    check_messages(messages, "input.messages", false, tally);
    check_answer(example, "preferred_output", "preferred_completion", tally);
    check_answer(example, "non_preferred_output", "non_preferred_completion", tally);
    return DatasetForm::preference;
  }
  throw Flaw("there is neither messages nor input");
}

}  // namespace

const char* to_string(DatasetForm form) {
  constexpr std::array kNames{"none", "chat", "preference"};
  return kNames[static_cast<size_t>(form)];
}

struct Dataset::Reader {
  simdjson::dom::parser parser;
  TextTally tally;
};

Dataset::Dataset() : reader_(std::make_unique<Reader>()) {}
Dataset::~Dataset() = default;

void Dataset::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > kMaxLine)
      throw Error(Fault::invalid, "line " + std::to_string(number_ + 1) + " is longer than 4 MiB", {}, "file");
    line_ += piece;
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    take_line();
  }
}

void Dataset::take_line() {
  ++number_;
  std::string_view text = line_;
  if (number_ == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find_first_not_of(" \t\r") != std::string_view::npos) {
    try {
      line_.reserve(line_.size() + simdjson::SIMDJSON_PADDING);
      text = std::string_view(line_).substr(line_.size() - text.size());
      element root;
      object example;
      if (const auto error = reader_->parser.parse(text.data(), text.size(), false).get(root); error)
        throw Flaw(std::string("this is not JSON: ") + simdjson::error_message(error));
      if (root.get(example) != simdjson::SUCCESS) throw Flaw("this is no JSON object");
      TextTally& tally = reader_->tally;
      tally.counting = facts_.examples < kCountedFirst || facts_.examples % kCountedEvery == 0;
      const DatasetForm form = check_example(example, tally);
      if (facts_.form != DatasetForm::none && facts_.form != form)
        throw Flaw(std::string("this is a ") + to_string(form) + " example, those before are " +
                   to_string(facts_.form));
      facts_.form = form;
      ++facts_.examples;
    } catch (const Flaw& fault) {
      throw Error(Fault::invalid, "line " + std::to_string(number_) + ": " + fault.what(),
                  "mend that line of the file and upload it again", "file");
    }
  }
  line_.clear();
}

DatasetFacts Dataset::finish() {
  if (!line_.empty()) take_line();
  if (facts_.examples == 0)
    throw Error(Fault::invalid, "the file holds no example",
                "each line of a training file is one JSON object, for example with `messages`", "file");
  facts_.tokens = reader_->tally.tokens();
  return facts_;
}

}  // namespace stoker::api::openai
