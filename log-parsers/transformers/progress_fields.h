// The fields of PROGRESS for a bar that says all it can: most of a log's events. Only their values are written anew.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "bar.h"
#include "sdk/include/stoker/cpp/value.hpp"

namespace stoker::transformers {

class ProgressFields {
 public:
  static bool fits(const Bar& bar) noexcept { return !bar.unit.empty() && bar.elapsed_s >= 0 && bar.rate > 0; }

  std::span<const stoker_field> fill(std::string_view scope, const Bar& bar, std::string_view unit) noexcept {
    fields_[0].value.as.s = str(scope);
    fields_[1].value.as.i = bar.n;
    fields_[2].value.as.i = bar.total;
    fields_[3].value.as.s = str(unit);
    fields_[4].value.as.r = bar.elapsed_s;
    fields_[5].value.as.r = bar.rate;
    return fields_;
  }

 private:
  std::array<stoker_field, 6> fields_{field("scope", ""), field("n", 0),           field("total", 0),
                                      field("unit", ""),  field("elapsed_s", 0.0), field("rate", 0.0)};
};

}  // namespace stoker::transformers
