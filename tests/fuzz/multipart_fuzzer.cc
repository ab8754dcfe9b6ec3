// A form as a stranger with a token can send it. The same in one piece and byte by byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/api/openai/multipart.cc"  // the pieces alone: the library would bring in the whole agent
#include "tests/api/openai/piecewise_body.h"

namespace {

// All the parts, or what is wrong and how far it came.
std::string read(std::string_view form, size_t piece, bool as_fields) {
  using namespace stoker::api::openai;
  stoker::api::PiecewiseBody body(form, piece);
  std::string text;
  try {
    Multipart multipart(body, "b");
    while (const auto part = multipart.next()) {
      const std::string name = part->filename.value_or("");
      if (stoker::to_utf8(name) != name || name.find_first_of("/\\\r\n") != std::string::npos) std::abort();
      text += part->name + "[" + name + "]";
      if (as_fields) {
        text += multipart.read_field();
      } else {
        for (std::string_view bytes = multipart.read(); !bytes.empty(); bytes = multipart.read()) text += bytes;
      }
    }
  } catch (const stoker::Error& error) {
    if (error.fault != stoker::Fault::invalid) std::abort();
    // How much of a part was read before its fault was met depends on how it came.
    return std::string("fault: ") + error.what();
  }
  if (text.size() > 3 * form.size() + 128) std::abort();
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(input, SIZE_MAX, false);
  for (const size_t piece : {size_t{1}, size_t{7}})
    if (read(input, piece, false) != whole) std::abort();
  if (read(input, 3, true) != read(input, SIZE_MAX, true)) std::abort();
  try {
    const std::string boundary = stoker::api::openai::boundary_of(input);
    if (boundary.empty() || boundary.size() > 70) std::abort();
  } catch (const stoker::Error& error) {
    if (error.fault != stoker::Fault::invalid) std::abort();
  }
  return 0;
}
