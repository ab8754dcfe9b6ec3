// Memory lent to a plugin as strictly as possible: it ends at an unreadable page, and is unreadable itself once taken
// back. A plugin that reads past the end, or keeps a pointer and uses it later, crashes where it does so.
#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/include/stoker/base.h"

namespace stoker::check {

// Lends until it goes; what it lent is then scribbled over and stays unreadable. One thread.
class Loans {
 public:
  Loans() = default;
  ~Loans();
  Loans(const Loans&) = delete;
  Loans& operator=(const Loans&) = delete;

  // A copy of `bytes`. An empty one points at the unreadable page.
  stoker_str text(std::string_view bytes);
  stoker_bytes bytes(std::string_view bytes);
  // A copy of the first `size` bytes of `value`, which begins with its struct_size where `size` is that of a caller who
  // knows less of it.
  template <class T>
  T* object(const T& value, size_t size = sizeof(T)) {
    return static_cast<T*>(place(&value, size, alignof(T)));
  }
  template <class T>
  T* array(const std::vector<T>& values) {
    return static_cast<T*>(place(values.data(), values.size() * sizeof(T), alignof(T)));
  }
  // Null-ended.
  const char* c_text(std::string_view text);
  // Takes all back now.
  void take_back();

 private:
  struct Pages {
    char* begin;
    size_t size;
  };
  void* place(const void* from, size_t size, size_t alignment);

  std::vector<Pages> lent_;
  static std::deque<Pages> taken_back_;  // unreadable; the oldest are unmapped
};

}  // namespace stoker::check
