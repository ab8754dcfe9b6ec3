#include "core/store/vault_key.h"

#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::store {
namespace {

constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

// The check record seals this text under a name that no secret can have.
constexpr std::string_view kCheckText = "stoker vault";
constexpr int64_t kCheckVersion = 1;
const char kCheckName[] = "\x01vault";

// A store that somebody else prepared must not make us take all memory or all day.
constexpr int64_t kMostMemory = int64_t{2} << 30, kMostOperations = 64;

// Rows of `meta` whose keys begin with "vault_".
using Meta = std::map<std::string, std::string>;

Meta read_meta(Connection& connection) {
  Meta meta;
  SQLite::Statement q(connection, "SELECT key, value FROM meta WHERE key GLOB 'vault_*'");
  while (q.executeStep()) meta[q.getColumn(0).getString()] = q.getColumn(1).getString();
  return meta;
}

void write_meta(Database& database, const Meta& meta) {
  database.write("make the vault", [&](Connection& connection) {
    for (const auto& [key, value] : meta) {
      SQLite::Statement q(connection, "INSERT INTO meta (key, value) VALUES (?, ?)");
      q.bindNoCopy(1, key);
      q.bindNoCopy(2, value.data(), static_cast<int>(value.size()));
      q.exec();
    }
  });
}

void require_kind(const Meta& meta, const std::string& kind, const std::filesystem::path& store) {
  const auto found = meta.find("vault_kind");
  if (found == meta.end() || found->second == kind) return;
  const bool by_passphrase = found->second == "passphrase";
  throw Error(Fault::auth,
              "the secrets in " + store.string() + " are locked with a " + (by_passphrase ? "passphrase" : "key file"),
              by_passphrase ? "give the passphrase" : "give the key file instead of a passphrase");
}

Sealed check_record(const Meta& meta) { return {meta.at("vault_check_nonce"), meta.at("vault_check_box")}; }

bool is_made(const Meta& meta) { return meta.contains("vault_check_nonce") && meta.contains("vault_check_box"); }

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return std::filesystem::weakly_canonical(std::filesystem::absolute(file)).parent_path();
}

std::string associated_data(const std::string& name, int64_t version) {
  return "stoker secret 1" + std::string(1, '\0') + name + std::string(1, '\0') + std::to_string(version);
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Straight into the locked memory, so that no copy of the key stays behind on stack or heap.
void read_key(const std::filesystem::path& file, unsigned char* key) {
  require_private(file);
  const int fd = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) throw system_error("can not read " + file.string(), errno);
  struct stat info{};
  const bool whole = ::fstat(fd, &info) == 0 && info.st_size == static_cast<off_t>(kKeyBytes) &&
                     ::read(fd, key, kKeyBytes) == static_cast<ssize_t>(kKeyBytes);
  ::close(fd);
  if (!whole)
    throw Error(Fault::auth,
                file.string() + " is not a key file: " + std::to_string(info.st_size) + " bytes instead of 32",
                "put the key file back from a copy");
}

void start_sodium() {
  if (sodium_init() < 0) throw Error(Fault::internal, "libsodium does not start");
}

int64_t number(const Meta& meta, const std::string& key, int64_t most) {
  const auto found = meta.find(key);
  const int64_t value = found == meta.end() ? 0 : std::strtoll(found->second.c_str(), nullptr, 10);
  if (value <= 0 || value > most) throw Error(Fault::invalid, "the store's " + key + " is out of range");
  return value;
}

}  // namespace

void VaultKey::Wipe::operator()(unsigned char* bytes) const { sodium_free(bytes); }

VaultKey::Bytes VaultKey::allocate() {
  Bytes bytes(static_cast<unsigned char*>(sodium_malloc(kKeyBytes)));
  if (bytes == nullptr) throw Error(Fault::unavailable, "no memory for the key of the vault");
  return bytes;
}

bool VaultKey::opens(const Sealed& check) const {
  const auto text = open(kCheckName, kCheckVersion, check);
  return text && text->view() == kCheckText;
}

VaultKey VaultKey::from_file(Database& database, const std::filesystem::path& key_file) {
  start_sodium();
  if (folder_of(key_file) == folder_of(database.file()))
    throw Error(Fault::invalid, "the key file " + key_file.string() + " lies in the folder of the store it locks",
                "keep it in another folder, so that a copy of the store is worth nothing without it");
  Meta meta = database.read(read_meta);
  require_kind(meta, "key file", database.file());
  const bool made = is_made(meta);

  Bytes bytes = allocate();
  if (std::filesystem::exists(key_file)) {
    read_key(key_file, bytes.get());
  } else {
    if (made)
      throw Error(Fault::auth, "the key file " + key_file.string() + " is missing but secrets are sealed with it",
                  "put the key file back from a copy, or remove the accounts and connect them again");
    if (key_file.has_parent_path()) ensure_private_folder(key_file.parent_path());
    randombytes_buf(bytes.get(), kKeyBytes);
    write_private_file(key_file, std::string_view(reinterpret_cast<const char*>(bytes.get()), kKeyBytes));
  }

  VaultKey key(std::move(bytes));
  if (made && !key.opens(check_record(meta)))
    throw Error(
        Fault::auth,
        key_file.string() + " is not the key that the secrets in " + database.file().string() + " are sealed with",
        "put the right key file back from a copy");
  if (!made) {
    const Sealed check = key.seal(kCheckName, kCheckVersion, kCheckText);
    write_meta(database,
               {{"vault_kind", "key file"}, {"vault_check_nonce", check.nonce}, {"vault_check_box", check.box}});
  }
  return key;
}

VaultKey VaultKey::from_passphrase(Database& database, std::string_view passphrase, KeyCost cost) {
  start_sodium();
  if (passphrase.empty()) throw Error(Fault::invalid, "the passphrase is empty", "give at least one character");
  Meta meta = database.read(read_meta);
  require_kind(meta, "passphrase", database.file());
  const bool made = is_made(meta);
  if (!made) {
    std::string salt(crypto_pwhash_SALTBYTES, '\0');
    randombytes_buf(salt.data(), salt.size());
    const bool moderate = cost == KeyCost::moderate;
    meta = {{"vault_kind", "passphrase"},
            {"vault_salt", salt},
            {"vault_operations",
             std::to_string(moderate ? crypto_pwhash_OPSLIMIT_MODERATE : crypto_pwhash_OPSLIMIT_INTERACTIVE)},
            {"vault_memory",
             std::to_string(moderate ? crypto_pwhash_MEMLIMIT_MODERATE : crypto_pwhash_MEMLIMIT_INTERACTIVE)}};
  }
  const std::string& salt = meta["vault_salt"];
  if (salt.size() != crypto_pwhash_SALTBYTES) throw Error(Fault::invalid, "the store's vault_salt has a wrong length");

  Bytes bytes = allocate();
  const auto operations = static_cast<unsigned long long>(number(meta, "vault_operations", kMostOperations));
  const auto memory = static_cast<size_t>(number(meta, "vault_memory", kMostMemory));
  if (crypto_pwhash(bytes.get(), kKeyBytes, passphrase.data(), passphrase.size(), bytes_of(std::string_view(salt)),
                    operations, memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Error(Fault::unavailable,
                "no memory to derive the key from the passphrase (" + std::to_string(memory >> 20) + " MiB)");

  VaultKey key(std::move(bytes));
  if (made && !key.opens(check_record(meta)))
    throw Error(Fault::auth, "the passphrase does not fit the secrets in " + database.file().string(), "try it again");
  if (!made) {
    const Sealed check = key.seal(kCheckName, kCheckVersion, kCheckText);
    meta["vault_check_nonce"] = check.nonce;
    meta["vault_check_box"] = check.box;
    write_meta(database, meta);
  }
  return key;
}

Sealed VaultKey::seal(const std::string& name, int64_t version, std::string_view plain) const {
  Sealed sealed{std::string(kNonceBytes, '\0'), std::string(plain.size() + kTagBytes, '\0')};
  randombytes_buf(sealed.nonce.data(), sealed.nonce.size());
  const std::string bound = associated_data(name, version);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed.box), nullptr, bytes_of(plain), plain.size(),
                                             bytes_of(std::string_view(bound)), bound.size(), nullptr,
                                             bytes_of(std::string_view(sealed.nonce)), bytes_.get());
  return sealed;
}

std::optional<Secret> VaultKey::open(const std::string& name, int64_t version, const Sealed& sealed) const {
  if (sealed.nonce.size() != kNonceBytes || sealed.box.size() < kTagBytes) return std::nullopt;
  const std::string bound = associated_data(name, version);
  std::string plain(sealed.box.size() - kTagBytes, '\0');
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(plain), nullptr, nullptr, bytes_of(std::string_view(sealed.box)), sealed.box.size(),
      bytes_of(std::string_view(bound)), bound.size(), bytes_of(std::string_view(sealed.nonce)), bytes_.get());
  std::optional<Secret> secret;
  if (failed == 0) secret.emplace(plain);
  sodium_memzero(plain.data(), plain.size());
  return secret;
}

}  // namespace stoker::store
