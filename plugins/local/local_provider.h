// Provider `local`: an instance is a private sshd of this machine on 127.0.0.1, as the user the agent runs as.
//
// An instance lives in <directory>/<client token>/ and nowhere else, so that it can be found and ended after a crash of
// the agent. Its order of birth: folder, keys and configuration; `record`, which says that it may exist; `launched`,
// written by the child itself before it becomes sshd. A folder without a record never had a process.
#pragma once

#include <filesystem>
#include <optional>
#include <stoker/cpp/provider.hpp>
#include <string>
#include <string_view>

#include "plugins/local/process.h"
#include "plugins/local/sshd.h"
#include "plugins/record/record.h"

namespace stoker::local {

class LocalProvider final : public Provider {
 public:
  explicit LocalProvider(const Config& config);

  Account validate(Call& call) override;
  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override;
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override;
  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override;
  Instance get(Call& call, const InstanceRef& ref) override;
  void remove(Call& call, const InstanceRef& ref) override;

 private:
  [[nodiscard]] std::string sshd() const;
  [[nodiscard]] InstanceFiles files_of(std::string_view token) const;
  [[nodiscard]] Instance describe(const std::string& token, const record::Record& record) const;
  void prepare(const InstanceFiles& files, const CreateRequest& request) const;
  void launch(Call& call, const InstanceFiles& files, const CreateRequest& request) const;
  // Whether sshd has the port; throws Failure when it failed for another reason.
  [[nodiscard]] bool wait_until_listening(Call& call, const InstanceFiles& files, const ProcessId& process,
                                          std::uint16_t port) const;
  // After a start that failed; throws UNKNOWN_OUTCOME when something of it stays.
  void discard(Call& call, const InstanceFiles& files, std::string_view token) const;
  void end_processes(Call& call, const InstanceFiles& files, std::string_view token) const;
  void erase(const InstanceFiles& files) const;
  void clear_leftovers() const;

  std::filesystem::path directory_;
  std::string configured_sshd_;
};

}  // namespace stoker::local
