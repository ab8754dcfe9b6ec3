#include "core/training_log/credential_text.h"

#include <algorithm>
#include <cctype>

namespace stoker::training_log {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kTokens[] = {"hf_",  "sk-",  "ghp_",  "github_pat_", "glpat-",
                                        "AKIA", "ASIA", "xoxb-", "api_org_"};
constexpr size_t kShortestToken = 16;  // behind those letters

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

size_t end_of_word(std::string_view text, size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

// As variables of the environment are written, or as a parameter is: pad_token is none.
bool is_secret_name(std::string_view name) {
  for (const std::string_view end : {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY"})
    if (name.ends_with(end)) return true;
  return name == "token" || name == "password" || name == "api_key" || name == "secret";
}

}  // namespace

std::string without_credentials(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = end_of_word(text, at);
    const auto word = text.substr(at, end - at);
    const auto token = std::find_if(std::begin(kTokens), std::end(kTokens), [&](std::string_view begin) {
      return word.starts_with(begin) && word.size() >= begin.size() + kShortestToken;
    });
    if (token != std::end(kTokens)) {
      out.append(*token).append(kHidden);
    } else {
      out.append(word);
    }
    at = end;
    if (at >= text.size()) break;
    if (text[at] == '=' && is_secret_name(word)) {
      out.append("=").append(kHidden);
      at = std::min(text.find_first_of(" \t\n,;)", at), text.size());
    } else if (text.substr(at).starts_with("://")) {
      out.append("://");
      at += 3;
      const size_t host = text.find_first_of("@/ \n", at);
      if (host == std::string_view::npos || text[host] != '@') continue;
      out.append(kHidden);
      at = host;
    } else {
      out.push_back(text[at++]);
    }
  }
  return out;
}

}  // namespace stoker::training_log
