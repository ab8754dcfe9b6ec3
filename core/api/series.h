// One metric over the steps of a run, thinned for drawing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stoker::api {

struct Point {
  double step = 0;  // NaN: the framework did not say
  int64_t t_ms = 0;
  double value = 0;  // NaN: not finite
};

class Series {
 public:
  // Beyond this many points every second one is dropped, and from then on only every second one is taken, and so on.
  static constexpr size_t kMaxPoints = 200'000;

  void add(const Point& point);
  // At most `max_points` (3 or more) of them, first and last included, chosen so that the drawn line keeps its shape
  // (largest triangle three buckets, Steinarsson 2013).
  [[nodiscard]] std::vector<Point> thinned(size_t max_points) const;

 private:
  std::vector<Point> points_;
  size_t stride_ = 1, skipped_ = 0;
};

}  // namespace stoker::api
