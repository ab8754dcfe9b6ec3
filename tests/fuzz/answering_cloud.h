// What a cloud answers to every request alike, the first byte choosing the status. Nothing but a Failure may come of
// it.
#pragma once

#include <concepts>
#include <string>

#include "tests/plugins/scripted_api.h"

namespace stoker::test {

template <class Act>
void attempt(Act&& act) {
  try {
    act();
  } catch (const Failure&) {
  }
}

template <class Cloud>
void answer_all_with(const unsigned char* data, std::size_t size, std::string_view offer = "type@region") {
  static constexpr int kStatuses[] = {200, 201, 202, 204, 400, 401, 403, 404, 422, 429, 500, 302};
  if (size == 0) return;
  const int status = kStatuses[data[0] % std::size(kStatuses)];
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  int requests = 0;
  ScriptedApi api([&](auto&&...) {
    // A list that says it goes on for ever ends here.
    return ++requests > 20 ? Reply{500, ""} : Reply{status, body};
  });
  Cloud cloud{Config(nullptr, 0)};
  CreateRequest request;
  request.offer_id = offer;
  request.client_token = request.name = "stk-01234567-job-1";
  request.max_per_hour.micros = 1;
  const FindQuery query{"0123456789abcdef", ""};
  Offers offers;
  Instances instances;
  ResourceList resources;
  attempt([&] { (void)cloud.validate(api.call); });
  attempt([&] { cloud.list_offers(api.call, {}, offers.emit()); });
  attempt([&] { cloud.create(api.call, request, instances.emit()); });
  attempt([&] { cloud.find(api.call, query, instances.emit()); });
  attempt([&] { (void)cloud.get(api.call, {"id", "", ""}); });
  attempt([&] { cloud.remove(api.call, {"id", "", ""}); });
  if constexpr (std::derived_from<Cloud, Resources>)
    attempt([&] { cloud.list_resources(api.call, query, resources.emit()); });
}

}  // namespace stoker::test
