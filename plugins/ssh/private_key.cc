#include "plugins/ssh/private_key.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace stoker::ssh {
namespace {

constexpr std::size_t kMaxDecodedBytes = 16 * 1024;

// Stops at the first byte that is not base64 or a line end.
std::string decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+') {
      value = 62;
    } else if (c == '/') {
      value = 63;
    } else if (c == '\n' || c == '\r') {
      continue;
    } else {
      break;
    }
    bits = (bits << 6) | value;
    if (++count == 4) {
      for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(bits >> shift & 0xff));
      bits = 0;
      count = 0;
      if (bytes.size() >= kMaxDecodedBytes) break;
    }
  }
  if (count == 3) {
    bytes.push_back(static_cast<char>(bits >> 10 & 0xff));
    bytes.push_back(static_cast<char>(bits >> 2 & 0xff));
  } else if (count == 2) {
    bytes.push_back(static_cast<char>(bits >> 4 & 0xff));
  }
  return bytes;
}

// The SSH wire form: a length of four bytes, big end first, and that many bytes.
std::optional<std::string_view> take_string(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size = (size << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  if (size > bytes.size() - 4) return std::nullopt;
  const auto text = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return text;
}

KeyKind kind_of_algorithm(std::string_view name) {
  if (name == "ssh-ed25519" || name.starts_with("ecdsa-sha2-nistp")) return KeyKind::usable;
  return name == "ssh-rsa" ? KeyKind::rsa : KeyKind::unsupported;
}

// PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys, public key blob, private part.
KeyKind kind_of_openssh(std::string_view body) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  const std::string decoded = decode_base64(body);
  std::string_view rest = decoded;
  if (!rest.starts_with(kMagic)) return KeyKind::no_key;
  rest.remove_prefix(kMagic.size());
  const auto cipher = take_string(rest);
  if (!cipher || !take_string(rest) || !take_string(rest) || rest.size() < 4) return KeyKind::no_key;
  rest.remove_prefix(4);
  auto blob = take_string(rest);
  if (!blob) return KeyKind::no_key;
  const auto algorithm = take_string(*blob);
  if (!algorithm) return KeyKind::no_key;
  const KeyKind kind = kind_of_algorithm(*algorithm);
  return kind == KeyKind::usable && *cipher != "none" ? KeyKind::encrypted : kind;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (found.size() < 4) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t\r\n"), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

}  // namespace

KeyKind private_key_kind(std::string_view file) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  const auto begin = file.find(kBegin);
  if (begin == std::string_view::npos) return KeyKind::no_key;
  file.remove_prefix(begin + kBegin.size());
  const auto label = file.substr(0, std::min(file.find("-----"), file.size()));
  const auto body = file.substr(std::min(label.size() + 5, file.size()));
  if (label == "OPENSSH PRIVATE KEY") return kind_of_openssh(body.substr(std::min(body.find('\n'), body.size())));
  if (label == "EC PRIVATE KEY") {
    return body.find("ENCRYPTED") == std::string_view::npos ? KeyKind::usable : KeyKind::encrypted;
  }
  if (label == "RSA PRIVATE KEY") return KeyKind::rsa;
  if (label == "ENCRYPTED PRIVATE KEY") return KeyKind::encrypted;
  if (label == "PRIVATE KEY") return KeyKind::wrong_form;
  return label.ends_with("PRIVATE KEY") ? KeyKind::unsupported : KeyKind::no_key;
}

bool is_rsa_host_key(std::string_view text) {
  const auto parts = words(text);
  return (!parts.empty() && parts[0] == "ssh-rsa") || (parts.size() > 1 && parts[1] == "ssh-rsa");
}

std::string canonical_host_key(std::string_view text) {
  const auto parts = words(text);
  if (parts.size() == 1 && parts[0].starts_with("SHA256:")) {
    // 32 bytes in base64 without the closing '='.
    const auto digest = parts[0].substr(7);
    return digest.size() == 43 && decode_base64(digest).size() == 32 ? std::string(parts[0]) : std::string();
  }
  for (std::size_t i = 0; i < 2 && i + 1 < parts.size(); ++i) {
    if (kind_of_algorithm(parts[i]) != KeyKind::usable) continue;
    // The blob names its own algorithm.
    const std::string blob = decode_base64(parts[i + 1]);
    std::string_view rest = blob;
    if (take_string(rest) == parts[i] && !rest.empty()) return std::string(parts[i]) + " " + std::string(parts[i + 1]);
  }
  return {};
}

}  // namespace stoker::ssh
