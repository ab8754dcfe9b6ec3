#include "core/cli/account_questions.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/cli/secret_source.h"

namespace stoker::cli {
namespace {

void explain(const Terminal& terminal, const SetupField& field) {
  terminal.say("");
  terminal.say(field.label + (field.required ? "" : " (optional)"));
  if (!field.help.empty()) terminal.say("  " + field.help);
  if (!field.docs_url.empty()) terminal.say("  see " + field.docs_url);
  if (!field.example.empty()) terminal.say("  for example " + field.example);
  if (field.secret) terminal.say("  It is not shown while you type; file:PATH has it read from a file.");
  for (size_t i = 0; i < field.choices.size(); ++i) {
    const auto& [value, label] = field.choices[i];
    terminal.say("  " + std::to_string(i + 1) + ") " + value + (label.empty() || label == value ? "" : "  " + label));
  }
}

std::string prompt_of(const SetupField& field) {
  const char* hint = field.kind == "boolean" ? " (yes or no)" : "";
  return field.key + hint + (field.default_value.empty() ? "" : " [" + field.default_value + "]") + ": ";
}

// A value stands for itself, a number for the choice of that number.
std::optional<std::string> choice_of(const SetupField& field, const std::string& typed) {
  for (const auto& choice : field.choices)
    if (choice.first == typed) return typed;
  size_t number = 0;
  const auto [end, fault] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  const bool whole = fault == std::errc{} && end == typed.data() + typed.size();
  if (whole && number >= 1 && number <= field.choices.size()) return field.choices[number - 1].first;
  // Clouds open regions faster than plugins learn of them.
  return field.kind == "choice" ? std::nullopt : std::optional(typed);
}

std::optional<std::string> boolean_of(std::string typed) {
  std::transform(typed.begin(), typed.end(), typed.begin(), [](unsigned char c) { return std::tolower(c); });
  if (typed == "y" || typed == "yes" || typed == "true") return "true";
  if (typed == "n" || typed == "no" || typed == "false") return "false";
  return std::nullopt;
}

bool is_integer(std::string_view typed) {
  int64_t number = 0;
  const auto [end, fault] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  return fault == std::errc{} && end == typed.data() + typed.size();
}

// What the agent is sent for it; nothing, and a word about it, when it will not do.
std::optional<std::string> value_of(const Terminal& terminal, const SetupField& field, const std::string& typed) {
  std::optional<std::string> value;
  std::string wanted;
  if (field.kind == "boolean") {
    value = boolean_of(typed);
    wanted = "yes or no";
  } else if (field.kind == "integer") {
    if (is_integer(typed)) value = typed;
    wanted = "a whole number";
  } else if (field.kind == "path") {
    return absolute_path(typed);
  } else if (field.choices.empty()) {
    return typed;
  } else {
    value = choice_of(field, typed);
    wanted = "a number from 1 to " + std::to_string(field.choices.size()) + " or one of those words";
  }
  if (!value) terminal.say("that is not " + wanted);
  return value;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Nothing: ask again.
std::optional<SecretText> ask_secret(const Terminal& terminal, const SetupField& field) {
  try {
    SecretText typed = terminal.ask_secret(prompt_of(field));
    return typed.view().starts_with("file:") ? read_secret(field.key, typed.view()) : std::move(typed);
  } catch (const Error& e) {
    if (e.fault != Fault::invalid) throw;
    terminal.say(e.what() + (e.hint.empty() ? "" : "; " + e.hint));
    return std::nullopt;
  }
}

std::optional<SecretText> ask_once(const Terminal& terminal, const SetupField& field) {
  if (field.secret) return ask_secret(terminal, field);
  const std::string typed = trimmed(terminal.ask(prompt_of(field)));
  if (typed.empty()) return SecretText();
  const auto value = value_of(terminal, field, typed);
  return value ? std::optional(SecretText(*value)) : std::nullopt;
}

}  // namespace

void ask_field(const Terminal& terminal, const SetupField& field, AccountRequest& request) {
  explain(terminal, field);
  for (;;) {
    auto value = ask_once(terminal, field);
    if (!value) continue;
    if (!value->empty()) {
      request.put(field.key, std::move(*value));
      return;
    }
    if (!field.must_be_given()) return;
    terminal.say(field.label + " is required");
  }
}

}  // namespace stoker::cli
