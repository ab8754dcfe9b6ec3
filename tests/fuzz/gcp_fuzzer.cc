// link: Stoker::sdk
// link: simdjson::simdjson
// link: OpenSSL::Crypto
// The plugin itself is compiled in, since it is no library to link.
#include "plugins/gcp/access.cc"
#include "plugins/gcp/gcp_cloud.cc"
#include "plugins/gcp/price_list.cc"
#include "plugins/gcp/vm.cc"
#include "tests/fuzz/answering_cloud.h"

namespace {

using namespace stoker;

constexpr char kPerson[] =
    R"({"type":"authorized_user","client_id":"i","client_secret":"s","refresh_token":"r","quota_project_id":"p"})";

// What every request for anything but a token is answered with; the first byte chooses the status.
void answer_all(int status, const std::string& body) {
  int requests = 0;
  test::ScriptedApi api([&](const std::string&, const std::string& path, const std::string&) {
    if (path == "/token") return test::Reply{200, R"({"access_token":"t","expires_in":3599})"};
    return ++requests > 20 ? test::Reply{500, ""} : test::Reply{status, body};
  });
  api.secret = kPerson;
  api.end_at(0);  // no operation is waited for
  gcp::GcpCloud cloud{Config(nullptr, 0)};
  CreateRequest request;
  request.offer_id = "g2-standard-4@us-central1-a";
  request.zone = "us-central1-a";
  request.client_token = "stk-01234567-job-1";
  test::Offers offers;
  test::Instances instances;
  test::attempt([&] { (void)cloud.validate(api.call); });
  test::attempt([&] { cloud.list_offers(api.call, {}, offers.emit()); });
  test::attempt([&] { cloud.create(api.call, request, instances.emit()); });
  test::attempt([&] { cloud.find(api.call, {"0123456789abcdef", ""}, instances.emit()); });
  test::attempt([&] { (void)cloud.get(api.call, {"4711", "", "1 us-central1-a stk-01234567-job-1 op"}); });
  test::attempt([&] { cloud.remove(api.call, {"4711", "", ""}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static constexpr int kStatuses[] = {200, 201, 204, 400, 401, 403, 404, 409, 412, 429, 500, 503, 302};
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  answer_all(kStatuses[data[0] % std::size(kStatuses)], body);
  test::attempt([&] { (void)gcp::KeyFile::parse(body).grant(0); });
  (void)gcp::Place::parse(body);
  test::ScriptedApi api([&](auto&&...) { return test::Reply{kStatuses[data[0] % std::size(kStatuses)], body}; });
  api.secret = body;
  gcp::GcpCloud cloud{Config(nullptr, 0)};
  test::attempt([&] { (void)cloud.validate(api.call); });
  return 0;
}
