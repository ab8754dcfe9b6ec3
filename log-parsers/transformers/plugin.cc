#include "sdk/include/stoker/cpp/plugin.hpp"
#include "parser.h"

namespace {
constexpr stoker::Descriptor kTransformers{
    .id = "transformers",
    .name = "Hugging Face Transformers",
    .summary = "Logs of the Hugging Face Trainer and of TRL, unsloth and LLaMA-Factory",
    .url = "https://huggingface.co/docs/transformers/main_classes/trainer"};
}  // namespace

STOKER_PLUGIN("transformers", "0.1.0", stoker::log_parser<stoker::transformers::Parser>(kTransformers))
