#include "core/templates/dataset.h"

#include <simdjson.h>

#include <fstream>

#include "core/error.h"

namespace stoker::templates {
namespace {

constexpr int64_t kTokensPerMessage = 4;  // what a chat template puts around it
constexpr size_t kMaxLine = 64 << 20;
constexpr int64_t kLinesPerLook = 256;  // at the clock

bool is_letter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

int64_t tokens_in(simdjson::dom::element value) {
  int64_t tokens = 0;
  if (simdjson::dom::array list; value.get(list) == simdjson::SUCCESS) {
    for (const simdjson::dom::element item : list) tokens += tokens_in(item);
    return tokens;
  }
  simdjson::dom::object map;
  if (value.get(map) != simdjson::SUCCESS) return 0;
  for (const auto& [key, member] : map) {
    std::string_view text;
    if (key == "role") tokens += kTokensPerMessage;
    // The parts of a message are {"type": "text", "text": ...}.
    if ((key == "content" || key == "text") && member.get(text) == simdjson::SUCCESS)
      tokens += count_tokens(text);
    else
      tokens += tokens_in(member);
  }
  return tokens;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

int64_t count_tokens(std::string_view text) {
  int64_t tokens = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t begin = i++;
    const auto run = [&](auto&& belongs) {
      while (i < text.size() && belongs(static_cast<unsigned char>(text[i]))) ++i;
      return static_cast<int64_t>(i - begin);
    };
    if (is_letter(c))
      tokens += (run(is_letter) + 6) / 7;
    else if (is_digit(c))
      tokens += (run(is_digit) + 1) / 2;
    else if (c >= 0x80)
      tokens += (run([](unsigned char other) { return other >= 0x80; }) + 2) / 3;
    else if (c == '\n')
      ++tokens;
    else if (c > ' ')
      run([&](unsigned char other) { return other == c; }), ++tokens;
  }
  return tokens;
}

DatasetSize measure_dataset(const std::filesystem::path& file, const std::string& name, Clock& clock,
                            const Wait& wait) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw system_error("can not read " + name, errno);
  DatasetSize size;
  simdjson::dom::parser parser(kMaxLine);
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (number % kLinesPerLook == 0) clock.check(wait, "counting the examples");
    const auto where = [&] { return name + ", line " + std::to_string(number) + ": "; };
    if (is_blank(line)) continue;
    if (line.size() > kMaxLine) throw Error(Fault::invalid, where() + "is longer than 64 MiB");
    simdjson::dom::element example;
    if (const auto error = parser.parse(line).get(example))
      throw Error(Fault::invalid, where() + "is not JSON: " + simdjson::error_message(error),
                  "each line of a data set is one JSON object");
    if (!example.is_object())
      throw Error(Fault::invalid, where() + "is not a JSON object", "each line of a data set is one JSON object");
    size.tokens += tokens_in(example);
    ++size.examples;
  }
  if (in.bad()) throw system_error("can not read " + name, errno);
  if (size.examples == 0)
    throw Error(Fault::invalid, name + " holds no example", "each line of a data set is one JSON object");
  return size;
}

}  // namespace stoker::templates
