// Training data, checked while it comes in: JSON lines of one form, each a whole example. The forms are the two of
// OpenAI's fine-tuning guide: chats to imitate, and answers to prefer over others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stoker::api::openai {

enum class DatasetForm { none, chat, preference };
const char* to_string(DatasetForm form);

struct DatasetFacts {
  DatasetForm form = DatasetForm::none;
  int64_t examples = 0;
  int64_t tokens = 0;  // of all text, about: templates::count_tokens(), past the first 1,000 examples of one in 64
};

// Holds one line, at most 4 MiB. Throws Error{invalid} whose message begins with "line N" and whose field is "file".
class Dataset {
 public:
  Dataset();
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  void add(std::string_view bytes);
  // After the last byte. Throws where there was no example at all.
  DatasetFacts finish();

 private:
  struct Reader;
  void take_line();

  std::unique_ptr<Reader> reader_;
  std::string line_;
  int64_t number_ = 0;
  DatasetFacts facts_;
};

}  // namespace stoker::api::openai
