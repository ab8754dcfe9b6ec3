// multipart/form-data (RFC 7578) read as a stream: the parts in the order they were sent, none of them held in memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/request.h"

namespace stoker::api::openai {

// The boundary that a Content-Type names. Throws invalid where it names none.
[[nodiscard]] std::string boundary_of(std::string_view content_type);

// A file's name as clients send it, for people only: no folder, no control character.
[[nodiscard]] std::string label(std::string name);

// One thread. All faults are Error{invalid}, and those of Body::read().
class Multipart {
 public:
  Multipart(Body& body, const std::string& boundary);

  struct Part {
    std::string name;                     // of the field, as sent
    std::optional<std::string> filename;  // as label() has it; absent for a plain field
  };
  // The next part; what is left of the one before is skipped. Nothing at the end of the form.
  std::optional<Part> next();

  // More of the part's bytes, valid until the next call; empty at its end.
  [[nodiscard]] std::string_view read();
  // All of the part, a field of at most 64 KiB.
  [[nodiscard]] std::string read_field();

 private:
  [[nodiscard]] std::string_view held() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool fill();
  void require(size_t size);
  std::string take_line();

  Body& body_;
  std::string delimiter_;  // CRLF, two hyphens, the boundary
  std::string field_;      // named in faults
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
  bool in_part_ = false, over_ = false;
  int parts_ = 0;
};

}  // namespace stoker::api::openai
