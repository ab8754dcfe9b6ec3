#include "core/api/series.h"

#include <algorithm>
#include <cmath>

namespace stoker::api {
namespace {

// Points that are not finite weigh most: a drawing must not hide where a run broke.
double area(double ax, double ay, double bx, double by, double cx, double cy) {
  const double twice = std::abs((ax - cx) * (by - ay) - (ax - bx) * (cy - ay));
  return std::isnan(twice) ? INFINITY : twice;
}

}  // namespace

void Series::add(const Point& point) {
  if (skipped_++ % stride_ != 0) return;
  points_.push_back(point);
  if (points_.size() < kMaxPoints) return;
  for (size_t i = 0; i * 2 < points_.size(); ++i) points_[i] = points_[i * 2];
  points_.resize((points_.size() + 1) / 2);
  stride_ *= 2;
}

std::vector<Point> Series::thinned(size_t max_points) const {
  if (points_.size() <= max_points || max_points < 3) return points_;
  std::vector<Point> kept{points_.front()};
  const size_t inner = points_.size() - 2, buckets = max_points - 2;
  size_t previous = 0;
  for (size_t b = 0; b < buckets; ++b) {
    const size_t from = 1 + inner * b / buckets, to = 1 + inner * (b + 1) / buckets;
    const size_t next_to = b + 1 == buckets ? points_.size() : 1 + inner * (b + 2) / buckets;
    double x = 0, y = 0;
    for (size_t i = to; i < next_to; ++i) x += static_cast<double>(i), y += points_[i].value;
    x /= static_cast<double>(next_to - to);
    y /= static_cast<double>(next_to - to);
    size_t best = from;
    double best_area = -1;
    for (size_t i = from; i < to; ++i) {
      const double it =
          area(static_cast<double>(previous), points_[previous].value, static_cast<double>(i), points_[i].value, x, y);
      if (it > best_area) best_area = it, best = i;
    }
    kept.push_back(points_[best]);
    previous = best;
  }
  kept.push_back(points_.back());
  return kept;
}

}  // namespace stoker::api
