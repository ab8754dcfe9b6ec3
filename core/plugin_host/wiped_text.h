// Text with a secret in it, overwritten before its memory goes back.
#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>

namespace stoker::plugin_host {

class WipedText {
 public:
  WipedText() = default;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { OPENSSL_cleanse(text_.data(), text_.capacity()); }

  void add(std::string_view more) {
    // Growing by itself, a string would leave its old memory as it was.
    if (text_.size() + more.size() > text_.capacity()) {
      std::string larger;
      larger.reserve(2 * (text_.size() + more.size()));
      larger.append(text_);
      text_.swap(larger);
      OPENSSL_cleanse(larger.data(), larger.capacity());
    }
    text_.append(more);
  }
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::string text_;
};

}  // namespace stoker::plugin_host
