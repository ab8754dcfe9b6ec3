// Answers of AWS's Query APIs: XML of elements and text. Small and strict on purpose: no document type, no entities but
// the five and numbers, nothing fetched, bounded depth. Reading never fails over what a vendor adds or leaves out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::aws {

// An element and the document it lies in; cheap to copy. What is absent reads as empty.
class Xml {
 public:
  Xml() = default;

  // The root element. Throws Failure{STOKER_E_UNAVAILABLE} naming `source` where the text is not one whole document.
  static Xml parse(std::string_view text, const std::string& source);

  [[nodiscard]] bool exists() const noexcept { return node_ != nullptr; }
  [[nodiscard]] std::string name() const;
  // The first child of that name, without its namespace.
  [[nodiscard]] Xml operator[](std::string_view name) const;
  // The children called "item": a list of EC2's.
  [[nodiscard]] std::vector<Xml> items() const;
  // The first element of that name anywhere within.
  [[nodiscard]] Xml any(std::string_view name) const;
  [[nodiscard]] std::string text() const;
  // A count or size; 0 for what is none.
  [[nodiscard]] std::uint64_t count() const;

 private:
  struct Node {
    std::string name, text;
    std::vector<Node> children;
  };
  class Reader;
  Xml(std::shared_ptr<const Node> document, const Node* node) : document_(std::move(document)), node_(node) {}
  static const Node* find_any(const Node& in, std::string_view name);

  std::shared_ptr<const Node> document_;
  const Node* node_ = nullptr;
};

}  // namespace stoker::aws
