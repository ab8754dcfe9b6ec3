#include "sdk/check/heap.h"

#include <malloc.h>

// Of AddressSanitizer and ThreadSanitizer, whose heap mallinfo2() knows nothing of.
extern "C" size_t __sanitizer_get_current_allocated_bytes()
    __attribute__((weak));  // NOLINT(bugprone-reserved-identifier)

namespace stoker::check {

size_t heap_in_use() {
  if (&__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

}  // namespace stoker::check
