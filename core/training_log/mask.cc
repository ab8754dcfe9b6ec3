#include "core/training_log/mask.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace stoker::training_log {
namespace {

// The base64 of a secret inside a longer text depends on its position modulo 3; the characters that depend on
// neighbours are left off, those at the end only where something follows (`ended` false).
std::string base64_core(std::string_view secret, size_t phase, bool ended) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string padded = std::string(phase, '\0') + std::string(secret);
  const size_t digits = (padded.size() * 8 + 5) / 6;
  if (ended) padded.append((3 - padded.size() % 3) % 3, '\0');
  std::string out;
  for (size_t i = 0; i + 3 <= padded.size(); i += 3) {
    const unsigned group = static_cast<unsigned char>(padded[i]) << 16 |
                           static_cast<unsigned char>(padded[i + 1]) << 8 | static_cast<unsigned char>(padded[i + 2]);
    for (const int shift : {18, 12, 6, 0}) out += kDigits[group >> shift & 63];
  }
  out.resize(std::min(out.size(), digits));
  return phase == 0 ? out : out.substr(std::min(out.size(), phase + 1));
}

std::string url_escaped(std::string_view secret) {
  std::string out;
  for (const char c : secret) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%', out += "0123456789ABCDEF"[byte >> 4], out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

// Length of the longest suffix of `bytes` that is a proper prefix of `form`.
size_t open_prefix(std::string_view bytes, std::string_view form) {
  for (size_t n = std::min(bytes.size(), form.size() - 1); n > 0; --n)
    if (bytes.substr(bytes.size() - n) == form.substr(0, n)) return n;
  return 0;
}

}  // namespace

Mask::Mask(std::vector<std::string> secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortest) continue;
    forms_.push_back(secret);
    forms_.push_back(url_escaped(secret));
    for (const size_t phase : {0u, 1u, 2u})
      for (const bool ended : {false, true})
        if (std::string core = base64_core(secret, phase, ended); core.size() >= 8) forms_.push_back(std::move(core));
  }
  std::sort(forms_.begin(), forms_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  forms_.erase(std::unique(forms_.begin(), forms_.end()), forms_.end());
}

size_t Mask::apply(std::string& bytes, bool final) const {
  if (forms_.empty()) return bytes.size();
  const std::string original = bytes;
  size_t safe = bytes.size();
  std::vector<std::pair<size_t, size_t>> found;  // begin, end
  for (const std::string& form : forms_) {
    for (size_t at = original.find(form); at != std::string::npos; at = original.find(form, at + 1)) {
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(at), form.size(), '*');
      found.emplace_back(at, at + form.size());
    }
    if (!final) safe = std::min(safe, original.size() - open_prefix(original, form));
  }
  // A secret that is cut by the safe end would be seen without its beginning next time: it is held as a whole.
  for (bool cut = true; cut;) {
    cut = false;
    for (const auto& [begin, end] : found)
      if (begin < safe && safe < end) safe = begin, cut = true;
  }
  return safe;
}

}  // namespace stoker::training_log
