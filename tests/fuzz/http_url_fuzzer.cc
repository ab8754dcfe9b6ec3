// link: stoker_plugin_host
// A URL of a plugin, then the Location and the Retry-After of a server, a line each. What is taken is a URL again, and
// nothing in it can end a line of a request or stand for another host.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/error.h"
#include "core/plugin_host/host_glob.h"
#include "core/plugin_host/http_date.h"
#include "core/plugin_host/http_url.h"

namespace {

using namespace stoker::plugin_host;

void require(bool good) {
  if (!good) std::abort();
}

void check(const HttpUrl& url) {
  require(!url.host.empty() && url.port != 0 && url.target.starts_with('/'));
  for (const unsigned char c : url.host + url.target) require(c > 0x20 && c < 0x7f);
  require(url.host.find_first_of("@/\\?#%[]") == std::string::npos);
  const HttpUrl again = parse_url(url.text());
  require(again.text() == url.text() && again.same_origin(url) && again.target == url.target);
}

std::string_view line(std::string_view& rest) {
  const std::string_view first = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), first.size() + 1));
  return first;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kNow = 1'700'000'000'000;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view text = line(rest), location = line(rest), pause = line(rest);
  for (const auto& wait : {parse_retry_after(pause, kNow), parse_rate_limit_reset(pause, kNow)})
    require(!wait || *wait >= 0);
  try {
    const HttpUrl url = parse_url(text);
    check(url);
    require(matches_host(url.host, url.host));
    if (const auto next = resolve_url(url, location)) check(*next);
  } catch (const stoker::Error& error) {
    require(error.fault == stoker::Fault::invalid);
  }
  return 0;
}
