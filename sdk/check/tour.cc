#include "sdk/check/tour.h"

#include "core/private_file.h"

namespace stoker::check {
namespace {

constexpr char kOwner[] = "0123456789abcdef0123456789abcdef", kToken[] = "stk-01234567-tour";
constexpr int64_t kTourDeadlineMs = 1'790'000'000'000;
constexpr char kLines[] = "step=1 loss=2.5\n{'loss': 1.25, 'epoch': 0.5}\r\n 50%|#####     | 5/10 [00:05<00:05]\rend";

}  // namespace

plugin_host::CreateRequest tour_request(const plugin_host::Offer& offer) {
  plugin_host::CreateRequest request;
  request.client_token = kToken;
  request.owner = kOwner;
  request.name = "tour";
  request.offer_id = offer.id;
  request.offer_opaque = offer.opaque;
  request.region = offer.region;
  request.zone = offer.zone;
  request.ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
  request.user_data = "#cloud-config\n";
  request.tags = {{"stoker", "1"}};
  request.deadline_ms = kTourDeadlineMs;
  return request;
}

Stage::Stage(const Subject& subject, HostOptions options) : subject_(subject) {
  if (subject.cloud) {
    cloud_ = std::make_unique<ScriptedCloud>(*subject.cloud);
    if (options.network == nullptr) {
      options.network = cloud_.get();
      options.secrets = cloud_->secrets();
    }
  }
  plugin_ = std::make_unique<LoadedPlugin>(subject.plugin, std::move(options));
  for (const auto& id : plugin_->provider_ids())
    if (const auto* glob = plugin_->descriptor(id).allowed_hosts; glob != nullptr)
      for (; *glob != nullptr; ++glob) host().options().allowed_hosts.emplace_back(*glob);
}

std::unique_ptr<ProviderUnderTest> Stage::make(const std::string& id) {
  return std::make_unique<ProviderUnderTest>(*plugin_, id, cloud_ ? cloud_->config() : plugin_host::Settings{});
}

void Stage::tour(const Visitor& visit) {
  std::string skipped;
  for (const auto& id : plugin_->provider_ids()) {
    try {
      tour_provider(id, visit);
    } catch (const Skipped& reason) {
      skipped = reason.what();
    }
  }
  const auto parsers = plugin_->log_parser_ids();
  for (const auto& id : parsers) tour_log_parser(id);
  if (!skipped.empty() && parsers.empty()) throw Skipped(skipped);
}

void Stage::tour_provider(const std::string& id, const Visitor& visit) {
  const auto provider = make(id);
  const auto at = [&](const char* call, const std::function<std::pair<CallEnd, size_t>()>& act) {
    const int before = host().questions();
    auto [end, items] = act();
    if (visit) visit({call, std::move(end), before + 1, host().questions(), items});
  };
  plugin_host::InstanceRef ref{"no-such-machine", {}, {}};
  std::optional<plugin_host::Offer> offer;
  at("validate", [&] {
    auto answer = provider->validate();
    return std::pair{answer.end, answer.items.size()};
  });
  at("list_offers", [&] {
    auto answer = provider->list_offers();
    if (!answer.items.empty()) offer = answer.items.front();
    return std::pair{answer.end, answer.items.size()};
  });
  if (offer && cloud_ && !cloud_->creating_route().empty())
    at("create", [&] {
      auto answer = provider->create(tour_request(*offer));
      if (!answer.items.empty())
        ref = {answer.items.front().id, answer.items.front().region, answer.items.front().opaque};
      return std::pair{answer.end, answer.items.size()};
    });
  for (const char* token : {"", kToken})
    at("find", [&] {
      auto answer = provider->find(kOwner, token);
      return std::pair{answer.end, answer.items.size()};
    });
  at("get", [&] {
    auto answer = provider->get(ref);
    return std::pair{answer.end, answer.items.size()};
  });
  at("remove", [&] { return std::pair{provider->remove(ref), size_t{0}}; });
  if (!provider->has_resources()) return;
  std::vector<plugin_host::Resource> left;
  at("listing resources", [&] {
    auto answer = provider->resources(kOwner, kToken);
    left = std::move(answer.items);
    return std::pair{answer.end, left.size()};
  });
  for (const auto& one : left)
    at("removing a resource", [&] { return std::pair{provider->remove_resource(one), size_t{0}}; });
}

void Stage::tour_log_parser(const std::string& id) {
  std::vector<std::string> logs{kLines};
  for (const auto& file : subject_.logs) logs.push_back(read_file(file));
  for (const std::string& log : logs) {
    Loans loans;
    host().bare_call("detect", [&] { plugin_->log_parsers()->detect(loans.c_text(id), loans.bytes(log)); });
    StreamUnderTest stream(*plugin_, id);
    stream.push(log);
    stream.finish();
  }
}

}  // namespace stoker::check
