#include "core/jobs/login_keys.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/remote/host_identity.h"
#include "core/remote/ssh_key.h"
#include "core/store/job_id.h"

namespace stoker::jobs {
namespace {

constexpr size_t kMaxName = 64;
constexpr std::array<std::string_view, 7> kTypes = {"ssh-ed25519",
                                                    "ssh-rsa",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

void check_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > kMaxName || !std::all_of(name.begin(), name.end(), fits))
    throw Error(Fault::invalid, "the name of an SSH key is 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.'", {}, "name");
}

// A sequence of strings with their lengths before them, to the last byte; sshd would drop what is cut off in silence.
bool is_whole(std::string_view blob) {
  size_t parts = 0;
  for (; !blob.empty(); ++parts) {
    if (blob.size() < 4) return false;
    uint32_t size = 0;
    for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(blob[i]);
    blob.remove_prefix(4);
    if (size > blob.size()) return false;
    blob.remove_prefix(size);
  }
  return parts >= 2;
}

Error bad_key(const std::string& what, const std::string& hint) { return {Fault::invalid, what, hint, "public_key"}; }

}  // namespace

std::string checked_login_key(std::string_view line) {
  const char* form = "give the one line of the .pub file, such as ssh-ed25519 AAAA... me@laptop";
  if (line.find("PRIVATE KEY") != std::string_view::npos)
    throw bad_key("this is a private key, which never leaves its computer", form);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    throw bad_key("a public key is one line", form);
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view type = line.substr(0, blank);
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
    throw bad_key("this is no line of a public key: it begins with none of the types that log in", form);
  line.remove_prefix(std::min(blank + 1, line.size()));
  const std::string_view text = line.substr(0, line.find(' '));
  std::string key = std::string(type) + " " + std::string(text);
  if (key.size() > kMaxLoginKeyBytes)
    throw bad_key("the public key is longer than 1024 characters", "make one with ssh-keygen -t ed25519");
  // Written anew, so that nothing but base64 comes through.
  const std::string blob = remote::from_base64(text);
  if (remote::to_base64(blob, true) != text) throw bad_key("the middle of the public key is not base64", form);
  const Error cut_off = bad_key("the public key is cut off, or is of another type than it says", form);
  if (!is_whole(blob)) throw cut_off;
  try {
    (void)remote::fingerprint(key);
  } catch (const Error&) {
    throw cut_off;
  }
  return key;
}

std::string login_key_fingerprint(const store::SshKeyRow& row) { return remote::fingerprint(row.public_key); }

store::SshKeyRow LoginKeys::insert(const std::string& name, const std::string& public_key) {
  check_name(name);
  store::SshKeyRow row;
  row.created_ms = clock_.wall_ms();
  row.id = "key-" + store::new_job_id(row.created_ms);
  row.name = name;
  row.public_key = public_key;
  db_.write("add ssh key", [&](store::Connection& connection) {
    store::SshKeys keys(connection);
    if (keys.all().size() >= kMaxLoginKeys)
      throw Error(Fault::conflict, "there are 10 SSH keys already, and machines are told no more",
                  "remove one that is not needed");
    keys.insert(row);
  });
  return row;
}

LoginKeys::Made LoginKeys::generate(const std::string& name) {
  check_name(name);
  remote::SshKey key = remote::generate_ssh_key("stoker-" + name);
  return {insert(name, checked_login_key(key.public_key)), std::move(key.private_key)};
}

store::SshKeyRow LoginKeys::add(const std::string& name, std::string_view public_key) {
  return insert(name, checked_login_key(public_key));
}

std::vector<store::SshKeyRow> LoginKeys::all() const {
  return db_.read([](store::Connection& c) { return store::SshKeys(c).all(); });
}

void LoginKeys::remove(const std::string& id) {
  db_.write("remove ssh key", [&](store::Connection& c) { store::SshKeys(c).erase(id); });
}

std::string further_login_lines(store::Database& db) {
  std::string lines;
  for (const store::SshKeyRow& row : db.read([](store::Connection& c) { return store::SshKeys(c).all(); }))
    lines += "\n" + row.public_key;
  return lines;
}

}  // namespace stoker::jobs
