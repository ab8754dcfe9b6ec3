#include "core/cli/offer_text.h"

#include <fmt/format.h>

#include "core/cli/plain_text.h"

namespace stoker::cli {

std::string account_text(const Json& one) {
  const std::string provider = one["provider"].text(), account = one["account"].text();
  return account.empty() || account == provider ? provider : provider + "/" + account;
}

std::string gigabytes_text(std::optional<double> gb) {
  return gb && *gb > 0 ? fmt::format("{:.0f} GB", *gb) : std::string();
}

std::string gpu_text(const Json& gpu) {
  const int64_t count = gpu["count"].integer().value_or(0);
  return count > 0 ? std::to_string(count) + "x " + gpu["model"].text() : std::string();
}

void note_failures(const Invocation& call, const Json& failures) {
  for (const auto& one : failures.items()) {
    const std::string hint = one["hint"].text();
    call.note(printable(one["account"].text() + ": " + one["detail"].text() + (hint.empty() ? "" : "; " + hint)));
  }
}

}  // namespace stoker::cli
