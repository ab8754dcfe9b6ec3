// Foreign bytes as text.
#pragma once

#include <string>
#include <string_view>

namespace stoker {

// Valid UTF-8: each maximal ill-formed sequence becomes U+FFFD, the rest is kept, NUL included.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

}  // namespace stoker
