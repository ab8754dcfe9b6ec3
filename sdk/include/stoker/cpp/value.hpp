// Small bridges between the C values of base.h and C++.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "../host.h"

namespace stoker {

constexpr stoker_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

constexpr std::string_view view(stoker_str text) noexcept {
  return text.data == nullptr ? std::string_view{} : std::string_view{text.data, text.size};
}

inline std::string_view view(stoker_bytes bytes) noexcept {
  return bytes.data == nullptr ? std::string_view{}
                               : std::string_view{static_cast<const char*>(bytes.data), bytes.size};
}

// A local copy of a growing struct, whoever wrote it: what a shorter writer did not know is zero, what a longer one
// knows beyond this SDK is left out.
template <class T>
  requires std::is_trivially_copyable_v<T>
T read(const T* from) noexcept {
  T copy{};
  if (from != nullptr) {
    std::memcpy(&copy, from, std::min<std::size_t>(from->struct_size, sizeof(T)));
    copy.struct_size = sizeof(T);
  }
  return copy;
}

// A zeroed struct with its size set, ready to be filled and handed over.
template <class T>
constexpr T sized() noexcept {
  T made{};
  made.struct_size = sizeof(T);
  return made;
}

template <std::integral T>
  requires(!std::same_as<T, bool>)
stoker_field field(std::string_view key, T value) noexcept {
  stoker_field made{str(key), {STOKER_INT, 0, {}}};
  made.value.as.i = static_cast<std::int64_t>(value);
  return made;
}

template <std::floating_point T>
stoker_field field(std::string_view key, T value) noexcept {
  stoker_field made{str(key), {STOKER_REAL, 0, {}}};
  made.value.as.r = static_cast<double>(value);
  return made;
}

// Borrows `value`. Takes whatever reads as text, so that a literal never turns into a bool.
template <class T>
  requires std::convertible_to<T, std::string_view>
stoker_field field(std::string_view key, const T& value) noexcept {
  stoker_field made{str(key), {STOKER_TEXT, 0, {}}};
  made.value.as.s = str(value);
  return made;
}

template <std::same_as<bool> T>
stoker_field field(std::string_view key, T value) noexcept {
  stoker_field made{str(key), {STOKER_BOOL, 0, {}}};
  made.value.as.i = value ? 1 : 0;
  return made;
}

// An amount in millionths of a currency unit. Prices are never floating point.
struct Money {
  std::int64_t micros = 0;
  std::string currency{};  // ISO 4217; empty: not said

  static Money from(const stoker_money& money) {
    return {money.micros, std::string(money.currency, strnlen(money.currency, sizeof(money.currency)))};
  }
  [[nodiscard]] stoker_money to_c() const noexcept {
    stoker_money money{};
    money.micros = micros;
    std::memcpy(money.currency, currency.data(), std::min<std::size_t>(currency.size(), 3));
    return money;
  }
};

namespace detail {
// The agent this library is loaded into; set by init(), before any other call, and cleared by deinit().
inline const stoker_host* host = nullptr;
}  // namespace detail

// A line in the agent's log that belongs to no call, for log parsers. STOKER_LOG_...
inline void log(std::int32_t level, std::string_view message) noexcept {
  if (detail::host != nullptr) detail::host->log(detail::host, nullptr, level, str(message), nullptr, 0);
}

}  // namespace stoker
