// What a machine costs on demand: by AWS's price list, and where that can not be asked, by a list of our own with its
// date.
#pragma once

#include <cstdint>
#include <map>
#include <stoker/cpp/call.hpp>
#include <stoker/cpp/provider_values.hpp>
#include <string>

#include "plugins/aws/aws_api.h"

namespace stoker::aws {

struct PriceList {
  std::map<std::string, std::int64_t> micros_per_hour;  // by machine type
  bool estimate = false;                                // of our own list

  // Nothing for a type without a price: a guess would be a bill that nobody agreed to.
  [[nodiscard]] const std::int64_t* find(const std::string& machine) const;
};

// Of one region; of one machine type, or all with GPUs. Where AWS refuses it, as to a credential without
// pricing:GetProducts, our own list takes its place, which is for three regions with the same prices; elsewhere, and
// where nothing can be read just now, that is thrown.
[[nodiscard]] PriceList on_demand_prices(Call& call, AwsApi& api, const std::string& region,
                                         const std::string& machine = {});

// "1.006" dollars; 0 for what is no price.
[[nodiscard]] std::int64_t micros_of(const std::string& usd);

// One product of AWS's price list, which is JSON within JSON. False where it has no price by the hour in USD.
bool read_product(const std::string& text, std::string& machine, std::int64_t& micros);

}  // namespace stoker::aws
