#include "sdk/include/stoker/cpp/plugin.hpp"
#include "parser.h"

namespace {
constexpr stoker::Descriptor kAxolotl{.id = "axolotl",
                                      .name = "axolotl",
                                      .summary = "Logs of axolotl",
                                      .url = "https://github.com/axolotl-ai-cloud/axolotl"};
}  // namespace

STOKER_PLUGIN("axolotl", "0.1.0", stoker::log_parser<stoker::axolotl::Parser>(kAxolotl))
