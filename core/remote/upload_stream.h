// Local files as the input of `stoker-runner receive`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/remote/digest.h"
#include "core/remote/reply.h"
#include "core/remote/runner_client.h"
#include "core/remote/tcp_socket.h"

namespace stoker::remote {

class UploadStream {
 public:
  // Leaves out what `present` shows to be there already, and begins behind what is there in part. Reads the local files
  // it must compare; throws invalid naming the one that can not be read.
  UploadStream(const std::vector<UploadFile>& files, const std::vector<PresentFile>& present,
               std::function<void(int64_t, int64_t)> progress);

  [[nodiscard]] size_t files_to_send() const { return plans_.size(); }
  // The next bytes; 0 at the end. Throws invalid naming a local file that changes while it is sent.
  size_t read(char* to, size_t size);

 private:
  struct Plan {
    const UploadFile* file;
    int64_t size = 0, mtime_ns = 0, offset = 0;
  };

  static Plan plan(const UploadFile& file);
  static bool skips(Plan& plan, const PresentFile& there);
  void next_file();
  void finish_file();
  size_t read_body(char* to, size_t size);

  std::function<void(int64_t, int64_t)> progress_;
  std::vector<Plan> plans_;
  size_t at_ = 0;  // of plans_
  bool in_body_ = false, ended_ = false;
  std::string frame_;  // bytes of the protocol that come before the next body
  Descriptor local_;
  Digest digest_;
  int64_t position_ = 0;
  int64_t done_ = 0, total_ = 0;
};

}  // namespace stoker::remote
