#include "plugins/aws/price.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/paged_list.hpp>

namespace stoker::aws {
namespace {

constexpr char kDoing[] = "reading prices (pricing:GetProducts)";
constexpr int kMostPages = 50;

// Linux, on demand, shared tenancy, as of 2026-11 (https://aws.amazon.com/ec2/pricing/on-demand).
constexpr char kListDate[] = "2026-11";
constexpr std::string_view kListRegions[] = {"us-east-1", "us-east-2", "us-west-2"};
constexpr std::pair<const char*, std::int64_t> kList[] = {
    {"g4dn.xlarge", 526'000},      {"g4dn.2xlarge", 752'000},    {"g4dn.12xlarge", 3'912'000},
    {"g5.xlarge", 1'006'000},      {"g5.2xlarge", 1'212'000},    {"g5.12xlarge", 5'672'000},
    {"g5.24xlarge", 8'144'000},    {"g5.48xlarge", 16'288'000},  {"g6.xlarge", 804'800},
    {"g6.2xlarge", 977'600},       {"g6.12xlarge", 4'601'600},   {"g6.24xlarge", 6'675'200},
    {"g6.48xlarge", 13'350'400},   {"g6e.xlarge", 1'861'000},    {"g6e.2xlarge", 2'242'000},
    {"g6e.12xlarge", 10'493'000},  {"g6e.48xlarge", 30'131'000}, {"p4d.24xlarge", 21'957'642},
    {"p4de.24xlarge", 27'447'050}, {"p5.4xlarge", 6'880'000},    {"p5.48xlarge", 55'040'000},
    {"p5en.48xlarge", 63'296'000},
};

std::string question(const std::string& region, const std::string& machine, const std::string& next) {
  JsonWriter json;
  json.begin_object().member("ServiceCode", "AmazonEC2").member("MaxResults", 100).key("Filters").begin_array();
  const auto match = [&](const char* field, std::string_view value) {
    json.begin_object().member("Type", "TERM_MATCH").member("Field", field).member("Value", value).end_object();
  };
  match("regionCode", region);
  match("operatingSystem", "Linux");
  match("tenancy", "Shared");
  match("preInstalledSw", "NA");
  match("capacitystatus", "Used");
  machine.empty() ? match("instanceFamily", "GPU instance") : match("instanceType", machine);
  json.end_array();
  if (!next.empty()) json.member("NextToken", next);
  return json.end_object().str();
}

PriceList ask(Call& call, AwsApi& api, const std::string& region, const std::string& machine) {
  PriceList list;
  PagedList pages(std::string("aws: ") + kDoing, kMostPages);
  std::string next;
  do {
    pages.page(next);
    const Json page =
        api.json(call, kDoing, Service::pricing(), "AWSPriceListService.GetProducts", question(region, machine, next));
    if (!page["PriceList"].is_list()) throw pages.broken("is none");
    for (const Json& product : page["PriceList"].items()) {
      std::string name;
      std::int64_t micros = 0;
      if (read_product(product.text(), name, micros)) list.micros_per_hour[name] = micros;
    }
    next = page["NextToken"].text();
  } while (!next.empty());
  return list;
}

}  // namespace

const std::int64_t* PriceList::find(const std::string& machine) const {
  const auto at = micros_per_hour.find(machine);
  return at == micros_per_hour.end() ? nullptr : &at->second;
}

std::int64_t micros_of(const std::string& usd) {
  char* end = nullptr;
  const double value = std::strtod(usd.c_str(), &end);
  return end != usd.c_str() && *end == '\0' && value > 0 && value < 1e5 ? std::llround(value * 1e6) : 0;
}

bool read_product(const std::string& text, std::string& machine, std::int64_t& micros) {
  try {
    const Json product = Json::parse(text, "aws: a price", STOKER_E_UNAVAILABLE);
    machine = product["product"]["attributes"]["instanceType"].text();
    for (const Json& term : product["terms"]["OnDemand"].values())
      for (const Json& price : term["priceDimensions"].values()) {
        micros = micros_of(price["pricePerUnit"]["USD"].text());
        if (price["unit"].text() == "Hrs" && micros > 0) return !machine.empty();
      }
  } catch (const Failure&) {  // one that can not be read has no price, and is not offered
  }
  return false;
}

PriceList on_demand_prices(Call& call, AwsApi& api, const std::string& region, const std::string& machine) {
  try {
    return ask(call, api, region, machine);
  } catch (const Failure& failure) {
    const stoker_status status = failure.status();
    const bool listed = std::find(std::begin(kListRegions), std::end(kListRegions), region) != std::end(kListRegions);
    const bool refused = status == STOKER_E_FORBIDDEN || status == STOKER_E_AUTH || status == STOKER_E_INVALID ||
                         status == STOKER_E_NOT_FOUND;
    if (!listed || !refused) throw;
    call.log(STOKER_LOG_WARNING, failure.message() + "; prices are those of " + kListDate + " and may have changed");
    PriceList list{{}, true};
    for (const auto& [name, micros] : kList) list.micros_per_hour.emplace(name, micros);
    return list;
  }
}

}  // namespace stoker::aws
