#pragma once

#include <cstddef>

namespace stoker::check {

// Bytes of the heap that are in use, those of a sanitizer's own allocator too.
size_t heap_in_use();

}  // namespace stoker::check
