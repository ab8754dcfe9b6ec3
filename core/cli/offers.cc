#include <Poco/URI.h>

#include <algorithm>
#include <charconv>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/offer_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

constexpr size_t kShown = 25;  // a screen of them

std::optional<size_t> limit_of(const Arguments& arguments) {
  if (!arguments.has("--limit")) return std::nullopt;
  const std::string text = arguments.text("--limit");
  size_t limit = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (fault != std::errc{} || end != text.data() + text.size() || limit == 0)
    throw bad_usage("--limit " + text + " is not a whole number from 1 on");
  return limit;
}

std::string path_of(const Arguments& arguments, std::optional<size_t> limit) {
  Poco::URI uri("/v1/offers");
  for (const auto& [option, key] : {std::pair("--gpu", "gpu"), std::pair("--provider", "provider"),
                                    std::pair("--region", "region"), std::pair("--max-price", "max_price")})
    if (arguments.has(option)) uri.addQueryParameter(key, arguments.text(option));
  if (arguments.has("--spot")) uri.addQueryParameter("spot", "true");
  if (arguments.has("--sold-out")) uri.addQueryParameter("sold_out", "true");
  if (arguments.has("--fresh")) uri.addQueryParameter("fresh", "true");
  if (limit) uri.addQueryParameter("limit", std::to_string(*limit));
  return uri.getPathAndQuery();
}

std::string stock_text(const std::string& availability) {
  if (availability == "none") return "sold out";
  return availability == "unknown" ? std::string() : availability;
}

void print(const Invocation& call, const std::vector<Json>& offers, size_t shown) {
  Table table(
      {"PROVIDER/ACCOUNT", "MACHINE", "GPU", "VCPU", "RAM", "DISK", "REGION", "STOCK", "LEAK RISK", "PER HOUR"});
  bool estimated = false;
  for (size_t i = 0; i < std::min(shown, offers.size()); ++i) {
    const Json &one = offers[i], gpu = one["gpu"];
    const std::string memory = gigabytes_text(gpu["memory_gb"].number());
    table.row({account_text(one), one["machine"].text(), gpu_text(gpu) + (memory.empty() ? "" : " " + memory),
               std::to_string(one["vcpus"].integer().value_or(0)), gigabytes_text(one["memory_gb"].number()),
               gigabytes_text(one["disk_gb"].number()), one["region"].text(), stock_text(one["availability"].text()),
               one["leak_risk"].text(),
               (one["price"]["estimate"].boolean() ? "~" : "") +
                   format_money(one["price"]["per_hour"].number(), one["price"]["currency"].text())});
    estimated |= one["price"]["estimate"].boolean();
  }
  table.print(call.out);
  if (estimated) call.note("~ an estimate, where the cloud names no price of its own now");
  int64_t age_s = 0;
  for (const Json& one : offers) age_s = std::max(age_s, one["age_s"].integer().value_or(0));
  if (age_s > 0) call.note("up to " + std::to_string(age_s) + " s old; --fresh asks again");
  if (offers.size() > shown) call.note("and " + std::to_string(offers.size() - shown) + " more, see --limit");
}

int run(Invocation& call) {
  const auto limit = limit_of(call.arguments);
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  // People are told how many more there are.
  const std::string answer = agent.get(path_of(call.arguments, call.json ? limit : std::nullopt));
  const Json list = Json::parse(answer, "the list of offers");
  const auto offers = list["data"].items(), failures = list["failures"].items();
  if (call.json)
    call.out << answer << "\n";
  else if (!offers.empty())
    print(call, offers, limit.value_or(kShown));
  note_failures(call, list["failures"]);
  if (!offers.empty()) return kDone;
  if (!failures.empty() && failures.size() == list["asked"].items().size()) return kFailed;
  call.note("nothing that fits can be rented now; `stoker accounts` lists the clouds that were asked");
  return kDone;
}

}  // namespace

Command offers_command() {
  return {"offers",
          "List what can be rented now over all accounts, cheapest first",
          {},
          {{"--gpu", "MODEL[:COUNT]", "with this GPU, and so many of it; for example H100:8"},
           {"--provider", "P", "of this provider or account only"},
           {"--region", "R", "in this region only"},
           {"--max-price", "USD", "per hour at most"},
           {"--spot", "", "spot machines instead, which the cloud may take back"},
           {"--sold-out", "", "also what can not be had now"},
           {"--fresh", "", "ask clouds again that answered less than a minute ago"},
           {"--limit", "N", "how many at most (default: 25; with --json all)"}},
          run,
          "0  done\n  1  failed, or no account answered\n  2  bad usage\n"
          "  3  no agent can be reached or started"};
}

}  // namespace stoker::cli
