// The templates of database.h: they only carry the result across.
#pragma once

#include <optional>
#include <type_traits>

#include "core/store/database.h"

namespace stoker::store {

template <typename F>
auto Database::write(const char* what, F&& f, Durability durability) {
  using Result = std::decay_t<std::invoke_result_t<F&, Connection&>>;
  if constexpr (std::is_void_v<Result>) {
    run_write(what, [&f](Connection& connection) { f(connection); }, durability);
  } else {
    std::optional<Result> result;
    run_write(what, [&f, &result](Connection& connection) { result.emplace(f(connection)); }, durability);
    return Result(std::move(*result));
  }
}

template <typename F>
auto Database::read(F&& f) {
  using Result = std::decay_t<std::invoke_result_t<F&, Connection&>>;
  if constexpr (std::is_void_v<Result>) {
    run_read([&f](Connection& connection) { f(connection); });
  } else {
    std::optional<Result> result;
    run_read([&f, &result](Connection& connection) { result.emplace(f(connection)); });
    return Result(std::move(*result));
  }
}

}  // namespace stoker::store
