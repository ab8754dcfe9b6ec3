#include <charconv>
#include <cmath>

#include "core/api/offer_json.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/fleet/accounts.h"
#include "core/jobs/needs.h"
#include "core/jobs/pipeline.h"
#include "sdk/include/stoker/cpp/gpu_model.hpp"

namespace stoker::api {
namespace {

constexpr int64_t kListMs = 20 * kSecond;  // an account that has not answered by then is reported and left out
constexpr int64_t kMaxGpus = 64, kMaxOffers = 10'000;

double amount(const Target& target, const char* key) {
  const std::string text = target.text(key);
  if (text.empty()) return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value <= 0 || value > 1e6)
    throw Error(Fault::invalid, std::string(key) + " is not an amount of money", "for example 2.50", key);
  return value;
}

// The offers must suffice for a training of this template.
void read_template(const Target& target, const templates::Catalogue& catalogue, jobs::JobSpec& spec) {
  const std::string id = target.text("template");
  if (id.empty() && target.find("params"))
    throw Error(Fault::invalid, "params are those of a template, and none is named", "give template too", "params");
  if (id.empty()) return;
  try {
    const templates::Template& chosen = catalogue.find(id);
    const templates::Params params(chosen, target.text("params"));
    spec.from_template = {chosen.id, params.json(), {}, templates::render(chosen, params).gpu_memory};
  } catch (const Error& error) {
    throw Error(Fault::invalid, error.what(), error.hint, error.field);
  }
}

// "H100" or "H100:8", as in a job spec; `count` may say it apart.
jobs::JobSpec needs_of(const Target& target) {
  jobs::JobSpec spec;
  std::string gpu = target.text("gpu");
  spec.resources.gpu_count = gpu.empty() ? 0 : 1;
  if (const size_t colon = gpu.find(':'); colon != std::string::npos) {
    const auto count = parse_count(gpu.substr(colon + 1));
    if (!count || *count < 1 || *count > kMaxGpus)
      throw Error(Fault::invalid, "gpu is not MODEL or MODEL:COUNT with a count from 1 to 64", "for example H100:8",
                  "gpu");
    spec.resources.gpu_count = *count;
    gpu.resize(colon);
  }
  spec.resources.gpu = gpu_model(gpu);
  spec.resources.gpu_count = target.number("count", spec.resources.gpu_count, 0, kMaxGpus);
  spec.resources.region = target.text("region");
  spec.resources.spot = target.flag("spot");
  spec.resources.max_price_per_hour = amount(target, "max_price");
  if (target.find("provider")) spec.providers = {target.text("provider")};
  return spec;
}

}  // namespace

Reply list_offers(const ServerContext& context, const Request& request) {
  jobs::JobSpec spec = needs_of(request.target);
  read_template(request.target, context.pipeline.templates, spec);
  const auto all = context.accounts.usable();
  const auto accounts = spec.providers.empty() ? all : jobs::candidates(spec, all, context.pipeline.browser);
  const int64_t limit = request.target.number("limit", kMaxOffers, 1, kMaxOffers);
  plugin_host::OfferQuery query = jobs::query_of(spec);
  // A look around wants to see every number of GPUs unless it names one.
  if (!request.target.find("count") && request.target.text("gpu").find(':') == std::string::npos) query.max_gpus = 0;
  query.min_gpu_mem_bytes = 0;
  fleet::OfferList list =
      context.offer_cache->list(context.clock, accounts, query, context.pipeline.browser,
                                {context.closing, context.clock.mono_ms() + kListMs}, request.target.flag("fresh"));
  if (request.target.flag("sold_out")) {
    list.offers.insert(list.offers.end(), list.sold_out.begin(), list.sold_out.end());
    fleet::sort_by_price(list.offers);
  }
  const std::vector<jobs::TooSmall> too_small = jobs::take_too_small(spec, list.offers);
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  int64_t written = 0;
  for (const fleet::AccountOffer& one : list.offers)
    if (written++ < limit) write_offer(json, one);
  json.end_array().key("asked").begin_array();
  for (const fleet::UsableAccount& account : accounts) json.text(account.id);
  json.end_array();
  write_too_small(json, too_small);
  write_failures(json, list.failures);
  Reply reply;
  reply.body = json.end_object().str();
  return reply;
}

}  // namespace stoker::api
