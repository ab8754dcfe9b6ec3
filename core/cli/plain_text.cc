#include "core/cli/plain_text.h"

#include "core/utf8.h"

namespace stoker::cli {
namespace {

// The length of the escape sequence that starts at text[0] == ESC.
size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 1;
  size_t at = 2;
  if (text[1] == '[') {  // CSI: parameters, then one byte of 0x40..0x7e
    while (at < text.size() && text[at] >= 0x20 && text[at] < 0x40) ++at;
    return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
  }
  if (text[1] == ']') {  // OSC: to BEL or ESC backslash, on the same line
    for (; at < text.size() && text[at] != '\n'; ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\x1b') return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
    }
    return at;
  }
  return text[1] >= 0x20 && text[1] < 0x7f ? 2 : 1;
}

// The length of a character that is not shown: C1 (U+0080..9F), ALM (U+061C), and the marks, embeddings, overrides and
// isolates of U+200E..200F, U+202A..202E, U+2066..2069; 0 for all others.
size_t hidden_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return 2;
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return 2;
  if (byte(0) != 0xe2) return 0;
  if (byte(1) == 0x80 && ((byte(2) >= 0x8e && byte(2) <= 0x8f) || (byte(2) >= 0xaa && byte(2) <= 0xae))) return 3;
  return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9 ? 3 : 0;
}

}  // namespace

std::string printable(std::string_view foreign) {
  const std::string text = to_utf8(foreign);
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto byte = static_cast<unsigned char>(rest[0]);
    if (byte == 0x1b) {
      at += escape_length(rest);
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      ++at;
    } else if (const size_t hidden = hidden_length(rest); hidden > 0) {
      at += hidden;
    } else {
      result += text[at++];
    }
  }
  return result;
}

std::string LogText::feed(std::string_view bytes) {
  std::string result;
  const auto emit = [&] {
    if (line_.ends_with('\r')) line_.pop_back();
    const size_t redraw = line_.rfind('\r');
    result += printable(std::string_view(line_).substr(redraw == std::string::npos ? 0 : redraw + 1));
    result += '\n';
    line_.clear();
  };
  for (const char c : bytes) {
    if (c == '\n') {
      emit();
      continue;
    }
    // A carriage return starts the line anew once something else than a line feed follows it.
    if (line_.ends_with('\r')) line_.clear();
    line_ += c;
    if (line_.size() >= kMaxLine) emit();
  }
  return result;
}

std::string LogText::finish() { return line_.empty() ? std::string() : feed("\n"); }

}  // namespace stoker::cli
