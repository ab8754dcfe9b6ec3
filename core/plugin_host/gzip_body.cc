#include "core/plugin_host/gzip_body.h"

#include <Poco/Checksum.h>
#include <Poco/Exception.h>
#include <Poco/InflatingStream.h>
#include <Poco/MemoryStream.h>

#include <algorithm>
#include <array>

#include "core/plugin_host/http_head.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kSmallest = 18;  // bytes of a member's header and trailer

uint32_t little_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 4; i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

std::optional<std::string> gunzip(std::string_view packed, uint64_t max_bytes) {
  const BadAnswer damaged("its gzip body is damaged or cut short");
  if (packed.size() < kSmallest) throw damaged;
  std::string content;
  Poco::Checksum sum(Poco::Checksum::TYPE_CRC32);
  try {
    Poco::MemoryInputStream source(packed.data(), static_cast<std::streamsize>(packed.size()));
    Poco::InflatingInputStream inflated(source, Poco::InflatingStreamBuf::STREAM_GZIP);
    inflated.exceptions(std::ios::badbit);
    std::array<char, 32 << 10> piece;
    while (inflated) {
      inflated.read(piece.data(), piece.size());
      const auto size = static_cast<size_t>(inflated.gcount());
      if (content.size() + size > max_bytes) return std::nullopt;
      content.append(piece.data(), size);
      sum.update(piece.data(), static_cast<unsigned>(size));
    }
  } catch (const Poco::Exception&) {
    throw damaged;
  }
  // The stream ends quietly where its source does, so the trailer has to tell whether that was all of it.
  const std::string_view trailer = packed.substr(packed.size() - 8);
  if (little_endian(trailer) != sum.checksum() ||
      little_endian(trailer.substr(4)) != static_cast<uint32_t>(content.size()))
    throw damaged;
  return content;
}

}  // namespace stoker::plugin_host
