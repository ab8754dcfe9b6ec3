#include "plugins/ssh/ssh_provider.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "plugins/ssh/private_key.h"

namespace stoker::ssh {
namespace {

namespace fs = std::filesystem;

using record::is_token;
using record::value_of;

constexpr std::string_view kOfferId = "ssh";
constexpr std::string_view kOpaque = "ssh/1";
constexpr std::string_view kSuffix = ".lease";
constexpr std::size_t kMaxKeyBytes = 64 * 1024;

std::string checked_host_key(const std::string& text) {
  constexpr const char* kHow =
      "on the machine itself: cat /etc/ssh/ssh_host_ed25519_key.pub; or compare what ssh-keyscan -t ed25519 HOST says "
      "with "
      "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there";
  if (is_rsa_host_key(text)) {
    throw Failure{STOKER_E_INVALID, "host_key is an RSA key, which this agent cannot verify"}
        .blame("host_key")
        .hint(kHow);
  }
  std::string key = canonical_host_key(text);
  if (key.empty()) {
    throw Failure{STOKER_E_INVALID, "host_key is neither \"ssh-ed25519 AAAA...\" nor \"SHA256:...\""}
        .blame("host_key")
        .hint(kHow);
  }
  return key;
}

}  // namespace

SshProvider::SshProvider(const Config& config)
    : host_(config.required("host")),
      user_(config.required("user")),
      host_key_(checked_host_key(config.required("host_key"))),
      name_(config.text("name", host_)),
      gpu_(config.text("gpu")),
      key_(config.required("key")),
      directory_(config.required("directory")) {
  const std::int64_t port = config.integer("port", 22);
  if (port < 1 || port > 65535) throw Failure{STOKER_E_INVALID, "port is not between 1 and 65535"}.blame("port");
  port_ = static_cast<std::uint32_t>(port);
  const std::int64_t gpus = config.integer("gpu_count", gpu_.empty() ? 0 : 1);
  if (gpus < 0 || gpus > 1024)
    throw Failure{STOKER_E_INVALID, "gpu_count is not between 0 and 1024"}.blame("gpu_count");
  gpu_count_ = static_cast<std::uint32_t>(gpus);
  const double price = config.real("price_per_hour", 0);
  if (!(price >= 0 && price < 1e6)) {
    throw Failure{STOKER_E_INVALID, "price_per_hour is not between 0 and 1000000"}.blame("price_per_hour");
  }
  micros_per_hour_ = std::llround(price * 1e6);
  if (!key_.is_absolute())
    throw Failure{STOKER_E_INVALID, "key is not an absolute path: " + key_.string()}.blame("key");
}

std::string SshProvider::read_key() const {
  const auto failure = [&](const std::string& what, const std::string& hint) {
    return Failure{STOKER_E_INVALID, key_.string() + " " + what}.blame("key").hint(hint);
  };
  struct stat info{};
  if (::stat(key_.c_str(), &info) != 0) {
    throw failure(std::string("cannot be read: ") + std::strerror(errno),
                  "ssh-keygen -t ed25519 -N '' -f " + key_.string());
  }
  if ((info.st_mode & 077) != 0) throw failure("can be read by others", "chmod 600 " + key_.string());
  const std::string text = record::read_text(key_, kMaxKeyBytes).value_or("");
  const std::string remake =
      "ssh-keygen -t ed25519 -N '' -f ~/.ssh/stoker, and add ~/.ssh/stoker.pub to ~/.ssh/authorized_keys of the "
      "machine";
  switch (private_key_kind(text)) {
    case KeyKind::usable:
      return text;
    case KeyKind::encrypted:
      throw failure("asks for a passphrase", "a key without one: " + remake);
    case KeyKind::rsa:
      throw failure("is an RSA key, whose signatures servers refuse from this agent (SHA-1)", remake);
    case KeyKind::wrong_form:
      throw failure("is not in OpenSSH's own form", "ssh-keygen -p -N '' -f " + key_.string());
    case KeyKind::unsupported:
      throw failure("is neither an ed25519 nor an ecdsa key", remake);
    case KeyKind::no_key:
      break;
  }
  throw failure("is not a private key", "name the file without .pub; or " + remake);
}

Price SshProvider::price() const { return {.per_hour = {micros_per_hour_, "USD"}}; }

fs::path SshProvider::lease_file(std::string_view token) const {
  return directory_ / (std::string(token) + std::string(kSuffix));
}

std::vector<SshProvider::Lease> SshProvider::leases() const {
  std::vector<Lease> found;
  std::error_code error;
  fs::directory_iterator entries(directory_, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  if (error) throw Failure{STOKER_E_UNAVAILABLE, "cannot read " + directory_.string() + ": " + error.message()};
  for (const auto& entry : entries) {
    const std::string file = entry.path().filename();
    if (!file.ends_with(kSuffix)) continue;
    const std::string token = file.substr(0, file.size() - kSuffix.size());
    if (!is_token(token)) continue;
    if (auto record = record::read(entry.path())) found.push_back({token, std::move(*record)});
  }
  return found;
}

Instance SshProvider::describe(const Lease& lease) const {
  // A lease outlives a change of the configuration: it says itself which machine it is of.
  // The lease stands even where its key has become unusable; then it says so instead of hiding.
  std::int32_t state = STOKER_INSTANCE_RUNNING;
  std::string status, key;
  try {
    key = read_key();
  } catch (const Failure& failure) {
    state = STOKER_INSTANCE_FAILED;
    status = failure.message();
  }
  return {.state = state,
          .id = lease.token,
          .client_token = lease.token,
          .name = value_of(lease.record, "name"),
          .status_text = std::move(status),
          .ssh_host = value_of(lease.record, "host"),
          .ssh_user = value_of(lease.record, "user"),
          .ssh_port = static_cast<std::uint32_t>(record::number_of(lease.record, "port")),
          .created_ms = record::number_of(lease.record, "created_ms"),
          .price = price(),
          .opaque = std::string(kOpaque),
          .host_public_key = value_of(lease.record, "host_key"),
          .ssh_private_key = std::move(key)};
}

Account SshProvider::validate(Call&) {
  (void)read_key();
  return {.id = user_ + "@" + host_ + ":" + std::to_string(port_), .name = name_};
}

void SshProvider::list_offers(Call&, const OfferQuery& query, const Emit<Offer>& emit) {
  const Offer offer{.id = std::string(kOfferId),
                    .machine = name_,
                    .gpu_model = gpu_,
                    .availability = leases().empty() ? STOKER_AVAIL_HIGH : STOKER_AVAIL_NONE,
                    .gpu_count = gpu_count_,
                    .price = price()};
  // What is not known about the machine is no reason to leave it out: the user named it.
  const bool fits = (query.gpu_model.empty() || query.gpu_model == gpu_) && gpu_count_ >= query.min_gpus &&
                    (query.max_per_hour.micros == 0 || micros_per_hour_ <= query.max_per_hour.micros);
  if (!query.spot && query.region.empty() && fits) emit(offer);
}

void SshProvider::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  if (!is_token(request.client_token)) throw Failure{STOKER_E_INVALID, "the client token is not of [A-Za-z0-9-]{1,64}"};
  if (request.offer_id != kOfferId) {
    throw Failure{STOKER_E_INVALID, "there is no offer " + std::string(request.offer_id) + "; the only one is ssh"};
  }
  for (const auto& lease : leases()) {
    if (lease.token == request.client_token) {
      if (value_of(lease.record, "owner") != request.owner) {
        throw Failure{STOKER_E_CONFLICT, "instance " + lease.token + " exists with another owner"};
      }
      return emit(describe(lease));
    }
    throw Failure{STOKER_E_NO_CAPACITY, name_ + " is in use by " + value_of(lease.record, "name")}.hint(
        "wait for that job, or stop it and release its instance");
  }
  if (request.max_per_hour.micros > 0 && micros_per_hour_ > request.max_per_hour.micros) {
    throw Failure{STOKER_E_NO_CAPACITY, name_ + " costs more an hour than the request allows"};
  }
  (void)read_key();
  std::error_code error;
  fs::create_directories(directory_.parent_path(), error);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Failure{STOKER_E_UNAVAILABLE, "cannot make " + directory_.string() + ": " + std::strerror(errno)};
  }
  Lease lease{std::string(request.client_token),
              {{"offer", std::string(request.offer_id)},
               {"owner", std::string(request.owner)},
               {"name", std::string(request.name)},
               {"created_ms", std::to_string(call.wall_ms())},
               {"deadline_ms", std::to_string(request.deadline_ms)},
               {"host", host_},
               {"port", std::to_string(port_)},
               {"user", user_},
               {"host_key", host_key_}}};
  record::write(lease_file(lease.token), lease.record);
  emit(describe(lease));
}

void SshProvider::find(Call&, const FindQuery& query, const Emit<Instance>& emit) {
  for (const auto& lease : leases()) {
    if (!query.client_token.empty() && lease.token != query.client_token) continue;
    if (!query.owner.empty() && value_of(lease.record, "owner") != query.owner) continue;
    emit(describe(lease));
  }
}

Instance SshProvider::get(Call&, const InstanceRef& ref) {
  const std::string token(ref.id);
  auto record = is_token(token) ? record::read(lease_file(token)) : std::nullopt;
  if (!record) throw Failure{STOKER_E_NOT_FOUND, "there is no lease " + token + " of " + name_};
  return describe({token, std::move(*record)});
}

void SshProvider::remove(Call&, const InstanceRef& ref) {
  if (!is_token(ref.id)) return;
  const auto file = lease_file(ref.id);
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    throw Failure{STOKER_E_UNAVAILABLE, "cannot remove " + file.string() + ": " + std::strerror(errno)};
  }
}

}  // namespace stoker::ssh
