// Provider `ssh`: a machine the user has. Creating an instance leases it to one job; removing gives the lease back.
// Nothing is done on the machine itself.
//
// A lease is the file <directory>/<client token>.lease.
#pragma once

#include <filesystem>
#include <optional>
#include <stoker/cpp/provider.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/record/record.h"

namespace stoker::ssh {

class SshProvider final : public Provider {
 public:
  explicit SshProvider(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

 private:
  struct Lease {
    std::string token;
    record::Record record;
  };

  [[nodiscard]] std::filesystem::path lease_file(std::string_view token) const;
  [[nodiscard]] std::vector<Lease> leases() const;
  [[nodiscard]] Instance describe(const Lease& lease) const;
  // The text of the key file; throws Failure when it can't be used, blaming `key`.
  [[nodiscard]] std::string read_key() const;
  [[nodiscard]] Price price() const;

  std::string host_, user_, host_key_, name_, gpu_;
  std::uint32_t port_ = 22;
  std::uint32_t gpu_count_ = 0;
  std::int64_t micros_per_hour_ = 0;
  std::filesystem::path key_, directory_;
};

}  // namespace stoker::ssh
