// A request body that comes in pieces of one size.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/api/request.h"

namespace stoker::api {

class PiecewiseBody final : public Body {
 public:
  // `bytes` outlives it.
  PiecewiseBody(std::string_view bytes, size_t piece) : left_(bytes), piece_(piece) {}
  [[nodiscard]] int64_t size() const override { return -1; }
  size_t read(char* buffer, size_t capacity) override {
    const size_t n = std::min({piece_, capacity, left_.size()});
    std::copy_n(left_.data(), n, buffer);
    left_.remove_prefix(n);
    return n;
  }
  [[nodiscard]] size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
  size_t piece_;
};

}  // namespace stoker::api
