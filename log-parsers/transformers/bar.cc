#include "bar.h"

#include <array>
#include <charconv>
#include <cmath>

#include "number.h"

namespace stoker::transformers {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// A count, perhaps scaled as in 17.8k; the index behind it, or npos.
std::size_t read_count(std::string_view text, std::size_t i, std::int64_t& out) noexcept {
  if (i >= text.size() || !is_digit(text[i])) return kNone;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data() + i, text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{}) return kNone;
  i = static_cast<std::size_t>(end - text.data());
  if (i < text.size()) {
    const auto scale = std::string_view("kMGTP").find(text[i]);
    if (scale != kNone) {
      value *= std::pow(1000.0, static_cast<double>(scale + 1));
      ++i;
    }
  }
  if (!(value < 9e15)) return kNone;
  out = std::llround(value);
  return i;
}

// MM:SS or H:MM:SS with unbounded hours; -1 where it is "?".
double read_interval(std::string_view text) noexcept {
  double seconds = 0;
  while (!text.empty()) {
    std::uint32_t part = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (error != std::errc{}) return -1;
    seconds = seconds * 60 + part;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return seconds;
    if (text.front() != ':') return -1;
    text.remove_prefix(1);
  }
  return -1;
}

void read_rate(std::string_view text, Bar& out) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit = text;
  if (error == std::errc{}) {
    unit.remove_prefix(static_cast<std::size_t>(end - text.data()));
  } else if (unit.starts_with('?')) {
    unit.remove_prefix(1);
  }
  const bool known = error == std::errc{} && std::isfinite(value) && value > 0;
  if (unit.starts_with("s/")) {  // slower than one a second
    unit.remove_prefix(2);
    if (known) out.rate = 1 / value;
  } else {
    if (unit.ends_with("/s")) unit.remove_suffix(2);
    if (known) out.rate = value;
  }
  out.unit = unit;
}

// "[elapsed<remaining, rate, postfix]" at `i`; the index behind it. A frame may be cut off after its start.
std::size_t read_times(std::string_view text, std::size_t i, Bar& out) noexcept {
  const auto close = text.substr(0, i + 400).find(']', i);  // bounded: the text may hold many starts
  const auto inside = text.substr(i + 1, close == kNone ? 400 : close - i - 1);
  const auto less = inside.find('<');
  if (less == kNone || less > 16) return kNone;
  out.elapsed_s = read_interval(inside.substr(0, less));
  const auto comma = inside.find(',', less);
  if (comma != kNone) {
    auto rate = inside.substr(comma + 1);
    while (rate.starts_with(' ')) rate.remove_prefix(1);
    read_rate(rate.substr(0, rate.find(',')), out);
  }
  return close == kNone ? text.size() : close + 1;
}

// The title before the percentage at `percent`, no further back than `from`.
std::string_view read_title(std::string_view text, std::size_t from, std::size_t percent) noexcept {
  auto title = text.substr(from, percent - from);
  if (title.size() > 120) title.remove_prefix(title.size() - 120);
  while (title.ends_with(' ')) title.remove_suffix(1);
  if (!title.ends_with(':')) return {};
  title.remove_suffix(1);
  while (title.starts_with(' ')) title.remove_prefix(1);
  return title;
}

bool read_bar(std::string_view text, std::size_t from, std::size_t percent_sign, Bar& out) noexcept {
  std::size_t percent = percent_sign;
  while (percent > from && is_digit(text[percent - 1]) && percent_sign - percent < 3) --percent;
  if (percent == percent_sign) return false;
  std::size_t i = percent_sign + 1;
  if (i < text.size() && text[i] == '|') {
    const auto close = text.substr(0, i + 1000).find('|', i + 1);
    if (close == kNone) return false;
    i = close + 1;
  }
  while (i < text.size() && text[i] == ' ') ++i;
  out = {};
  i = read_count(text, i, out.n);
  if (i == kNone || i >= text.size() || text[i] != '/') return false;
  i = read_count(text, i + 1, out.total);
  if (i == kNone) return false;
  while (i < text.size() && text[i] == ' ') ++i;
  if (i >= text.size() || text[i] != '[') return false;
  i = read_times(text, i, out);
  if (i == kNone) return false;
  out.title = read_title(text, from, percent);
  out.begin = percent;
  out.end = i;
  return true;
}

struct Title {
  std::string_view word;
  BarKind kind;
};

constexpr BarKind kDownload{"download", "download"}, kLoad{"load_model", "load_model"},
    kTokenize{"tokenize", "tokenize"}, kEval{"eval", "eval"}, kSave{"save", "save"}, kMerge{"save", "merge"},
    kUpload{"other", "upload"};

constexpr std::array<Title, 24> kTitles{{
    {"Loading checkpoint shards", kLoad},
    {"Loading weights", kLoad},
    {"Downloading", kDownload},
    {"Fetching ", kDownload},
    {".safetensors", kDownload},
    {".json", kDownload},
    {".bin", kDownload},
    {".model", kDownload},
    {"Generating ", kTokenize},
    {"okeniz", kTokenize},
    {"Map", kTokenize},
    {"Filter", kTokenize},
    {"Running tokenizer", kTokenize},
    {"Dropping Long", kTokenize},
    {"Saving the dataset", kTokenize},
    {"Converting ", kTokenize},
    {"Packing", kTokenize},
    {"Extracting prompt", kTokenize},
    {"Applying chat", kTokenize},
    {"Truncating", kTokenize},
    {"Evaluat", kEval},
    {"Merging", kMerge},
    {"Uploading", kUpload},
    {"Saving", kSave},
}};

}  // namespace

bool find_bar(std::string_view text, std::size_t from, Bar& out) noexcept {
  for (std::size_t sign = text.find('%', from); sign != kNone; sign = text.find('%', sign + 1)) {
    if (read_bar(text, from, sign, out)) return true;
  }
  return false;
}

BarKind kind_of_title(std::string_view title) noexcept {
  for (const auto& known : kTitles) {
    if (title.find(known.word) != kNone) return known.kind;
  }
  return {"other", {}};
}

}  // namespace stoker::transformers
