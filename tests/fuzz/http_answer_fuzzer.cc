// link: stoker_plugin_host
// What any server can send: head, body and gzip. The same in one piece and byte by byte.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/plugin_host/gzip_body.h"
#include "core/plugin_host/http_body.h"

namespace {

using namespace stoker::plugin_host;

// The content, or what is wrong with it.
std::string read(const HttpHead& head, std::string_view wire, size_t piece) {
  std::string content;
  try {
    HttpBody body(head, "GET");
    size_t at = 0;
    while (at < wire.size() && !body.whole()) {
      const size_t taken = body.take(wire.substr(at, piece), content);
      if (taken == 0 || taken > std::min(piece, wire.size() - at)) std::abort();
      at += taken;
    }
    if (!body.whole()) body.end();
    if (!body.whole() || content.size() > wire.size()) std::abort();
    return content;
  } catch (const BadAnswer& fault) {
    return std::string("fault: ") + fault.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const size_t end = head_size(input);
    if (end > size) std::abort();
    if (end == 0) return 0;
    const HttpHead head = parse_head(input.substr(0, end));
    if (head.status < 100 || head.status > 599) std::abort();
    for (const HttpField& field : head.fields)
      if (!is_token(field.name) || field.value.find_first_of("\r\n") != std::string::npos) std::abort();
    const std::string whole = read(head, input.substr(end), size);
    if (read(head, input.substr(end), 1) != whole) std::abort();
    const auto unpacked = gunzip(whole, 1 << 16);
    if (unpacked && unpacked->size() > 1 << 16) std::abort();
  } catch (const BadAnswer&) {
  }
  return 0;
}
