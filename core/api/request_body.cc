#include "core/api/request_body.h"

namespace stoker::api {

std::string read_body(Body& body) {
  std::string text(static_cast<size_t>(body.size()), '\0');
  size_t have = 0;
  while (have < text.size()) {
    const size_t n = body.read(text.data() + have, text.size() - have);
    if (n == 0) break;
    have += n;
  }
  text.resize(have);
  return text;
}

}  // namespace stoker::api
