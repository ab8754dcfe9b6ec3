#include "core/plugin_host/host_glob.h"

#include <cstddef>

namespace stoker::plugin_host {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool matches_host(std::string_view glob, std::string_view host) {
  // Where the last '*' stands and how much of the host it has taken: going back to it alone is enough, so that the time
  // is bounded by the product of the two lengths.
  size_t g = 0, h = 0, star = std::string_view::npos, taken = 0;
  while (h < host.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      taken = ++h;
    } else if (g < glob.size() && lower(glob[g]) == lower(host[h])) {
      ++g;
      ++h;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      h = ++taken;
    } else {
      return false;
    }
  }
  return g == glob.size();
}

}  // namespace stoker::plugin_host
