// Lists: {"data":[...],"has_more":bool,"last_id":"..."}, newest first, asked for with ?limit= and ?after=.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/api/target.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

constexpr int64_t kDefaultLimit = 50, kMaxLimit = 1000;

template <typename Row>
struct Page {
  std::vector<Row> rows;
  bool has_more = false;
};

// `fetch(limit, after)` gives rows newest first; only those that `wanted` are kept.
template <typename Row, typename Fetch, typename Wanted>
Page<Row> collect_page(const Target& target, Fetch fetch, Wanted wanted) {
  const auto limit = static_cast<size_t>(target.number("limit", kDefaultLimit, 1, kMaxLimit));
  std::string after = target.text("after");
  Page<Row> page;
  for (;;) {
    std::vector<Row> rows = fetch(static_cast<int>(limit + 1), after);
    const bool last = rows.size() <= limit;
    if (!rows.empty()) after = rows.back().id;
    for (Row& row : rows) {
      if (!wanted(row)) continue;
      if (page.rows.size() == limit) {
        page.has_more = true;
        return page;
      }
      page.rows.push_back(std::move(row));
    }
    if (last) return page;
  }
}

template <typename Row, typename Write>
std::string to_json(const Page<Row>& page, Write write) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const Row& row : page.rows) write(json, row);
  json.end_array().member("has_more", page.has_more).key("last_id");
  page.rows.empty() ? json.null() : json.text(page.rows.back().id);
  return json.end_object().str();
}

}  // namespace stoker::api
