#include "plugins/gcp/price_list.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace stoker::gcp {
namespace {

constexpr char kT4[] = "nvidia-tesla-t4", kV100[] = "nvidia-tesla-v100", kL4[] = "nvidia-l4";
constexpr char kA100[] = "nvidia-tesla-a100", kA100Big[] = "nvidia-a100-80gb", kH100[] = "nvidia-h100-80gb";
constexpr char kMega[] = "nvidia-h100-mega-80gb", kH200[] = "nvidia-h200-141gb";

constexpr MachineType kTypes[] = {
    {"n1-standard-4", kT4, 1, 540'000, true, false},
    {"n1-standard-8", kT4, 1, 730'000, true, false},
    {"n1-standard-16", kT4, 2, 1'460'000, true, false},
    {"n1-standard-32", kT4, 4, 2'920'000, true, false},
    {"n1-standard-8", kV100, 1, 2'860'000, true, false},
    {"g2-standard-4", kL4, 1, 707'000, false, false},
    {"g2-standard-8", kL4, 1, 854'000, false, false},
    {"g2-standard-12", kL4, 1, 1'000'000, false, false},
    {"g2-standard-16", kL4, 1, 1'147'000, false, false},
    {"g2-standard-24", kL4, 2, 2'001'000, false, false},
    {"g2-standard-32", kL4, 1, 1'734'000, false, false},
    {"g2-standard-48", kL4, 4, 4'002'000, false, false},
    {"g2-standard-96", kL4, 8, 8'003'000, false, false},
    {"a2-highgpu-1g", kA100, 1, 3'673'000, false, false},
    {"a2-highgpu-2g", kA100, 2, 7'347'000, false, false},
    {"a2-highgpu-4g", kA100, 4, 14'694'000, false, false},
    {"a2-highgpu-8g", kA100, 8, 29'387'000, false, false},
    {"a2-megagpu-16g", kA100, 16, 55'740'000, false, false},
    {"a2-ultragpu-1g", kA100Big, 1, 5'070'000, false, false},
    {"a2-ultragpu-2g", kA100Big, 2, 10'140'000, false, false},
    {"a2-ultragpu-4g", kA100Big, 4, 20'280'000, false, false},
    {"a2-ultragpu-8g", kA100Big, 8, 40'550'000, false, false},
    {"a3-highgpu-1g", kH100, 1, 11'100'000, false, true},
    {"a3-highgpu-2g", kH100, 2, 22'100'000, false, true},
    {"a3-highgpu-4g", kH100, 4, 44'200'000, false, true},
    {"a3-highgpu-8g", kH100, 8, 88'490'000, false, false},
    {"a3-megagpu-8g", kMega, 8, 92'900'000, false, false},
    {"a3-ultragpu-8g", kH200, 8, 84'800'000, false, false},
};

struct Accelerator {
  const char* name;
  std::uint64_t gib;
  const char *host, *gpu;  // as the descriptions of the parts call them; empty: not known
  double local_ssd = 0;    // dollars an hour of the disks that come with each
};
constexpr Accelerator kAccelerators[] = {
    {kT4, 16, "N1 Predefined", "Nvidia Tesla T4 GPU"},
    {kV100, 16, "N1 Predefined", "Nvidia Tesla V100 GPU"},
    {kL4, 24, "G2", "Nvidia L4 GPU"},
    {kA100, 40, "A2", "Nvidia Tesla A100 GPU"},
    {kA100Big, 80, "A2", "Nvidia Tesla A100 80GB GPU", 0.041},
    {kH100, 80, "A3", "Nvidia H100 80GB GPU", 0.082},
    {kMega, 80, "", ""},
    {kH200, 141, "", ""},
};

const Accelerator& accelerator_of(std::string_view name) {
  return *std::find_if(std::begin(kAccelerators), std::prev(std::end(kAccelerators)),
                       [&](const Accelerator& one) { return name == one.name; });
}

// Beyond these shares of the catalogue's price it is another part that was found. Far less is suspect, for it is what
// one hopes for.
constexpr double kLeast = 0.6, kMost = 5;

double dollars(const Json& rate) {
  std::int64_t units = 0;
  const std::string text = rate["units"].text();
  std::from_chars(text.data(), text.data() + text.size(), units);
  return static_cast<double>(units) + static_cast<double>(rate["nanos"].integer()) / 1e9;
}

std::string key_of(const std::string& region, bool spot, std::string_view name) {
  return region + (spot ? "/spot/" : "/") + std::string(name);
}

}  // namespace

std::span<const MachineType> machine_types() { return kTypes; }

std::string offered_name(const MachineType& type) {
  return type.attached ? std::string(type.name) + "+" + std::to_string(type.gpus) + "x" + type.accelerator : type.name;
}

const MachineType* machine_type(std::string_view offered) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const MachineType& one) { return offered_name(one) == offered; });
  return found == std::end(kTypes) ? nullptr : found;
}

std::uint64_t gpu_memory(std::string_view accelerator) { return accelerator_of(accelerator).gib << 30; }

// "G2 Instance Core running in Americas", "Spot Preemptible G2 Instance Core running in Americas",
// "Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas".
void PriceList::add(const Json& sku) {
  const std::string usage = sku["category"]["usageType"].text();
  if (usage != "OnDemand" && usage != "Preemptible") return;
  std::string name = sku["description"].text();
  for (const char* end : {" running in", " attached to Spot"}) name = name.substr(0, name.find(end));
  if (name.starts_with("Spot Preemptible ")) name.erase(0, sizeof "Spot Preemptible " - 1);
  const auto is_part = [&](const Accelerator& one) {
    const std::string host = one.host;
    return !host.empty() && (name == one.gpu || name == host + " Instance Core" || name == host + " Instance Ram");
  };
  if (std::none_of(std::begin(kAccelerators), std::end(kAccelerators), is_part)) return;
  const auto infos = sku["pricingInfo"].items();
  if (infos.empty()) return;
  const auto rates = infos.front()["pricingExpression"]["tieredRates"].items();
  if (rates.empty()) return;
  const double price = dollars(rates.back()["unitPrice"]);
  for (const Json& region : sku["serviceRegions"].items())
    parts_[key_of(region.text(), usage == "Preemptible", name)] = price;
}

double PriceList::part(const std::string& name, const std::string& region, bool spot) const {
  const auto found = parts_.find(key_of(region, spot, name));
  return found == parts_.end() || found->second <= 0 ? NAN : found->second;
}

Price PriceList::of(const MachineType& type, std::uint64_t vcpus, std::uint64_t mem_mib, const std::string& region,
                    bool spot) const {
  const Accelerator& gpu = accelerator_of(type.accelerator);
  const std::string host = std::string(gpu.host) + " Instance ";
  const auto sum = [&](bool of_spot) {
    return static_cast<double>(vcpus) * part(host + "Core", region, of_spot) +
           static_cast<double>(mem_mib) / 1024 * part(host + "Ram", region, of_spot) +
           type.gpus * (part(gpu.gpu, region, of_spot) + gpu.local_ssd);
  };
  const double usual = static_cast<double>(type.micros) / 1e6, demand = sum(false), asked = spot ? sum(true) : demand;
  // Comparisons with a part that is missing are false.
  const bool known = demand >= kLeast * usual && demand <= kMost * usual && asked <= demand;
  Price price;
  price.per_hour = {known ? std::llround(asked * 1e6) : type.micros, "USD"};
  price.flags = STOKER_PRICE_EXCLUDES_TAX;
  if (!known) price.flags |= STOKER_PRICE_ESTIMATE;
  if (spot) price.flags |= STOKER_PRICE_SPOT;
  price.granularity_s = 1;
  price.minimum_s = 60;
  return price;
}

}  // namespace stoker::gcp
