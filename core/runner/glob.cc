#include "core/runner/glob.h"

#include <algorithm>

#include "core/runner/beneath.h"
#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {
namespace {

constexpr size_t kMaxPatterns = 1024;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    parts.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// One character of UTF-8; of what is no UTF-8, one byte.
size_t character_length(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && length < 4 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return length;
}

// Goes back to the last star only, so the time is at most the product of the lengths.
bool name_matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      n += character_length(name.substr(n));
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string normalized(std::string_view pattern) {
  while (pattern.substr(0, 2) == "./") pattern.remove_prefix(2);
  std::string whole(pattern);
  if (whole.empty() || whole == "." || whole.back() == '/') whole = (whole == "." ? "" : whole) + "**";
  return whole;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  const std::string whole = normalized(pattern);
  const auto wanted = split(whole), names = split(path);
  // reach[n]: the patterns so far match the first n names.
  std::vector<char> reach(names.size() + 1, 0), next(names.size() + 1, 0);
  reach[0] = 1;
  for (size_t w = 0; w < wanted.size(); ++w) {
    std::fill(next.begin(), next.end(), 0);
    const bool any_depth = wanted[w] == "**", last = w + 1 == wanted.size();
    for (size_t n = 0; n <= names.size(); ++n) {
      if (any_depth) {
        // At the end it stands for one name at least: "out/" does not choose a file named out.
        next[n] = static_cast<char>((!last && reach[n]) || (n > 0 && (next[n - 1] || reach[n - 1])));
      } else if (n > 0) {
        next[n] = static_cast<char>(reach[n - 1] && name_matches(wanted[w], names[n - 1]));
      }
    }
    reach.swap(next);
  }
  return reach[names.size()] != 0;
}

std::vector<std::string> parse_patterns(std::string_view bytes) {
  std::vector<std::string> patterns;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\0');
    if (end == std::string_view::npos) throw Failure(kExitUsage, "manifest: a pattern is not ended by NUL");
    const std::string pattern(bytes.substr(0, end));
    const auto parts = split(pattern);
    if (pattern.empty() || pattern.front() == '/' || std::find(parts.begin(), parts.end(), "..") != parts.end())
      throw Failure(kExitUnsafePath, "refused pattern that leaves the folder: \"" + pattern.substr(0, 100) + "\"");
    if (pattern.size() > kPathMaxBytes || patterns.size() == kMaxPatterns)
      throw Failure(kExitUsage, "manifest: too many patterns, or one over 1024 bytes");
    patterns.push_back(pattern);
    bytes.remove_prefix(end + 1);
  }
  return patterns;
}

}  // namespace stoker::runner
