#include "core/plugin_host/http_body.h"

#include <algorithm>
#include <optional>

#include "core/plugin_host/http_date.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxLine = 1024;  // of a chunk: its size and extensions nobody reads
constexpr size_t kMaxSizeDigits = 8;

std::optional<uint64_t> content_length(const HttpHead& head) {
  std::optional<uint64_t> length;
  for (const HttpField& field : head.fields) {
    if (!same_name(field.name, "Content-Length")) continue;
    const auto said = parse_digits(field.value);
    if (!said) throw BadAnswer("its Content-Length is not a number");
    if (length && *length != static_cast<uint64_t>(*said)) throw BadAnswer("it has two lengths that differ");
    length = static_cast<uint64_t>(*said);
  }
  return length;
}

}  // namespace

HttpBody::HttpBody(const HttpHead& head, std::string_view to_method) {
  const auto length = content_length(head);
  const bool coded = head.find("Transfer-Encoding") != nullptr;
  if (to_method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) return;
  if (coded) {
    // The one coding of RFC 9112 that may stand alone; a second word would be a coding nobody asked for.
    if (length) throw BadAnswer("it has both a Content-Length and a Transfer-Encoding");
    const auto fields = std::count_if(head.fields.begin(), head.fields.end(), [](const HttpField& field) {
      return same_name(field.name, "Transfer-Encoding");
    });
    if (fields != 1 || !same_name(*head.find("Transfer-Encoding"), "chunked"))
      throw BadAnswer("its Transfer-Encoding is not chunked");
    state_ = State::size_line;
  } else if (length) {
    announced_ = left_ = *length;
    state_ = left_ == 0 ? State::whole : State::content;
  } else {
    state_ = State::until_end;
    delimited_ = false;
  }
}

size_t HttpBody::take(std::string_view bytes, std::string& content) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ != State::whole) {
    const std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::content:
        taken += take_content(rest, content, State::whole);
        break;
      case State::chunk:
        taken += take_content(rest, content, State::chunk_end);
        break;
      case State::until_end:
        content.append(rest);
        taken += rest.size();
        break;
      default:
        taken += take_line(rest);
    }
  }
  return taken;
}

void HttpBody::end() {
  if (state_ == State::until_end) state_ = State::whole;
  if (state_ == State::content)
    throw BadAnswer("it ends after " + std::to_string(announced_ - left_) + " of " + std::to_string(announced_) +
                    " bytes");
  if (state_ != State::whole) throw BadAnswer("it ends amid its chunks");
}

size_t HttpBody::take_content(std::string_view bytes, std::string& content, State then) {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  content.append(bytes.substr(0, size));
  left_ -= size;
  if (left_ == 0) state_ = then;
  return size;
}

size_t HttpBody::take_line(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line_.size() + size > kMaxLine) throw BadAnswer("a line between its chunks is too long");
  line_.append(bytes.substr(0, size));
  if (end == std::string_view::npos) return size;
  if (!line_.ends_with("\r\n")) throw BadAnswer("a line between its chunks does not end as it should");
  line_.resize(line_.size() - 2);
  if (state_ == State::chunk_end) {
    if (!line_.empty()) throw BadAnswer("a chunk is longer than it said");
    state_ = State::size_line;
  } else if (state_ == State::size_line) {
    start_chunk();
  } else if (line_.empty()) {
    state_ = State::whole;
  } else if ((trailer_bytes_ += line_.size()) > kMaxHeadBytes) {
    throw BadAnswer("its trailers are longer than " + std::to_string(kMaxHeadBytes) + " bytes");
  }
  line_.clear();
  return size;
}

void HttpBody::start_chunk() {
  const std::string_view line = line_;
  size_t digits = 0;
  left_ = 0;
  for (; digits < line.size(); ++digits) {
    const char c = line[digits];
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (value < 0) break;
    if (digits == kMaxSizeDigits) throw BadAnswer("a chunk is said to be larger than 4 GiB");
    left_ = left_ * 16 + static_cast<uint64_t>(value);
  }
  const std::string_view rest = line.substr(digits);
  if (digits == 0 || (!rest.empty() && rest.find_first_of(" \t;") != 0))
    throw BadAnswer("the size of a chunk is not a number");
  state_ = left_ == 0 ? State::trailer : State::chunk;
}

}  // namespace stoker::plugin_host
