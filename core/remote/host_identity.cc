#include "core/remote/host_identity.h"

#include <sodium.h>

#include "core/error.h"

namespace stoker::remote {
namespace {

constexpr std::string_view kPrefix = "SHA256:";
constexpr size_t kMaxKey = 16 << 10;

std::string_view next_word(std::string_view& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return text = {};
  const size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

bool equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

// The blob starts with the length and the name of its own type.
bool has_type(std::string_view blob, std::string_view type) {
  const std::string head{0, 0, 0, static_cast<char>(type.size())};
  return blob.size() > 4 + type.size() && blob.starts_with(head) && blob.substr(4).starts_with(type);
}

}  // namespace

HostIdentity::HostIdentity(std::string_view key) {
  if (key.size() > kMaxKey) throw Error(Fault::invalid, "a public key of more than 16 KiB");
  const std::string_view first = next_word(key);
  if (first.starts_with(kPrefix)) {
    const std::string digest = from_base64(first.substr(kPrefix.size()));
    if (digest.size() != crypto_hash_sha256_BYTES)
      throw Error(Fault::invalid, "not a SHA-256 fingerprint of a key: " + std::string(first.substr(0, 64)));
    fingerprint_ = std::string(kPrefix) + to_base64(digest, false);
    return;
  }
  type_ = first.substr(0, 64);
  blob_ = from_base64(next_word(key));
  if (type_.empty() || !has_type(blob_, type_))
    throw Error(Fault::invalid, "not a public key line: it must read \"ssh-ed25519 AAAA...\"");
  fingerprint_ = blob_fingerprint(blob_);
}

bool HostIdentity::matches(std::string_view blob) const {
  return blob_.empty() ? equal(blob_fingerprint(blob), fingerprint_) : equal(blob, blob_);
}

const char* HostIdentity::algorithms() const {
  if (type_ == "ecdsa-sha2-nistp256" || type_ == "ecdsa-sha2-nistp384" || type_ == "ecdsa-sha2-nistp521")
    return type_.c_str();
  if (!type_.empty()) return "ssh-ed25519";
  return "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521";
}

std::string blob_fingerprint(std::string_view blob) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(blob.data()), blob.size());
  return std::string(kPrefix) + to_base64({reinterpret_cast<const char*>(digest), sizeof digest}, false);
}

std::string to_base64(std::string_view bytes, bool padding) {
  const int variant = padding ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    variant);
  text.pop_back();  // its NUL
  return text;
}

std::string from_base64(std::string_view text) {
  while (!text.empty() && std::string_view("= \t\r\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  std::string bytes(text.size() + 1, '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                        " \t\r\n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
    return {};
  bytes.resize(size);
  return bytes;
}

}  // namespace stoker::remote
