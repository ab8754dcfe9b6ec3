// What Compute Engine asks for a machine. Google sells the parts: so much for a vCPU, a GiB and a GPU, each in its own
// list of thousands (https://cloud.google.com/billing/v1/how-tos/catalog-api), known by a description in English only.
// So a sum is believed where it is near the catalogue of whole machines in here, and else the catalogue's is an
// estimate.
#pragma once

#include <map>
#include <span>
#include <stoker/cpp/json.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>
#include <string_view>

namespace stoker::gcp {

struct MachineType {
  const char* name;
  const char* accelerator;
  int gpus;
  std::int64_t micros;  // an hour on demand in us-central1, November 2026
  bool attached;        // its GPUs are not part of the type
  bool spot_only;
};
std::span<const MachineType> machine_types();
// By the name that an offer has: with the GPUs where they are attached. Null: none of ours.
const MachineType* machine_type(std::string_view offered);
std::string offered_name(const MachineType& type);
std::uint64_t gpu_memory(std::string_view accelerator);

class PriceList {
 public:
  void add(const Json& sku);
  [[nodiscard]] bool empty() const { return parts_.empty(); }
  [[nodiscard]] Price of(const MachineType& type, std::uint64_t vcpus, std::uint64_t mem_mib, const std::string& region,
                         bool spot) const;

 private:
  [[nodiscard]] double part(const std::string& name, const std::string& region, bool spot) const;

  std::map<std::string, double> parts_;  // dollars an hour
};

}  // namespace stoker::gcp
