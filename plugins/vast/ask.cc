#include "plugins/vast/ask.h"

#include <algorithm>
#include <cmath>
#include <stoker/cpp/json_writer.hpp>

namespace stoker::vast {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20, kGiga = 1'000'000'000;
constexpr int kRows = 500;
// An image, a model and its data come in; checkpoints go out.
constexpr double kGbDownPerHour = 10, kGbUpPerHour = 2;

constexpr const char* kGpus[] = {"B200",
                                 "H200",
                                 "H200 NVL",
                                 "H100 SXM",
                                 "H100 NVL",
                                 "H100 PCIE",
                                 "A100 SXM4",
                                 "A100 PCIE",
                                 "A100X",
                                 "L40S",
                                 "L40",
                                 "L4",
                                 "A40",
                                 "A10",
                                 "RTX PRO 6000 S",
                                 "RTX PRO 6000 WS",
                                 "RTX 6000Ada",
                                 "RTX 5000Ada",
                                 "RTX A6000",
                                 "RTX A5000",
                                 "RTX A4000",
                                 "RTX 5090",
                                 "RTX 5080",
                                 "RTX 4090",
                                 "RTX 4080",
                                 "RTX 3090 Ti",
                                 "RTX 3090",
                                 "Tesla V100"};

std::string spelt(std::string name) {
  if (name.ends_with("Ada") && name.size() > 3 && detail::is_digit(name[name.size() - 4]))
    name.insert(name.size() - 3, " ");
  return name;
}

void filter(JsonWriter& json, const char* field, const char* how, double value) {
  json.key(field).begin_object().member(how, value).end_object();
}
void filter(JsonWriter& json, const char* field, bool value) {
  json.key(field).begin_object().member("eq", value).end_object();
}

// Every name that may be the model wanted; without any, all are asked for.
void filter_gpu(JsonWriter& json, std::string_view wanted) {
  std::vector<std::string_view> names;
  for (const char* name : kGpus) {
    const std::string model = gpu_model(spelt(name));
    if (gpu_matches(wanted, model) || wanted.starts_with(model + "-")) names.emplace_back(name);
  }
  if (wanted.empty() || names.empty()) return;
  json.key("gpu_name").begin_object().key("in").begin_array();
  for (const std::string_view name : names) json.text(name);
  json.end_array().end_object();
}

double number(const Json& from, const char* key) { return from[key].real().value_or(0); }

// Hosts say what they like.
std::uint64_t size_of(double amount, std::uint64_t unit) {
  return amount > 0 && amount < 1e9 ? static_cast<std::uint64_t>(amount * static_cast<double>(unit)) : 0;
}

}  // namespace

std::int64_t disk_gb(std::uint64_t bytes) {
  return std::max(kLeastDiskGb, static_cast<std::int64_t>(bytes / kGiga + (bytes % kGiga != 0 ? 1 : 0)));
}

std::string search_body(const OfferQuery& query, const Trust& trust, double floor) {
  const std::int64_t disk = disk_gb(query.min_disk_bytes);
  JsonWriter json;
  json.begin_object();
  filter(json, "verified", true);
  filter(json, "rentable", true);
  filter(json, "rented", false);
  filter(json, "external", false);
  filter(json, "reliability2", "gte", trust.min_reliability);
  if (trust.datacenter_only) filter(json, "datacenter", true);
  filter(json, "direct_port_count", "gte", 1);
  filter(json, "num_gpus", "gte", std::max(query.min_gpus, 1U));
  filter(json, "gpu_ram", "gte", static_cast<double>(query.min_gpu_mem_bytes / kMebi));
  filter(json, "disk_space", "gte", static_cast<double>(disk));
  filter_gpu(json, query.gpu_model);
  if (!query.region.empty())
    json.key("geolocation").begin_object().key("in").begin_array().text(query.region).end_array().end_object();
  json.key("dph_total").begin_object().member("gte", floor);
  if (query.max_per_hour.micros > 0) json.member("lte", static_cast<double>(query.max_per_hour.micros) / 1e6);
  json.end_object().member("type", "on-demand").member("limit", kRows).member("allocated_storage", disk);
  json.key("order").begin_array().begin_array().text("dph_total").text("asc").end_array().end_array();
  return json.end_object().str();
}

std::string search_body_of(std::string_view ask_id, std::int64_t disk) {
  JsonWriter json;
  json.begin_object().key("ask_contract_id").begin_object().key("eq").raw(ask_id).end_object();  // `id` finds nothing
  return json.member("type", "on-demand").member("allocated_storage", disk).end_object().str();
}

std::optional<Offer> offer_of(const Json& ask, const Trust& trust, std::int64_t disk) {
  const double cores = number(ask, "cpu_cores"), own = number(ask, "cpu_cores_effective");
  const std::uint64_t gpus = ask["num_gpus"].count();
  Offer offer;
  offer.id = ask["ask_contract_id"].text();
  if (offer.id.empty()) offer.id = ask["id"].text();
  offer.price = price_of(ask);
  const bool rentable = ask["verification"].text() == "verified" && ask["rentable"].boolean(false) &&
                        !ask["rented"].boolean(false) && number(ask, "reliability2") >= trust.min_reliability &&
                        number(ask, "direct_port_count") >= 1 && number(ask, "disk_space") >= static_cast<double>(disk);
  const bool sane = !offer.id.empty() && offer.price.per_hour.micros > 0 && gpus > 0 && gpus <= 1024 && cores >= 1 &&
                    cores <= 1e5 && own >= 1 && own <= cores;
  if (!rentable || !sane) return std::nullopt;
  const std::string name = ask["gpu_name"].text();
  offer.gpu_model = spelt(name);
  offer.gpu_count = static_cast<std::uint32_t>(gpus);
  offer.gpu_mem_bytes = size_of(number(ask, "gpu_ram"), kMebi);
  offer.machine = std::to_string(gpus) + "x_" + name;
  std::replace(offer.machine.begin(), offer.machine.end(), ' ', '_');
  offer.cpu_arch = ask["cpu_arch"].text() == "arm64" ? "aarch64" : "x86_64";
  offer.vcpus = static_cast<std::uint32_t>(own);
  // The machine's memory is shared as its cores are.
  offer.mem_bytes = size_of(number(ask, "cpu_ram") * own / cores, kMebi);
  offer.disk_bytes = static_cast<std::uint64_t>(disk) * kGiga;
  offer.region = region_of(ask);
  return offer;
}

Price price_of(const Json& rented) {
  const double traffic = kGbDownPerHour * std::max(number(rented, "inet_down_cost"), 0.0) +
                         kGbUpPerHour * std::max(number(rented, "inet_up_cost"), 0.0);
  const double hour = number(rented, "dph_total"), whole = hour + traffic;
  Price price;
  price.flags = STOKER_PRICE_ESTIMATE;
  price.per_hour = {hour > 0 && whole < 1e6 ? std::llround(whole * 1e6) : 0, "USD"};
  return price;
}

std::string region_of(const Json& rented) {
  const std::string place = rented["geolocation"].text();
  const std::size_t begin =
      place.find_first_not_of(' ', place.rfind(',') == std::string::npos ? 0 : place.rfind(',') + 1);
  return begin == std::string::npos ? "" : place.substr(begin);
}

}  // namespace stoker::vast
