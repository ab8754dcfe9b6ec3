#include "core/remote/ssh_key.h"

#include <sodium.h>

#include <array>
#include <vector>

#include "core/error.h"
#include "core/remote/host_identity.h"

namespace stoker::remote {
namespace {

constexpr std::string_view kType = "ssh-ed25519";
constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr size_t kLineWidth = 70, kCipherBlock = 8;  // as ssh-keygen writes them

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

void put_string(std::string& out, std::string_view value) {
  put_u32(out, static_cast<uint32_t>(value.size()));
  out += value;
}

void wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

std::string public_blob(std::string_view public_part) {
  std::string blob;
  put_string(blob, kType);
  put_string(blob, public_part);
  return blob;
}

// PROTOCOL.key of OpenSSH: the check number twice, the key, its comment, then 1, 2, 3 ... up to a whole block.
std::string private_section(std::string_view public_part, std::string_view secret, const std::string& comment) {
  std::string section;
  section.reserve(256 + comment.size());
  const uint32_t check = randombytes_random();
  put_u32(section, check);
  put_u32(section, check);
  put_string(section, kType);
  put_string(section, public_part);
  put_string(section, secret);
  put_string(section, comment);
  for (char pad = 1; section.size() % kCipherBlock != 0; ++pad) section += pad;
  return section;
}

std::string pem(std::string_view binary) {
  std::string text = to_base64(binary, true);
  std::string out;
  out.reserve(text.size() + text.size() / kLineWidth + 80);
  out.append(kBegin).append("\n");
  for (size_t at = 0; at < text.size(); at += kLineWidth) out.append(text, at, kLineWidth).append("\n");
  out.append(kEnd).append("\n");
  wipe(text);
  return out;
}

// A reader of length-prefixed strings; `ok` turns false at the first that does not fit.
struct Wire {
  std::string_view rest;
  bool ok = true;

  uint32_t u32() {
    if (rest.size() < 4) return ok = false, 0;
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(rest[static_cast<size_t>(i)]);
    rest.remove_prefix(4);
    return value;
  }
  std::string_view string() {
    const uint32_t size = u32();
    if (!ok || size > rest.size()) return ok = false, std::string_view{};
    const std::string_view value = rest.substr(0, size);
    rest.remove_prefix(size);
    return value;
  }
};

}  // namespace

SshKey generate_ssh_key(const std::string& comment) {
  if (comment.find_first_of("\r\n") != std::string::npos || comment.find('\0') != std::string::npos)
    throw Error(Fault::invalid, "the comment of an SSH key must be one line");
  if (sodium_init() < 0) throw Error(Fault::internal, "libsodium does not start");
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_part{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_keypair(public_part.data(), secret.data());
  const std::string_view open{reinterpret_cast<const char*>(public_part.data()), public_part.size()};

  std::string section = private_section(open, {reinterpret_cast<const char*>(secret.data()), secret.size()}, comment);
  sodium_memzero(secret.data(), secret.size());
  std::string binary;
  binary.reserve(section.size() + 160);
  binary += kMagic;
  put_string(binary, "none");  // cipher
  put_string(binary, "none");  // key derivation
  put_string(binary, "");
  put_u32(binary, 1);  // number of keys
  put_string(binary, public_blob(open));
  put_string(binary, section);
  wipe(section);

  SshKey key;
  key.private_key = pem(binary);
  wipe(binary);
  key.public_key = std::string(kType) + " " + to_base64(public_blob(open), true);
  if (!comment.empty()) key.public_key += " " + comment;
  return key;
}

std::string fingerprint(std::string_view public_key) { return HostIdentity(public_key).fingerprint(); }

std::string private_key_fingerprint(std::string_view private_key) {
  const auto unreadable = [] {
    return Error(Fault::invalid, "the private key is not an unencrypted key in OpenSSH format",
                 "make one with ssh-keygen -t ed25519 -N ''");
  };
  const size_t begin = private_key.find(kBegin), end = private_key.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + kBegin.size())
    throw unreadable();
  std::string binary = from_base64(private_key.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  Wire wire{binary};
  std::string result;
  if (binary.starts_with(kMagic)) {
    wire.rest.remove_prefix(kMagic.size());
    const bool plain = wire.string() == "none";
    wire.string();
    wire.string();
    wire.u32();
    const std::string_view blob = wire.string();
    if (plain && wire.ok && !blob.empty()) result = blob_fingerprint(blob);
  }
  wipe(binary);
  if (result.empty()) throw unreadable();
  return result;
}

}  // namespace stoker::remote
