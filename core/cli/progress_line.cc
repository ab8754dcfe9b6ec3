#include "core/cli/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/cli/plain_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

void keep(std::optional<double>& kept, const std::optional<double>& value) {
  if (value) kept = value;
}

}  // namespace

bool ProgressLine::take(const std::string& event, const Json& data) {
  if (event == "state") {
    state_ = data["state"].text();
  } else if (event == "phase") {
    phase_ = data["name"].text();
  } else if (event == "run") {
    keep(total_, data["total_steps"].number());
  } else if (event == "progress") {
    const std::string scope = data["scope"].text();
    if (!scope.empty() && scope != "train") return false;
    keep(n_, data["n"].number());
    keep(total_, data["total"].number());
    percent_ = data["percent"].number();
    eta_s_ = data["eta_s"].number();
  } else if (event == "metric") {
    keep(n_, data["step"].number());
    keep(loss_, data["values"]["train_loss"].number());
  } else if (event == "eval") {
    keep(eval_loss_, data["values"]["eval_loss"].number());
  } else if (event == "cost") {
    so_far_ = data["so_far"].number();
    currency_ = data["currency"].text();
  } else {
    return false;
  }
  return true;
}

std::string ProgressLine::text(int columns) const {
  std::string line = state_.empty() ? "waiting" : state_;
  if (state_ == "running" && !phase_.empty() && phase_ != "train") line += " (" + phase_ + ")";
  std::optional<double> percent = percent_;
  if (n_ && total_ && *total_ > 0) percent = 100 * *n_ / *total_;
  if (percent && state_ == "running") {
    constexpr int kBar = 20;
    const int filled = std::clamp(static_cast<int>(*percent / 100 * kBar), 0, kBar);
    line = fmt::format("[{}{}] {:3.0f}%", std::string(static_cast<size_t>(filled), '='),
                       std::string(static_cast<size_t>(kBar - filled), ' '), std::clamp(*percent, 0.0, 100.0));
  }
  if (n_) line += total_ ? fmt::format("  step {:.0f}/{:.0f}", *n_, *total_) : fmt::format("  step {:.0f}", *n_);
  if (loss_) line += "  loss " + format_number(loss_);
  if (eval_loss_) line += "  eval loss " + format_number(eval_loss_);
  if (eta_s_ && state_ == "running") line += "  ETA " + format_duration(*eta_s_);
  if (so_far_) line += "  " + format_money(so_far_, currency_) + " so far";
  line = printable(line);
  if (columns > 1 && line.size() >= static_cast<size_t>(columns)) {
    size_t end = static_cast<size_t>(columns) - 1;
    while (end > 0 && (line[end] & 0xc0) == 0x80) --end;
    line.resize(end);
  }
  return line;
}

}  // namespace stoker::cli
