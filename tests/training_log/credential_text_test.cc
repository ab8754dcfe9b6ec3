#include "core/training_log/credential_text.h"

#include <gtest/gtest.h>

namespace stoker::training_log {
namespace {

TEST(CredentialText, HidesWhatLooksLikeOne) {
  EXPECT_EQ(without_credentials("bad token hf_abcdefghijklmnopqrst here"), "bad token hf_*** here");
  EXPECT_EQ(without_credentials("export WANDB_API_KEY=0123456789abcdef; next"), "export WANDB_API_KEY=***; next");
  EXPECT_EQ(without_credentials("get https://me:word@host/a?b=c failed"), "get https://***@host/a?b=c failed");
  EXPECT_EQ(without_credentials("HF_TOKEN="), "HF_TOKEN=***");
  EXPECT_EQ(without_credentials("sk-proj-abcdefghijklmnopqrstuvwx"), "sk-***");
}

TEST(CredentialText, LeavesTheRestAlone) {
  for (const char* text : {"", "hf_hub failed", "num_tokens: 12", "tokenizer=llama", "pad_token=<pad>", "lr=0.1",
                           "https://huggingface.co/a", "user@host:/path", "a=b, c=d", "sk-learn"})
    EXPECT_EQ(without_credentials(text), text);
}

}  // namespace
}  // namespace stoker::training_log
