// Changing one list in config.yaml, and leaving all else of the file as its owner wrote it.
#pragma once

#include <string>
#include <vector>

namespace stoker::cli {

// The text with `plugins:` changed so that it lists `id` or no longer lists it; `current` is what holds without the
// key. Throws Error{invalid} when the list is written in a way that is not understood: it must then be changed by hand.
[[nodiscard]] std::string enable_in_config(const std::string& text, const std::string& id,
                                           const std::vector<std::string>& current);
[[nodiscard]] std::string disable_in_config(const std::string& text, const std::string& id,
                                            const std::vector<std::string>& current);

}  // namespace stoker::cli
