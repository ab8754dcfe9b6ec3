#include "core/jobs/job_estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/fleet/nearest_offers.h"
#include "core/jobs/inputs.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"

namespace stoker::jobs {
namespace {

constexpr int kEarlierRuns = 20;

// Billed time of each job that went well, shortest first.
std::vector<double> earlier_hours(const PipelineContext& ctx, const std::string& name, const std::string& owner) {
  return ctx.db.read([&](store::Connection& connection) {
    std::vector<double> hours;
    store::Instances rows(connection);
    for (const store::JobRow& job : store::Jobs(connection).succeeded(name, owner, kEarlierRuns)) {
      int64_t ms = 0;
      for (const store::InstanceRow& row : rows.of_job(job.id))
        if (row.id == job.instance_id && row.billed_from_ms > 0)
          ms = (row.gone_ms > 0 ? row.gone_ms : job.ended_ms) - row.billed_from_ms;
      if (ms > 0) hours.push_back(static_cast<double>(ms) / kHour);
    }
    std::sort(hours.begin(), hours.end());
    return hours;
  });
}

std::optional<fleet::Range> hours_of_name(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner,
                                          std::vector<std::string>& rests_on) {
  const std::vector<double> before = earlier_hours(ctx, spec.name, owner);
  if (before.empty()) {
    rests_on.push_back("hours: no earlier run of the name " + spec.name + " is known, so only the caps bound it");
    return std::nullopt;
  }
  rests_on.push_back(fmt::format("hours: {} earlier run{} of the name {}, {:.2g} to {:.2g} h", before.size(),
                                 before.size() == 1 ? "" : "s", spec.name, before.front(), before.back()));
  return fleet::Range{before.front(), before[before.size() / 2], before.back()};
}

std::optional<fleet::Range> hours_of_template(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner,
                                              const std::optional<TrainingSize>& training,
                                              std::vector<std::string>& rests_on) {
  if (!training) {
    rests_on.emplace_back("hours: the data set is too large to be counted now, so only the caps bound it");
    return std::nullopt;
  }
  rests_on.push_back(fmt::format("steps: {} examples make {} steps; about {} tokens are trained on, counted by words",
                                 training->examples, training->steps, training->trained_tokens));
  const StepHistory before = hours_of_steps(ctx, spec, owner, training->steps);
  if (!before.hours) {
    rests_on.push_back("hours: how long a step takes is not known, since no earlier job of the template " +
                       spec.from_template->id + " with this model and method is, so only the caps bound it");
    return std::nullopt;
  }
  rests_on.push_back(fmt::format("hours: {} earlier job{} of the template {} on {}, {:.3g} to {:.3g} s a step",
                                 before.jobs, before.jobs == 1 ? "" : "s", spec.from_template->id, before.machines,
                                 before.fastest_s, before.slowest_s));
  return before.hours;
}

std::optional<fleet::Range> known_hours(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner,
                                        std::optional<double> given, JobEstimate& out) {
  if (given) {
    out.rests_on.push_back(fmt::format("hours: the {:g} h that were given", *given));
    return fleet::Range{*given, *given, *given};
  }
  return spec.from_template ? hours_of_template(ctx, spec, owner, out.training, out.rests_on)
                            : hours_of_name(ctx, spec, owner, out.rests_on);
}

std::string caps_sentence(const JobSpec& spec) {
  if (spec.max_cost == 0 && spec.max_hours == 0)
    return fmt::format("cap: {:g} h, the agent's own for a job without limits", fleet::kDefaultMaxHours);
  std::string text = "cap:";
  if (spec.max_hours > 0) text += fmt::format(" limits.max_hours of {:g}", spec.max_hours);
  if (spec.max_cost > 0)
    text += fmt::format("{} limits.max_cost of {:g}", spec.max_hours > 0 ? " and" : "", spec.max_cost);
  return text;
}

}  // namespace

JobEstimate estimate_job(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner, bool admin,
                         std::optional<double> hours, const Wait& wait) {
  if (spec.from_template) check_inputs(ctx, spec, owner, admin);
  const auto accounts = candidates(spec, ctx.accounts(), ctx.browser);
  const auto query = query_of(spec);
  auto whatever_memory = query;
  whatever_memory.min_gpu_mem_bytes = 0;
  const auto order = spec.providers.empty() ? fleet::OfferOrder::cheapest : fleet::OfferOrder::by_account;
  fleet::OfferList list = fleet::list_offers(ctx.clock, accounts, whatever_memory, order, ctx.browser, wait);
  std::vector<TooSmall> too_small = take_too_small(spec, list.offers);
  if (list.offers.empty()) {
    if (!list.failures.empty()) throw list.failures.front().error;
    plugin_host::OfferQuery any;
    any.spot = query.spot;
    auto all = fleet::list_offers(ctx.clock, accounts, any, fleet::OfferOrder::cheapest, ctx.browser, wait);
    all.offers.insert(all.offers.end(), all.sold_out.begin(), all.sold_out.end());
    throw fleet::no_offer_error(query, all.offers);
  }
  JobEstimate out{{}, list.offers.front(), list.offers.size(), {}, std::move(list.failures), {}, std::move(too_small)};
  std::string names;
  for (const fleet::UsableAccount& account : accounts) names += (names.empty() ? "" : ", ") + account.id;
  out.rests_on.push_back(fmt::format("price: {} offer{} that fit, asked now of {}", list.offers.size(),
                                     list.offers.size() == 1 ? "" : "s", names));
  if (needs_gpu_memory(spec))
    out.rests_on.push_back("GPU memory: " + templates::gigabytes_text(spec.from_template->gpu_memory) +
                           " by the formula of the template " + spec.from_template->id);
  if (spec.from_template) out.training = measure_training(ctx, spec, wait);
  const auto known = known_hours(ctx, spec, owner, hours, out);
  out.rests_on.push_back(caps_sentence(spec));
  out.cost = fleet::estimate({std::move(list.offers), known, spec.max_cost, spec.max_hours});
  return out;
}

}  // namespace stoker::jobs
