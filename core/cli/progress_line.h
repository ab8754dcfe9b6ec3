// The last line of the terminal while a job is followed.
#pragma once

#include <optional>
#include <string>

#include "core/cli/json_reader.h"

namespace stoker::cli {

class ProgressLine {
 public:
  // True when the event changed what is shown.
  bool take(const std::string& event, const Json& data);
  // Fits into `columns`; no control characters.
  [[nodiscard]] std::string text(int columns) const;

 private:
  std::string state_, phase_, currency_;
  std::optional<double> n_, total_, percent_, eta_s_, loss_, eval_loss_, so_far_;
};

}  // namespace stoker::cli
