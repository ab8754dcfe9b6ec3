// What programs that start a training on several machines or ranks put in front of each of its lines. Header-only.
//
//   [rank3]: text                          PyTorch from 2.2 on: its exception hook and its C++ log
//   [default3]: text                       torchrun --tee
//   3: text                                srun -l, where 3 is the task
//   10.254.21.77: text                     pdsh, and DeepSpeed through it
//   (head, rank=0, pid=1) text             SkyPilot and Ray
//   [Pod x-0]: text, [node-0]: text        readers of Kubeflow's logs
//   sft-demo/3 text                        torchx and NeMo-Run
//   2023-04-29 06:01:12.977 [177/train/578 (pid 28936)] text    Metaflow: run, step, task
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace stoker {

struct LauncherPrefix {
  std::int32_t rank = -1;        // -1: it says none
  std::string_view source = {};  // the machine, pod or task group, a part of the line; empty: it says none
};

namespace detail {

// -1: not a whole number.
inline std::int32_t whole_number(std::string_view digits) noexcept {
  std::int32_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() && value >= 0 ? value : -1;
}

inline bool cut_bracketed_prefix(std::string_view& text, LauncherPrefix& found) noexcept {
  const auto close = text.substr(0, 80).find(']');
  if (close == std::string_view::npos || close + 1 >= text.size() || text[close + 1] != ':') return false;
  const auto name = text.substr(1, close - 1);
  std::int32_t rank = -1;
  for (const std::string_view word : {"rank", "default"})
    if (name.starts_with(word)) rank = std::max(rank, whole_number(name.substr(word.size())));
  if (rank >= 0) {
    found.rank = rank;
  } else if (name.starts_with("Pod ")) {
    found.source = name.substr(4);
  } else if (name.starts_with("node-")) {
    found.source = name;
  } else {
    return false;
  }
  text.remove_prefix(close + 2);
  if (text.starts_with(' ')) text.remove_prefix(1);  // some write it, some do not
  return true;
}

inline bool cut_parenthesized_prefix(std::string_view& text, LauncherPrefix& found) noexcept {
  const auto close = text.substr(0, 120).find(") ");
  if (close == std::string_view::npos) return false;
  const auto inside = text.substr(1, close - 1);
  const auto pid = inside.rfind("pid=");
  if (pid == std::string_view::npos) return false;
  const auto number = inside.substr(pid + 4);
  if (whole_number(number.substr(0, number.find(','))) < 0) return false;
  if (const auto at = inside.find("rank="); at != std::string_view::npos) {
    const auto end = std::min(inside.find(',', at), inside.size());
    if (const auto rank = whole_number(inside.substr(at + 5, end - at - 5)); rank >= 0) found.rank = rank;
  }
  if (const auto name = inside.substr(0, inside.find_first_of(", ")); !name.starts_with("pid=")) found.source = name;
  text.remove_prefix(close + 2);
  return true;
}

// "3: " or "10.254.21.77: ".
inline bool cut_numeric_prefix(std::string_view& text, LauncherPrefix& found) noexcept {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  if (end > 15 || !text.substr(end).starts_with(": ")) return false;
  const auto name = text.substr(0, end);
  if (const auto dots = std::count(name.begin(), name.end(), '.'); dots == 3) {
    found.source = name;
  } else if (const auto rank = whole_number(name); dots == 0 && rank >= 0 && name.size() <= 5) {
    found.rank = rank;
  } else {
    return false;
  }
  text.remove_prefix(end + 2);
  return true;
}

// "2023-04-29 06:01:12.977 [177/train/578 (pid 28936)] ".
inline bool cut_metaflow_prefix(std::string_view& text, LauncherPrefix& found) noexcept {
  constexpr std::size_t kStamp = 24;  // with the blank behind it
  if (text.size() <= kStamp || text[4] != '-' || text[10] != ' ' || text[19] != '.' || text[kStamp] != '[')
    return false;
  const auto close = text.substr(0, 160).find(")] ", kStamp);
  if (close == std::string_view::npos) return false;
  const auto inside = text.substr(kStamp + 1, close - kStamp - 1);
  const auto pid = inside.find(" (pid ");
  if (pid == std::string_view::npos ||
      std::count(inside.begin(), inside.begin() + static_cast<std::ptrdiff_t>(pid), '/') != 2)
    return false;
  if (whole_number(inside.substr(pid + 6)) < 0) return false;
  found.source = inside.substr(0, pid);
  text.remove_prefix(close + 3);
  return true;
}

// "sft-demo/3 ". A word with a dash, because "step/3 " may be anything.
inline bool cut_role_prefix(std::string_view& text, LauncherPrefix& found) noexcept {
  const auto end = text.substr(0, 60).find(' ');
  if (end == std::string_view::npos) return false;
  const auto word = text.substr(0, end);
  const auto slash = word.rfind('/');
  if (slash == std::string_view::npos || word.find('-') > slash) return false;
  const bool plain = std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(slash), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  const auto rank = whole_number(word.substr(slash + 1));
  if (!plain || rank < 0 || word.size() - slash > 5) return false;
  found = {rank, word.substr(0, slash)};
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace detail

// Whether a prefix may begin so.
constexpr bool may_begin_prefix(char c) noexcept {
  return c == '[' || c == '(' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

// Cuts what launchers put in front off `text`. Prefixes stack; the innermost rank counts.
inline LauncherPrefix cut_launcher_prefixes(std::string_view& text) noexcept {
  LauncherPrefix found;
  for (int stacked = 0; stacked < 4 && !text.empty(); ++stacked) {
    const char first = text.front();
    const bool cut = first == '['   ? detail::cut_bracketed_prefix(text, found)
                     : first == '(' ? detail::cut_parenthesized_prefix(text, found)
                     : first >= '0' && first <= '9'
                         ? detail::cut_numeric_prefix(text, found) || detail::cut_metaflow_prefix(text, found)
                     : first >= 'a' && first <= 'z' ? detail::cut_role_prefix(text, found)
                                                    : false;
    if (!cut) break;
  }
  return found;
}

}  // namespace stoker
