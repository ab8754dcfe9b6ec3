// The bytes of a training log as segments: what lies between line ends, where CR ends a segment too, because a progress
// bar redraws with it. Header-only, bounded in memory, the same segments however the bytes are split.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "byte_scan.hpp"
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

// Appends `bytes` as UTF-8 that may be handed to the agent: what is not well-formed becomes U+FFFD, a byte each.
inline void append_utf8(std::string_view bytes, std::string& out) {
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
}

inline std::string utf8_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  append_utf8(bytes, out);
  return out;
}

// The same without a copy where that is not needed, else in `scratch`.
inline std::string_view utf8_view(std::string_view bytes, std::string& scratch) {
  if (is_ascii(bytes)) return bytes;
  scratch.clear();
  append_utf8(bytes, scratch);
  return scratch;
}

class LogLines {
 public:
  static constexpr std::uint32_t kDefaultMaxLineBytes = 16384;

  explicit LogLines(std::uint64_t start_offset = 0, std::uint32_t max_line_bytes = kDefaultMaxLineBytes)
      : offset_(start_offset), max_(max_line_bytes == 0 ? kDefaultMaxLineBytes : max_line_bytes) {}

  // Calls `each(const LogLine&)` for every segment that ends in `bytes`.
  template <class Each>
  void push(std::string_view bytes, Each&& each) {
    push(bytes, each, [](std::string_view, std::uint64_t) { return std::size_t{0}; });
  }

  // The same for a reader that knows what often comes: `known(rest, first_byte)` may read a segment that lies at the
  // front of `rest` with its line end, and that has neither control characters nor a prefix. It returns the segment's
  // size without the line end; 0 where it read none.
  template <class Each, class Known>
  void push(std::string_view bytes, Each&& each, Known&& known) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      if (after_cr_) {
        after_cr_ = false;
        if (bytes[at] == '\n') {  // CRLF is one line end
          ++offset_;
          ++at;
          continue;
        }
      }
      if (held_bytes_ == 0) {
        if (const std::size_t size = known(bytes.substr(at), offset_); size > 0) {
          after_cr_ = bytes[at + size] == '\r';
          offset_ += size + 1;
          at += size + 1;
          continue;
        }
      }
      // Most control characters are line ends, so looking for any finds both at once.
      std::size_t end = find_control(bytes, at);
      const bool dirty = end < bytes.size() && !is_line_end(bytes[end]);
      while (end < bytes.size() && !is_line_end(bytes[end])) end = find_control(bytes, end + 1);
      if (end == bytes.size()) return keep(bytes.substr(at));
      after_cr_ = bytes[end] == '\r';
      take(bytes.substr(at, end - at), after_cr_, dirty, each);
      at = end + 1;
    }
  }

  // The last line, where it has no end.
  template <class Each>
  void finish(Each&& each) {
    if (held_bytes_ == 0) return;
    take({}, false, false, each);
    --offset_;  // there was no line end to count
  }

  // How many bytes are held; never more than max_line_bytes.
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

  static constexpr bool is_line_end(char c) noexcept { return c == '\n' || c == '\r'; }

 private:
  void keep(std::string_view bytes) {
    held_bytes_ += bytes.size();
    offset_ += bytes.size();
    reserve(held_);
    held_.append(bytes.substr(0, max_ - std::min<std::size_t>(max_, held_.size())));
  }

  template <class Each>
  void take(std::string_view rest, bool cr, bool dirty, Each&& each) {
    LogLine line;
    line.redrawn = cr;
    line.first_byte = offset_ - held_bytes_;
    const std::uint64_t size = held_bytes_ + rest.size();
    line.last_byte = line.first_byte + (size == 0 ? 0 : size - 1);
    line.truncated = size > max_;
    line.text = rest.substr(0, max_);
    if (held_bytes_ > 0) {
      keep(rest);
      line.text = held_;
      dirty = find_control(held_, 0) < held_.size();
      held_bytes_ = 0;
    } else {
      offset_ += rest.size();
    }
    ++offset_;
    if (dirty) line.text = clean(line.text);
    if (line.text.starts_with("\xEF\xBB\xBF")) line.text.remove_prefix(3);
    if (!line.text.empty() && may_begin_prefix(line.text.front())) {
      const auto prefix = cut_launcher_prefixes(line.text);
      line.rank = prefix.rank;
      line.source = prefix.source;
    }
    each(std::as_const(line));
    held_.clear();
  }

  // At once what a usual line may come to: a string that grows would take up to twice as much.
  void reserve(std::string& text) const {
    if (text.capacity() < std::min(max_, kDefaultMaxLineBytes)) text.reserve(std::min(max_, kDefaultMaxLineBytes));
  }

  std::string_view clean(std::string_view raw) {
    reserve(clean_);
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
