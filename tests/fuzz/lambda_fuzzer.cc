// link: Stoker::sdk
// link: simdjson::simdjson
// What lambda answers, to every request alike: the first byte chooses the status. Nothing but a Failure may come of it.
#include "plugins/lambda/lambda_cloud.cc"  // a plugin is no library to link
#include "tests/plugins/scripted_api.h"

namespace {

template <class Act>
void attempt(Act&& act) {
  try {
    act();
  } catch (const stoker::Failure&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static constexpr int kStatuses[] = {200, 201, 202, 204, 400, 401, 403, 404, 422, 429, 500, 302};
  if (size == 0) return 0;
  const int status = kStatuses[data[0] % std::size(kStatuses)];
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  int requests = 0;
  stoker::test::ScriptedApi api([&](auto&&...) {
    // A list that says it goes on for ever ends here.
    return ++requests > 20 ? stoker::test::Reply{500, ""} : stoker::test::Reply{status, body};
  });
  stoker::lambda::LambdaCloud cloud{stoker::Config(nullptr, 0)};
  stoker::CreateRequest request;
  request.offer_id = "type@region";
  request.client_token = request.name = "stk-01234567-job-1";
  request.max_per_hour.micros = 1;
  const stoker::FindQuery query{"0123456789abcdef", ""};
  stoker::test::Offers offers;
  stoker::test::Instances instances;
  stoker::test::ResourceList resources;
  attempt([&] { (void)cloud.validate(api.call); });
  attempt([&] { cloud.list_offers(api.call, {}, offers.emit()); });
  attempt([&] { cloud.create(api.call, request, instances.emit()); });
  attempt([&] { cloud.find(api.call, query, instances.emit()); });
  attempt([&] { (void)cloud.get(api.call, {"id", "", ""}); });
  attempt([&] { cloud.remove(api.call, {"id", "", ""}); });
  attempt([&] { cloud.list_resources(api.call, query, resources.emit()); });
  return 0;
}
