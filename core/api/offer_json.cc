#include "core/api/offer_json.h"

#include "core/api/json_values.h"

namespace stoker::api {
namespace {

constexpr double kGiga = 1e9;

const char* name_of_availability(int32_t availability) {
  switch (availability) {
    case STOKER_AVAIL_HIGH:
      return "high";
    case STOKER_AVAIL_LOW:
      return "low";
    case STOKER_AVAIL_NONE:
      return "none";
    default:
      return "unknown";
  }
}

double gigabytes(uint64_t bytes) { return static_cast<double>(bytes) / kGiga; }

}  // namespace

void write_offer(JsonWriter& json, const fleet::AccountOffer& one) {
  const plugin_host::Offer& offer = one.offer;
  json.begin_object()
      .member("id", to_utf8(offer.id))
      .member("account", one.account.id)
      .member("provider", one.account.provider)
      .member("machine", to_utf8(offer.machine))
      .member("region", to_utf8(offer.region))
      .member("zone", to_utf8(offer.zone))
      .member("availability", name_of_availability(offer.availability));
  json.key("gpu")
      .begin_object()
      .member("model", to_utf8(offer.gpu_model))
      .member("count", static_cast<int64_t>(offer.gpu_count))
      .member("memory_gb", gigabytes(offer.gpu_mem_bytes))
      .end_object();
  json.member("vcpus", static_cast<int64_t>(offer.vcpus))
      .member("memory_gb", gigabytes(offer.mem_bytes))
      .member("disk_gb", gigabytes(offer.disk_bytes))
      .member("arch", to_utf8(offer.cpu_arch));
  json.key("price")
      .begin_object()
      .member("per_hour", units(offer.price.per_hour.micros))
      .member("currency", to_utf8(offer.price.per_hour.currency))
      .member("granularity_s", static_cast<int64_t>(offer.price.granularity_s))
      .member("minimum_s", static_cast<int64_t>(offer.price.minimum_s))
      .member("spot", (offer.price.flags & STOKER_PRICE_SPOT) != 0)
      .member("estimate", (offer.price.flags & STOKER_PRICE_ESTIMATE) != 0)
      .member("excludes_tax", (offer.price.flags & STOKER_PRICE_EXCLUDES_TAX) != 0)
      .end_object();
  json.member("leak_risk", fleet::to_string(one.leak_risk)).member("age_s", one.age_ms / kSecond);
  json.end_object();
}

void write_failures(JsonWriter& json, const std::vector<fleet::OfferFailure>& failures) {
  json.key("failures").begin_array();
  for (const fleet::OfferFailure& failure : failures)
    json.begin_object()
        .member("account", failure.account.id)
        .member("provider", failure.account.provider)
        .member("code", to_string(failure.error.fault))
        .member("detail", to_utf8(failure.error.what()))
        .member("hint", to_utf8(failure.error.hint))
        .member("field", to_utf8(failure.error.field))
        .end_object();
  json.end_array();
}

void write_too_small(JsonWriter& json, const std::vector<jobs::TooSmall>& offers) {
  json.key("too_small").begin_array();
  for (const jobs::TooSmall& one : offers) {
    json.begin_object().key("offer");
    write_offer(json, one.offer);
    json.member("why", one.why).end_object();
  }
  json.end_array();
}

}  // namespace stoker::api
