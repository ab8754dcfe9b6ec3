#include "plugins/local/local_provider.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "plugins/local/launch.h"
#include "plugins/local/machine.h"

namespace stoker::local {
namespace {

namespace fs = std::filesystem;

using record::is_token;
using record::number_of;
using record::value_of;

constexpr std::string_view kOfferId = "local";
constexpr std::string_view kOpaque = "local/1";
constexpr std::string_view kRemoved = ".removed";
constexpr int kStartAttempts = 5;
constexpr int kStartMs = 10000;
constexpr int kTermMs = 1500;
constexpr int kKillMs = 5000;

// In a record a value is one line; the keys of a request may be several.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', '|');
  return line;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Failure{STOKER_E_UNAVAILABLE, "cannot make " + folder.string() + ": " + std::strerror(errno)};
  }
}

std::optional<ProcessId> launched_process(const InstanceFiles& files) {
  const auto stat = parse_stat(record::read_text(files.launched(), 4096).value_or(""));
  if (!stat) return std::nullopt;
  return stat->id;
}

// As root, sshd wants its folder for the privilege separation.
void make_privilege_separation_folder() {
  if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
}

}  // namespace

LocalProvider::LocalProvider(const Config& config)
    : directory_(config.required("directory")), configured_sshd_(config.text("sshd")) {
  if (!directory_.is_absolute() || !writable_in_config(directory_.string())) {
    throw Failure{STOKER_E_INVALID,
                  "directory must be an absolute path without quotes, $, % and \\: " + directory_.string()}
        .blame("directory");
  }
}

std::string LocalProvider::sshd() const {
  if (!configured_sshd_.empty()) {
    // sshd starts itself anew for every connection and so insists on an absolute path.
    if (configured_sshd_.front() == '/' && ::access(configured_sshd_.c_str(), X_OK) == 0) return configured_sshd_;
    throw Failure{STOKER_E_UNSUPPORTED, "sshd is not at " + configured_sshd_}.blame("sshd").hint(
        "apt install openssh-server");
  }
  for (const char* path : {"/usr/sbin/sshd", "/usr/local/sbin/sshd"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  throw Failure{STOKER_E_UNSUPPORTED, "sshd is not installed on this machine"}.hint("apt install openssh-server");
}

InstanceFiles LocalProvider::files_of(std::string_view token) const { return {directory_ / token}; }

Account LocalProvider::validate(Call&) {
  (void)sshd();
  make_folder(directory_);
  return {.id = login_user(), .name = this_machine(directory_).host_name};
}

void LocalProvider::list_offers(Call&, const OfferQuery& query, const Emit<Offer>& emit) {
  (void)sshd();
  make_folder(directory_);
  const Machine machine = this_machine(directory_);
  const Gpus gpus = find_gpus();
  const Offer offer{.id = std::string(kOfferId),
                    .machine = machine.host_name,
                    .gpu_model = gpus.model,
                    .cpu_arch = machine.cpu_arch,
                    .availability = STOKER_AVAIL_HIGH,
                    .gpu_count = gpus.count,
                    .vcpus = machine.vcpus,
                    .gpu_mem_bytes = gpus.mem_bytes,
                    .mem_bytes = machine.mem_bytes,
                    .disk_bytes = machine.disk_bytes,
                    .price = {.per_hour = {0, "USD"}}};
  if (!query.spot && query.region.empty() && query.fits(offer)) emit(offer);
}

Instance LocalProvider::describe(const std::string& token, const record::Record& record) const {
  const InstanceFiles files = files_of(token);
  const auto process = launched_process(files);
  const bool same_boot = value_of(record, "boot") == boot_id();
  const bool running = same_boot && process && alive(*process);
  std::string status;
  if (!same_boot) {
    status = "this machine was started anew since";
  } else if (!running) {
    status =
        process ? "its sshd (process " + std::to_string(process->pid) + ") has ended" : "its sshd was never started";
  }
  auto host_key = record::read_text(files.host_public_key(), 4096).value_or("");
  host_key.resize(std::min(host_key.find('\n'), host_key.size()));
  return {.state = running ? STOKER_INSTANCE_RUNNING : STOKER_INSTANCE_FAILED,
          .id = token,
          .client_token = token,
          .name = value_of(record, "name"),
          .status_text = std::move(status),
          .ssh_host = "127.0.0.1",
          .ssh_user = value_of(record, "user"),
          .ssh_port = static_cast<std::uint32_t>(number_of(record, "port")),
          .created_ms = number_of(record, "created_ms"),
          .price = {.per_hour = {0, "USD"}},
          .opaque = std::string(kOpaque),
          .host_public_key = std::move(host_key)};
}

void LocalProvider::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  if (!is_token(request.client_token)) throw Failure{STOKER_E_INVALID, "the client token is not of [A-Za-z0-9-]{1,64}"};
  if (request.offer_id != kOfferId) {
    throw Failure{STOKER_E_INVALID, "there is no offer " + std::string(request.offer_id) + "; the only one is local"};
  }
  const std::string token(request.client_token);
  const InstanceFiles files = files_of(token);
  if (const auto record = record::read(files.record())) {
    if (value_of(*record, "offer") != request.offer_id ||
        value_of(*record, "keys") != one_line(request.ssh_public_key) || value_of(*record, "owner") != request.owner) {
      throw Failure{STOKER_E_CONFLICT, "instance " + token + " exists with another offer, key or owner"};
    }
    if (launched_process(files)) return emit(describe(token, *record));
  }
  (void)sshd();
  call.check();  // the last moment at which nothing has been made
  clear_leftovers();
  prepare(files, request);
  try {
    launch(call, files, request);
  } catch (const Failure&) {
    discard(call, files, token);
    throw;
  }
  emit(describe(token, *record::read(files.record())));
}

void LocalProvider::discard(Call& call, const InstanceFiles& files, std::string_view token) const {
  try {
    end_processes(call, files, token);
    erase(files);
  } catch (const Failure& failure) {
    throw Failure{STOKER_E_UNKNOWN_OUTCOME, "an instance that did not start is not cleared away: " + failure.message()};
  }
}

void LocalProvider::prepare(const InstanceFiles& files, const CreateRequest& request) const {
  if (request.ssh_public_key.empty()) throw Failure{STOKER_E_INVALID, "the request carries no SSH public key"};
  make_folder(directory_);
  erase(files);  // what a create left that was cut off before anything was started
  make_folder(files.folder);
  make_folder(files.home());
  const auto made = run_tool("/usr/bin/ssh-keygen",
                             {"-q", "-t", "ed25519", "-N", "", "-C", "stoker", "-f", files.host_key().string()}, 20000);
  if (made.exit_code != 0) {
    throw Failure{STOKER_E_UNSUPPORTED, "ssh-keygen made no host key: " + made.output.substr(0, made.output.find('\n'))}
        .hint("apt install openssh-client");
  }
  record::write_text(files.authorized_keys(), std::string(request.ssh_public_key) + "\n");
  record::write_text(files.enter(), enter_script());
}

void LocalProvider::launch(Call& call, const InstanceFiles& files, const CreateRequest& request) const {
  make_privilege_separation_folder();
  const std::string user = login_user();
  const char* path = std::getenv("PATH");
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    const std::uint16_t port = free_port();
    record::write_text(files.config(),
                       sshd_config(files, request.client_token, port, user, path == nullptr ? "" : path));
    record::write(files.record(), {{"offer", std::string(request.offer_id)},
                                   {"keys", one_line(request.ssh_public_key)},
                                   {"owner", std::string(request.owner)},
                                   {"name", std::string(request.name)},
                                   {"deadline_ms", std::to_string(request.deadline_ms)},
                                   {"created_ms", std::to_string(call.wall_ms())},
                                   {"boot", boot_id()},
                                   {"mark", mark_of(files)},
                                   {"user", user},
                                   {"port", std::to_string(port)}});
    std::error_code error;
    fs::remove(files.log(), error);
    const auto process = start_detached(sshd(), {"-D", "-f", files.config().string(), "-E", files.log().string()},
                                        {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                                         {"STOKER_INSTANCE", std::string(request.client_token)},
                                         {"STOKER_INSTANCE_FOLDER", files.folder.string()}},
                                        files.launched());
    if (wait_until_listening(call, files, process, port)) return;
  }
  throw Failure{STOKER_E_UNAVAILABLE, "sshd found no free port in " + std::to_string(kStartAttempts) + " attempts"};
}

bool LocalProvider::wait_until_listening(Call& call, const InstanceFiles& files, const ProcessId& process,
                                         std::uint16_t port) const {
  const std::int64_t until = call.mono_ms() + kStartMs;
  bool taken = false;
  while (!listening(files.log(), port, taken)) {
    if (!alive(process)) {
      if (listening(files.log(), port, taken); taken) return false;
      throw Failure{STOKER_E_UNAVAILABLE, "sshd ended at once: " + last_line(files.log())};
    }
    if (call.mono_ms() > until) {
      throw Failure{STOKER_E_UNAVAILABLE, "sshd does not listen after " + std::to_string(kStartMs / 1000) + " s"};
    }
    call.sleep(std::chrono::milliseconds(3));
  }
  return true;
}

void LocalProvider::find(Call&, const FindQuery& query, const Emit<Instance>& emit) {
  std::error_code error;
  fs::directory_iterator entries(directory_, error);
  if (error == std::errc::no_such_file_or_directory) return;
  if (error) throw Failure{STOKER_E_UNAVAILABLE, "cannot read " + directory_.string() + ": " + error.message()};
  for (const auto& entry : entries) {
    const std::string token = entry.path().filename();
    if (!is_token(token) || (!query.client_token.empty() && token != query.client_token)) continue;
    const auto record = record::read(files_of(token).record());
    if (!record || (!query.owner.empty() && value_of(*record, "owner") != query.owner)) continue;
    emit(describe(token, *record));
  }
}

Instance LocalProvider::get(Call&, const InstanceRef& ref) {
  const std::string token(ref.id);
  const auto record = is_token(token) ? record::read(files_of(token).record()) : std::nullopt;
  if (!record) throw Failure{STOKER_E_NOT_FOUND, "there is no local instance " + token};
  return describe(token, *record);
}

void LocalProvider::remove(Call& call, const InstanceRef& ref) {
  clear_leftovers();
  if (!is_token(ref.id)) return;
  const InstanceFiles files = files_of(ref.id);
  end_processes(call, files, ref.id);
  erase(files);
}

void LocalProvider::end_processes(Call& call, const InstanceFiles& files, std::string_view token) const {
  const auto record = record::read(files.record());
  // No record, no process. Marks of an earlier boot ended with it.
  if (!record || value_of(*record, "boot") != boot_id()) return;
  const auto server = launched_process(files);
  const std::string mark = value_of(*record, "mark");
  // The server first, so that no new session begins; its sessions are found as its children before it goes.
  auto processes = marked(mark, server);
  if (server && alive(*server)) {
    signal_all({*server}, SIGKILL);
    wait_all({*server}, kKillMs);
  }
  processes.merge(marked(mark, std::nullopt));
  signal_all(processes, SIGTERM);
  wait_all(processes, kTermMs);
  // A process may start others while it ends: look again until there is none.
  const std::int64_t until = call.mono_ms() + kKillMs;
  while (true) {
    processes.merge(marked(mark, std::nullopt));
    std::erase_if(processes, [](const ProcessId& process) { return !alive(process); });
    if (processes.empty()) return;
    if (call.mono_ms() > until) {
      throw Failure{STOKER_E_UNAVAILABLE, "process " + std::to_string(processes.begin()->pid) + " of instance " +
                                              std::string(token) + " does not end"};
    }
    signal_all(processes, SIGKILL);
    wait_all(processes, 200);
  }
}

void LocalProvider::erase(const InstanceFiles& files) const {
  // Renamed first: a folder half removed is no instance any more.
  auto removed = files.folder;
  removed += kRemoved;
  if (::rename(files.folder.c_str(), removed.c_str()) != 0) {
    if (errno == ENOENT) return;
    if (errno != ENOTEMPTY && errno != EEXIST) {
      throw Failure{STOKER_E_UNAVAILABLE, "cannot remove " + files.folder.string() + ": " + std::strerror(errno)};
    }
    clear_leftovers();
    if (::rename(files.folder.c_str(), removed.c_str()) != 0) {
      throw Failure{STOKER_E_UNAVAILABLE, "cannot remove " + files.folder.string() + ": " + std::strerror(errno)};
    }
  }
  clear_leftovers();
}

void LocalProvider::clear_leftovers() const {
  std::error_code error;
  fs::directory_iterator entries(directory_, error);
  if (error) return;
  for (const auto& entry : entries) {
    if (!entry.path().filename().string().ends_with(kRemoved)) continue;
    fs::remove_all(entry.path(), error);
    if (!error) continue;
    // A job may have taken its own right to write away from a folder.
    for (fs::recursive_directory_iterator inside(entry.path(), error), end; inside != end; inside.increment(error)) {
      if (error) break;
      if (inside->is_directory() && !inside->is_symlink()) {
        std::error_code ignored;
        fs::permissions(inside->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
      }
    }
    fs::remove_all(entry.path(), error);
    if (error) throw Failure{STOKER_E_UNAVAILABLE, "cannot remove " + entry.path().string() + ": " + error.message()};
  }
}

}  // namespace stoker::local
