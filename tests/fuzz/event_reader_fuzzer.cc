// link: stoker_cli
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/cli/event_reader.h"

namespace {

std::string read(std::string_view bytes, size_t cut) {
  stoker::cli::EventReader reader;
  std::string seen;
  const auto sink = [&](stoker::cli::ServerEvent&& event) {
    seen += std::to_string(event.id) + event.name + '\0' + event.data + '\0';
  };
  reader.feed(bytes.substr(0, cut), sink);
  reader.feed(bytes.substr(cut), sink);
  return seen;
}

}  // namespace

// The same bytes give the same events wherever they are split.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > 0 && read(bytes, size) != read(bytes, data[0] % size)) std::abort();
  return 0;
}
