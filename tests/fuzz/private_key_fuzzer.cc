// The ssh provider reads a key file the user names, and a host key the user pastes.
#include "plugins/ssh/private_key.cc"  // a plugin is no library to link

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)stoker::ssh::private_key_kind(text);
  const auto key = stoker::ssh::canonical_host_key(text);
  if (!key.empty() && stoker::ssh::canonical_host_key(key) != key) std::abort();
  return 0;
}
