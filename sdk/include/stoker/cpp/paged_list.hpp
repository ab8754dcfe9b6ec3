// What a list that comes in pages has to keep: an end, and each item once.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "failure.hpp"

namespace stoker {

class PagedList {
 public:
  // `sentence`: "acme: listing machines".
  PagedList(std::string sentence, std::size_t max_pages) : sentence_(std::move(sentence)), max_pages_(max_pages) {}

  // Before a page is asked for, by its token or number.
  void page(const std::string& token) {
    if (!pages_.insert(token).second || pages_.size() > max_pages_) throw broken("has no end");
  }
  void item(const std::string& id) {
    if (!items_.insert(id).second) throw broken("has an item twice");
  }
  [[nodiscard]] std::size_t items() const noexcept { return items_.size(); }

  // A list that can not be read to its end is no shorter list.
  [[nodiscard]] Failure broken(const std::string& how) const {
    return {STOKER_E_UNAVAILABLE, sentence_ + " gave a list that " + how};
  }

 private:
  std::string sentence_;
  std::size_t max_pages_;
  std::set<std::string> pages_, items_;
};

}  // namespace stoker
