#include "core/api/openai/multipart.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/utf8.h"

namespace stoker::api::openai {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr size_t kMaxBoundary = 70;  // RFC 2046
constexpr size_t kMaxLine = 4096;    // of a part's head
constexpr int kMaxLines = 16;
constexpr int kMaxParts = 32;
constexpr size_t kMaxField = 64 * 1024;

Error malformed(const std::string& why) {
  return Error(Fault::invalid, "the multipart body " + why, "send the form as multipart/form-data, whole");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// `name=value` and `name="value"` after each semicolon of a header. Forms send a quote within as %22.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  for (size_t at = header.find(';'); at != std::string_view::npos;) {
    header.remove_prefix(at + 1);
    const size_t equals = header.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool wanted = same_letters(trimmed(header.substr(0, equals)), name);
    header = trimmed(header.substr(equals + 1));
    std::string value;
    if (!header.empty() && header.front() == '"') {
      const size_t end = header.find('"', 1);
      if (end == std::string_view::npos) throw malformed("has a quote that does not end");
      value = header.substr(1, end - 1);
      header.remove_prefix(end + 1);
    } else {
      value = trimmed(header.substr(0, header.find(';')));
    }
    if (wanted) return value;
    at = header.find(';');
  }
  return std::nullopt;
}

}  // namespace

std::string label(std::string name) {
  name.erase(0, name.find_last_of("/\\") + 1);
  for (const char* escaped : {"%22", "%0D", "%0A"})
    for (size_t at = 0; (at = name.find(escaped, at)) != std::string::npos;) name.replace(at, 3, "_");
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '_');
  return to_utf8(name);
}

std::string boundary_of(std::string_view content_type) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundary)
    throw Error(Fault::invalid, "Content-Type names no boundary of at most 70 characters",
                "let the HTTP library write the Content-Type of a form", "Content-Type");
  return *boundary;
}

Multipart::Multipart(Body& body, const std::string& boundary)
    : body_(body), delimiter_("\r\n--" + boundary), buffer_(kBuffer) {
  // The first delimiter has no line before it; it is read as if it had an empty one.
  buffer_[0] = '\r';
  buffer_[1] = '\n';
  end_ = 2;
}

bool Multipart::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const size_t came = body_.read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += came;
  return came > 0;
}

void Multipart::require(size_t size) {
  while (end_ - begin_ < size)
    if (!fill()) throw malformed("ends early" + (field_.empty() ? "" : ", in or after the field " + field_));
}

std::string_view Multipart::read() {
  while (in_part_) {
    const std::string_view have = held();
    const size_t at = have.find(delimiter_);
    if (at == 0) {
      in_part_ = false;
      break;
    }
    // Short of the delimiter, what may be its beginning stays.
    const size_t sure = at != std::string_view::npos ? at : have.size() - std::min(have.size(), delimiter_.size() - 1);
    if (sure > 0) {
      begin_ += sure;
      return have.substr(0, sure);
    }
    require(have.size() + 1);
  }
  return {};
}

std::string Multipart::read_field() {
  std::string value;
  for (std::string_view bytes = read(); !bytes.empty(); bytes = read()) {
    value += bytes;
    if (value.size() > kMaxField)
      throw Error(Fault::invalid, "the field " + field_ + " is longer than 64 KiB", {}, field_);
  }
  if (to_utf8(value) != value) throw Error(Fault::invalid, "the field " + field_ + " is not UTF-8", {}, field_);
  return value;
}

std::string Multipart::take_line() {
  for (;;) {
    const std::string_view have = held();
    const size_t end = have.find("\r\n");
    if (end != std::string_view::npos && end <= kMaxLine) {
      std::string line(have.substr(0, end));
      begin_ += end + 2;
      return line;
    }
    if (have.size() > kMaxLine) throw malformed("has a part whose head has a line over 4096 bytes");
    require(have.size() + 1);
  }
}

std::optional<Multipart::Part> Multipart::next() {
  if (over_) return std::nullopt;
  if (parts_ == 0) {
    require(delimiter_.size());
    if (!held().starts_with(delimiter_)) throw malformed("does not begin with its boundary");
  }
  while (in_part_) (void)read();
  begin_ += delimiter_.size();
  require(2);
  if (held().starts_with("--")) {
    over_ = true;
    do begin_ = end_;
    while (fill());
    return std::nullopt;
  }
  if (!trimmed(take_line()).empty()) throw malformed("has something after a boundary");
  if (++parts_ > kMaxParts) throw malformed("has more than 32 parts");

  Part part;
  bool named = false;
  std::string line = take_line();
  for (int lines = 0; !line.empty(); line = take_line()) {
    if (++lines > kMaxLines) throw malformed("has a part whose head has over 16 lines");
    const size_t colon = line.find(':');
    if (colon == std::string::npos) throw malformed("has a part whose head has a line without a colon");
    if (!same_letters(line.substr(0, colon), "content-disposition")) continue;
    const std::string_view value = trimmed(std::string_view(line).substr(colon + 1));
    if (!same_letters(trimmed(value.substr(0, value.find(';'))), "form-data"))
      throw malformed("has a part that is no form-data");
    const auto name = parameter(value, "name");
    if (!name || named) throw malformed("has a part without one name");
    named = true;
    part.name = to_utf8(*name);
    if (const auto filename = parameter(value, "filename")) part.filename = label(*filename);
  }
  if (!named) throw malformed("has a part without one name");
  field_ = part.name;
  in_part_ = true;
  return part;
}

}  // namespace stoker::api::openai
