#include "core/plugin_host/http_exchange.h"

#include <algorithm>
#include <array>

#include "core/plugin_host/gzip_body.h"
#include "core/plugin_host/http_body.h"
#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

constexpr size_t kPiece = 16 << 10;  // of a TLS record
constexpr int kInterim = 10;         // answers of 1xx before the real one

TransportError unreadable(const BadAnswer& fault) {
  return {Kind::broken, std::string("its answer can not be read: ") + fault.what()};
}

TransportError too_large(uint64_t bytes, uint64_t limit) {
  return {Kind::too_large,
          "its answer has " + std::to_string(bytes) + " bytes or more, over the limit of " + std::to_string(limit)};
}

bool is_gzip(const HttpHead& head) {
  const std::string* coding = head.find("Content-Encoding");
  if (coding == nullptr || same_name(*coding, "identity")) return false;
  if (same_name(*coding, "gzip") || same_name(*coding, "x-gzip")) return true;
  throw BadAnswer("it is in an encoding that was not asked for");
}

}  // namespace

const std::string* HttpAnswer::find(std::string_view name) const {
  for (const HttpField& field : headers)
    if (same_name(field.name, name)) return &field.value;
  return nullptr;
}

void HttpExchange::write(std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(connection_.write(bytes, wait_, "sending the request"));
}

void HttpExchange::send(std::string_view head, std::string_view body, Departure& departure) {
  // Set before the first byte goes: what a failed write has sent is not known.
  departure.any = true;
  departure.acted = body.empty();
  write(head);
  departure.acted = true;
  try {
    write(body);
  } catch (const TransportError& error) {
    // A server that will not have the body may answer and close before all of it has left.
    if (error.kind != Kind::broken) throw;
    cut_ = true;
  }
}

bool HttpExchange::read_more(const std::string& doing) {
  std::array<char, kPiece> piece;
  const size_t size = connection_.read(piece.data(), piece.size(), wait_, doing);
  come_.append(piece.data(), size);
  return size > 0;
}

HttpHead HttpExchange::receive_head() {
  try {
    for (int interim = 0;; ++interim) {
      size_t size = 0;
      while ((size = head_size(come_)) == 0) {
        if (read_more("waiting for the answer")) continue;
        if (come_.empty()) throw TransportError(Kind::broken, "the connection was closed before an answer came");
        throw BadAnswer("it ends amid its head");
      }
      HttpHead head = parse_head(std::string_view(come_).substr(0, size));
      come_.erase(0, size);
      if (head.status >= 200) return head;
      if (head.status == 101) throw BadAnswer("it changes to another protocol");
      if (interim == kInterim) throw BadAnswer("it has too many heads");
    }
  } catch (const BadAnswer& fault) {
    throw unreadable(fault);
  }
}

std::string HttpExchange::read_body(const HttpHead& head, const std::string& method, uint64_t max_bytes) {
  HttpBody wire(head, method);
  if (wire.announced() > max_bytes) throw too_large(wire.announced(), max_bytes);
  std::string content;
  for (;;) {
    come_.erase(0, wire.take(come_, content));
    if (content.size() > max_bytes) throw too_large(content.size(), max_bytes);
    if (wire.whole()) break;
    if (!read_more("reading the answer")) wire.end();
  }
  reusable_ = head.keeps_alive && wire.delimited() && come_.empty() && !cut_;
  if (content.empty() || !is_gzip(head)) return content;
  auto unpacked = gunzip(content, max_bytes);
  if (!unpacked) throw too_large(max_bytes + 1, max_bytes);
  return std::move(*unpacked);
}

HttpAnswer HttpExchange::receive(const std::string& method, uint64_t max_bytes) {
  HttpHead head = receive_head();
  try {
    HttpAnswer answer;
    answer.status = head.status;
    answer.body = read_body(head, method, max_bytes);
    answer.headers = std::move(head.fields);
    const bool decoded = answer.find("Content-Encoding") != nullptr && !answer.body.empty();
    std::erase_if(answer.headers, [&](const HttpField& field) {
      return same_name(field.name, "Transfer-Encoding") ||
             (decoded && (same_name(field.name, "Content-Encoding") || same_name(field.name, "Content-Length")));
    });
    return answer;
  } catch (const BadAnswer& fault) {
    throw unreadable(fault);
  }
}

}  // namespace stoker::plugin_host
