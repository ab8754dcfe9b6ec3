#include "core/api/chunks.h"

#include <algorithm>

#include "core/api/head.h"
#include "core/api/problem.h"
#include "core/error.h"

namespace stoker::api {
namespace {

constexpr int kMaxSizeDigits = 15;          // so that the size can not overflow
constexpr size_t kMaxExtensionBytes = 256;  // of all chunks together: no client of ours sends any
constexpr size_t kMaxTrailerBytes = 4096;

[[noreturn]] void refuse(const std::string& what) { throw Error(Fault::invalid, "the chunked body " + what); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Chunks::Step Chunks::take(std::string_view wire, size_t most) {
  Step step;
  while (step.taken < wire.size() && !whole()) {
    if (state_ == State::content) {
      const size_t n = std::min({wire.size() - step.taken, most, static_cast<size_t>(size_)});
      step.content = wire.substr(step.taken, n);
      step.taken += n;
      size_ -= static_cast<int64_t>(n);
      if (size_ == 0) state_ = State::content_cr;
      return step;
    }
    take_one(wire[step.taken]);
    ++step.taken;
  }
  return step;
}

void Chunks::take_one(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      return take_extension(c);
    case State::size_end:
      if (c != '\n') refuse("has a size line that does not end in CR LF");
      return end_size();
    case State::content_cr:
      if (c != '\r') refuse("has a chunk longer than its size");
      state_ = State::content_lf;
      return;
    case State::content_lf:
      if (c != '\n') refuse("has a chunk that does not end in CR LF");
      state_ = State::size;
      return;
    case State::trailer:
      return take_trailer(c);
    case State::content:
    case State::whole:
      return;
  }
}

void Chunks::take_size(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++digits_ > kMaxSizeDigits) refuse("has a chunk size of more than 15 digits");
    size_ = size_ * 16 + digit;
    return;
  }
  if (digits_ == 0 || (c != '\r' && c != ';')) refuse("has a chunk size that is no hexadecimal number");
  state_ = c == '\r' ? State::size_end : State::extension;
}

void Chunks::take_extension(char c) {
  if (++extension_bytes_ > kMaxExtensionBytes) refuse("has more than 256 bytes of chunk extensions");
  if (c == '\r')
    state_ = State::size_end;
  else if (c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f))
    refuse("has a control character in a chunk extension");
}

void Chunks::end_size() {
  digits_ = 0;
  if (size_ == 0) {
    state_ = State::trailer;
    return;
  }
  if (size_ > cap_ - given_) throw TooLarge(cap_);
  given_ += size_;
  state_ = State::content;
}

// Nothing in a trailer is used; it is read as the head's fields are.
void Chunks::take_trailer(char c) {
  trailer_ += c;
  if (trailer_.size() > kMaxTrailerBytes) refuse("has a trailer larger than 4096 bytes");
  if (c != '\n') return;
  if (trailer_ != "\r\n" && !trailer_.ends_with("\r\n\r\n")) {
    if (trailer_.ends_with("\r\n")) return;
    refuse("has a trailer line that does not end in CR LF");
  }
  const HeadResult fields = parse_head("TRAILER * HTTP/1.1\r\n" + trailer_);
  if (fields.fault) refuse("has a bad trailer: " + fields.fault->why);
  state_ = State::whole;
}

}  // namespace stoker::api
