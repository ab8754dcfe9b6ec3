// What can be rented, and what can be trained.
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/api/route_table.h"

namespace stoker::api {
namespace {

constexpr const char* kJson = "application/json";

}  // namespace

std::vector<Route> offer_routes() {
  return {
      {"GET",
       "/v1/offers",
       Scope::run,
       list_offers,
       nullptr,
       0,
       200,
       "OfferList",
       nullptr,
       "List what can be rented now over all accounts, cheapest first; accounts that failed are named beside.",
       {{"gpu", "string", "MODEL or MODEL:COUNT, for example H100:8"},
        {"count", "integer", "so many GPUs"},
        {"provider", "string", "of this provider or account only"},
        {"region", "string", "in this region only"},
        {"spot", "boolean", "spot machines instead"},
        {"max_price", "number", "per hour at most"},
        {"sold_out", "boolean", "also what can not be had now"},
        {"fresh", "boolean", "ask clouds again that answered less than a minute ago"},
        {"limit", "integer", "how many at most"},
        {"template", "string", "with a GPU that suffices for this training template"},
        {"params", "string", "the template's parameters, as JSON"}}},
      {"POST",
       "/v1/estimates",
       Scope::run,
       estimate_cost,
       kJson,
       kMaxJsonBytes,
       200,
       "Estimate",
       "JobSpec",
       "Tell what a job would cost, and what that rests on.",
       {{"hours", "number", "how long it takes; else as long as earlier jobs of its name"}}},
  };
}

std::vector<Route> template_routes() {
  return {
      {"GET",
       "/v1/templates",
       Scope::run,
       list_templates,
       nullptr,
       0,
       200,
       "TemplateList",
       nullptr,
       "List the training templates.",
       {}},
      {"GET",
       "/v1/templates/{id}",
       Scope::run,
       get_template,
       nullptr,
       0,
       200,
       "Template",
       nullptr,
       "Show a training template and its parameters.",
       {}},
  };
}

}  // namespace stoker::api
