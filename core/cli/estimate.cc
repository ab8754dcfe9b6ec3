#include <Poco/URI.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/job_arguments.h"
#include "core/cli/offer_text.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"

namespace stoker::cli {
namespace {

// What a job costs does not depend on its secrets: they stay here, and one that is not set does no harm.
std::optional<std::string> placeholder(const std::string&) { return "not-sent"; }

std::string machine_text(const Json& offer) {
  const std::string region = offer["region"].text();
  std::string text = offer["machine"].text() + " of " + account_text(offer) + (region.empty() ? "" : " in " + region);
  std::string parts = gpu_text(offer["gpu"]);
  const auto add = [&](const std::string& part) { parts += (parts.empty() || part.empty() ? "" : ", ") + part; };
  if (const int64_t vcpus = offer["vcpus"].integer().value_or(0); vcpus > 0) add(std::to_string(vcpus) + " vCPU");
  add(gigabytes_text(offer["memory_gb"].number()));
  if (offer["price"]["spot"].boolean()) add("spot");
  return parts.empty() ? text : text + " (" + parts + ")";
}

std::string price_text(const Json& price, int64_t offers, const std::string& currency) {
  const double low = price["low"].number().value_or(0), high = price["high"].number().value_or(0);
  const std::string text = format_money(price["likely"].number(), currency) + "/h";
  return low < high ? text + fmt::format("  ({:.2f} to {:.2f} over {} offers that fit)", low, high, offers) : text;
}

// `write` puts one end of the range into words.
template <typename F>
std::string range_text(const Json& range, F&& write) {
  const auto likely = range["likely"].number();
  const double low = range["low"].number().value_or(0), high = range["high"].number().value_or(0);
  if (!likely) return "not known, at most " + write(high);
  return write(*likely) + " likely" + (low < high ? ", " + write(low) + " to " + write(high) : "");
}

std::string hours_text(double hours) {
  if (hours < 1) return fmt::format("{:.2g}", hours);
  return hours < 10 ? fmt::format("{:.1f}", hours) : fmt::format("{:.0f}", hours);
}

std::string seconds_text(int64_t seconds) {
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + " h";
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds) + " s";
}

std::string billing_text(const Json& billing) {
  const int64_t step = billing["granularity_s"].integer().value_or(1),
                least = billing["minimum_s"].integer().value_or(0);
  return "steps of " + seconds_text(step) + (least > step ? ", " + seconds_text(least) + " at least" : "");
}

constexpr size_t kShownTooSmall = 3;

// "200 examples, about 4210 tokens, 75 steps, 12.8 GB of GPU memory"
std::string training_text(const Json& training) {
  std::string text;
  const auto add = [&](const char* format, const std::optional<int64_t>& count) {
    if (count) text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(format), *count);
  };
  add("{} examples", training["examples"].integer());
  add("about {} tokens", training["tokens"].integer());
  add("{} steps", training["steps"].integer());
  const double memory = training["gpu_memory_gb"].number().value_or(0);
  if (memory > 0) text += (text.empty() ? "" : ", ") + fmt::format("{:.1f} GB of GPU memory", memory);
  return text;
}

void print_too_small(const std::vector<Json>& offers, std::ostream& out) {
  for (size_t i = 0; i < std::min(offers.size(), kShownTooSmall); ++i) {
    const Json offer = offers[i]["offer"];
    out << fmt::format("{:<13}", i == 0 ? "too small" : "")
        << printable(offer["machine"].text() + " of " + account_text(offer) + ": " + offers[i]["why"].text()) << "\n";
  }
  if (offers.size() > kShownTooSmall) out << fmt::format("{:<13}and {} more\n", "", offers.size() - kShownTooSmall);
}

void print(const Json& estimate, std::ostream& out) {
  const std::string currency = estimate["currency"].text();
  const auto money = [&](double amount) { return format_money(amount, currency); };
  const auto line = [&](const char* title, const std::string& text) {
    out << fmt::format("{:<13}", title) << printable(text) << "\n";
  };
  if (const std::string text = training_text(estimate["training"]); !text.empty()) line("training", text);
  line("would take", machine_text(estimate["offer"]));
  line("price", price_text(estimate["per_hour"], estimate["offers"].integer().value_or(0), currency));
  line("hours", range_text(estimate["hours"], hours_text));
  line("total", range_text(estimate["total"], money));
  if (const double cap = estimate["cap"].number().value_or(0); cap > 0)
    line("cap", money(cap) + ", then the job is ended");
  line("billed in", billing_text(estimate["billing"]));
  print_too_small(estimate["too_small"].items(), out);
  const char* title = "rests on";
  for (const auto& sentence : estimate["rests_on"].items()) {
    line(title, sentence.text());
    title = "";
  }
}

std::string ask(const AgentClient& agent, const JobFile& job, const Arguments& arguments) {
  Poco::URI uri("/v1/estimates");
  if (arguments.has("--hours")) uri.addQueryParameter("hours", arguments.text("--hours"));
  try {
    return agent.post(uri.getPathAndQuery(), job.json());
  } catch (const Error& e) {
    if (e.field == "hours") throw bad_usage("--hours: " + std::string(e.what()), e.hint);
    throw placed(e, job);
  }
}

int run(Invocation& call) {
  JobFile job = read_job(call.arguments);
  job.resolve(placeholder);
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  const std::string answer = ask(agent, job, call.arguments);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const Json estimate = Json::parse(answer, "the estimate");
  print(estimate, call.out);
  note_failures(call, estimate["failures"]);
  return kDone;
}

}  // namespace

Command estimate_command() {
  return {"estimate",
          "Say what a job would cost, without running it",
          {{"FILE", "the job, in YAML"}},
          {{"--hours", "N", "how long it takes; else as long as earlier jobs of its name"},
           {"--provider", "P", "where to train, instead of what the file says; A,B tries in that order"},
           {"--env", "K=V", "an environment variable of the training", true},
           {"--set", "KEY=VALUE", "a key of the job, such as limits.max_cost=5", true}},
          run,
          "0  done\n  1  failed, or no machine fits\n  2  bad usage or job spec\n"
          "  3  no agent can be reached or started"};
}

}  // namespace stoker::cli
