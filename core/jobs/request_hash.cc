#include "core/jobs/request_hash.h"

#include <openssl/sha.h>

namespace stoker::jobs {

std::string request_hash(std::string_view body) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), hash);
  std::string hex;
  for (const unsigned char byte : hash) hex += "0123456789abcdef"[byte >> 4], hex += "0123456789abcdef"[byte & 15];
  return hex;
}

}  // namespace stoker::jobs
