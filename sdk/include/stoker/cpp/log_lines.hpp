// The bytes of a training log as segments: what lies between line ends, where CR ends a segment too, because a progress
// bar redraws with it. Header-only, bounded in memory, the same segments however the bytes are split.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "launcher_prefix.hpp"

namespace stoker {

// One segment. `text` lives until the callback returns.
struct LogLine {
  // Without line end, escape sequences, control characters (tab stays), byte-order mark and launcher prefixes.
  std::string_view text;
  std::uint64_t first_byte = 0, last_byte = 0;  // offsets in the stream, inclusive; an empty line is its own line end
  std::int32_t rank = -1;                       // from the launcher prefix; -1: it says none
  std::string_view source = {};                 // likewise the machine, pod or task group; lives as long as `text`
  bool redrawn = false;                         // ended by CR
  bool truncated = false;                       // longer than max_line_bytes: what lies beyond is not in `text`
};

// `bytes` as UTF-8 that may be handed to the agent: what is not well-formed becomes U+FFFD, a byte each.
inline std::string utf8_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U; };
    const unsigned lead = at(0), next = at(1);
    std::size_t length = lead < 0x80                   ? 1
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                         : lead >= 0xE0 && lead < 0xF0 ? 3
                         : lead >= 0xF0 && lead < 0xF5 ? 4
                                                       : 0;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(k) & 0xC0) != 0x80) length = 0;
    }
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || (lead == 0xF0 && next < 0x90) ||
        (lead == 0xF4 && next > 0x8F)) {
      length = 0;
    }
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out += bytes.substr(i, length);
      i += length;
    }
  }
  return out;
}

class LogLines {
 public:
  static constexpr std::uint32_t kDefaultMaxLineBytes = 16384;

  explicit LogLines(std::uint64_t start_offset = 0, std::uint32_t max_line_bytes = kDefaultMaxLineBytes)
      : offset_(start_offset), max_(max_line_bytes == 0 ? kDefaultMaxLineBytes : max_line_bytes) {}

  // Calls `each(const LogLine&)` for every segment that ends in `bytes`.
  template <class Each>
  void push(std::string_view bytes, Each&& each) {
    std::size_t at = 0, lf = find(bytes, '\n', 0, bytes.size()), cr = find(bytes, '\r', 0, lf);
    while (at < bytes.size()) {
      if (after_cr_) {
        after_cr_ = false;
        if (at == lf) {  // CRLF is one line end
          ++offset_;
          lf = find(bytes, '\n', ++at, bytes.size());
          cr = find(bytes, '\r', at, lf);
          continue;
        }
      }
      const std::size_t end = std::min(cr, lf);
      if (end == bytes.size()) return keep(bytes.substr(at));
      after_cr_ = end != lf;
      take(bytes.substr(at, end - at), after_cr_, each);
      at = end + 1;
      if (end == lf) lf = find(bytes, '\n', at, bytes.size());
      cr = find(bytes, '\r', at, lf);
    }
  }

  // The last line, where it has no end.
  template <class Each>
  void finish(Each&& each) {
    if (held_bytes_ == 0) return;
    take({}, false, each);
    --offset_;  // there was no line end to count
  }

  // How many bytes are held; never more than max_line_bytes.
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

 private:
  // The index of `c` in [from, to), else `to`. A CR is only searched in front of the next LF, and the LF only once.
  static std::size_t find(std::string_view bytes, char c, std::size_t from, std::size_t to) noexcept {
    if (from >= to) return to;
    const auto* at = static_cast<const char*>(std::memchr(bytes.data() + from, c, to - from));
    return at == nullptr ? to : static_cast<std::size_t>(at - bytes.data());
  }

  void keep(std::string_view bytes) {
    held_bytes_ += bytes.size();
    offset_ += bytes.size();
    held_.append(bytes.substr(0, max_ - std::min<std::size_t>(max_, held_.size())));
  }

  template <class Each>
  void take(std::string_view rest, bool cr, Each&& each) {
    LogLine line;
    line.redrawn = cr;
    line.first_byte = offset_ - held_bytes_;
    const std::uint64_t size = held_bytes_ + rest.size();
    line.last_byte = line.first_byte + (size == 0 ? 0 : size - 1);
    line.truncated = size > max_;
    std::string_view raw = rest.substr(0, max_);
    if (held_bytes_ > 0) {
      keep(rest);
      raw = held_;
    } else {
      offset_ += rest.size();
    }
    ++offset_;
    line.text = clean(raw);
    if (line.text.starts_with("\xEF\xBB\xBF")) line.text.remove_prefix(3);
    const auto prefix = cut_launcher_prefixes(line.text);
    line.rank = prefix.rank;
    line.source = prefix.source;
    each(std::as_const(line));
    held_.clear();
    held_bytes_ = 0;
  }

  static bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }

  std::string_view clean(std::string_view raw) {
    bool dirty = false;
    for (const char c : raw) dirty |= is_control(c);  // no early exit: this loop is vectorized
    if (!dirty) return raw;
    clean_.clear();
    for (std::size_t i = 0; i < raw.size();) {
      if (raw[i] == '\x1b') {
        i = after_escape(raw, i + 1);
      } else {
        if (!is_control(raw[i])) clean_.push_back(raw[i]);
        ++i;
      }
    }
    return clean_;
  }

  // The index behind the escape sequence whose ESC lies before `i`: CSI, OSC (ended by BEL or ESC \) or two characters.
  static std::size_t after_escape(std::string_view raw, std::size_t i) noexcept {
    if (i >= raw.size()) return i;
    if (raw[i] == '[') {
      for (++i; i < raw.size(); ++i) {
        if (raw[i] >= '@' && raw[i] <= '~') return i + 1;
        if (is_control(raw[i])) return i;  // cut off
      }
      return i;
    }
    if (raw[i] == ']') {
      for (++i; i < raw.size(); ++i) {
        if (raw[i] == '\a') return i + 1;
        if (raw[i] == '\x1b') return i + 1 < raw.size() && raw[i + 1] == '\\' ? i + 2 : i;
      }
      return i;
    }
    return raw[i] >= ' ' && raw[i] <= '~' ? i + 1 : i;
  }

  std::string held_;              // the start of a segment whose end has not come, at most max_ bytes
  std::string clean_;             // scratch
  std::uint64_t held_bytes_ = 0;  // how long that segment is so far
  std::uint64_t offset_;          // of the next byte pushed
  std::uint32_t max_;
  bool after_cr_ = false;
};

}  // namespace stoker
