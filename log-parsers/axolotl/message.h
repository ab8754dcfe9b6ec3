// A line of axolotl's own logger.
//
// As src/axolotl/logging_config.py of axolotl 0.3 to 0.18 formats it (https://github.com/axolotl-ai-cloud/axolotl):
//   [2023-08-24 20:20:53,747] [INFO] [axolotl.scripts.train:288] [PID:125016] [RANK:0] Starting trainer...
//   [2026-06-20 15:38:29,823] [INFO] [axolotl.train] Starting trainer...
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stoker::axolotl {

struct Message {
  std::string_view text;
  std::int32_t rank = -1;  // -1: it says none
};

// The message in a line, also behind the last frame of a bar; nothing where there is none of axolotl.
std::optional<Message> find_message(std::string_view line) noexcept;

}  // namespace stoker::axolotl
