#include "core/api/request_body.h"

namespace stoker::api {

std::string read_body(Body& body) {
  std::string text;
  char piece[16 * 1024];
  while (const size_t n = body.read(piece, sizeof piece)) text.append(piece, n);
  return text;
}

}  // namespace stoker::api
