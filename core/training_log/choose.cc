#include "core/training_log/choose.h"

namespace stoker::training_log {

const plugin_host::LogParser* choose(const std::vector<const plugin_host::LogParser*>& parsers, std::string_view head) {
  const plugin_host::LogParser* best = nullptr;
  int most = 0;
  for (const auto* parser : parsers) {
    const int certain = parser->detect(head.substr(0, kHeadBytes));
    if (certain > most) most = certain, best = parser;
  }
  return best;
}

}  // namespace stoker::training_log
