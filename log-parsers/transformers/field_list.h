// The fields of one event, in a fixed place.
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <string_view>

#include "sdk/include/stoker/cpp/value.hpp"

namespace stoker::transformers {

class FieldList {
 public:
  static constexpr std::size_t kMost = 256;

  void clear() noexcept { size_ = 0; }
  // Made where it stays: copying what was just written in other pieces stalls the processor. Fields beyond kMost are
  // left out.
  template <class T>
  void add(std::string_view key, const T& value) noexcept {
    if (size_ < kMost) ::new (static_cast<void*>(&fields_[size_++])) stoker_field(field(key, value));
  }
  [[nodiscard]] std::span<const stoker_field> view() const noexcept { return {fields_.data(), size_}; }

 private:
  std::array<stoker_field, kMost> fields_;
  std::size_t size_ = 0;
};

}  // namespace stoker::transformers
