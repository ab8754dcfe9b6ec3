#include "core/api/range_reply.h"

#include "core/api/range.h"

namespace stoker::api {

Reply range_reply(const Head& head, Descriptor fd, int64_t size) {
  Reply reply;
  const auto range = resolve_range(head.count("Range") == 1 ? head.find("Range") : std::nullopt, size);
  if (!range) {
    reply.problem = {416, "invalid", "the range lies outside of the " + std::to_string(size) + " bytes", {}, "Range"};
    reply.fields.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return reply;
  }
  reply.content_type = "application/octet-stream";
  reply.fields.emplace_back("Accept-Ranges", "bytes");
  if (range->partial) {
    reply.status = 206;
    reply.fields.emplace_back("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                                   std::to_string(range->first + range->size - 1) + "/" +
                                                   std::to_string(size));
  }
  reply.file = FilePart{std::move(fd), range->first, range->size};
  return reply;
}

}  // namespace stoker::api
