// A host whose HTTP service answers from a function, for provider classes without an agent around them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sdk/include/stoker/cpp/call.hpp"
#include "sdk/include/stoker/cpp/provider_values.hpp"
#include "tests/sdk/fake_host.h"

namespace stoker::test {

struct Reply {
  int status = 200;
  std::string body;
};

// One at a time: the tables of the SDK have no place for more.
class ScriptedApi {
 public:
  // `path` begins behind the host.
  using Answer = std::function<Reply(const std::string& method, const std::string& path, const std::string& body)>;

  explicit ScriptedApi(Answer answer) : answer_(std::move(answer)) {
    current = this;
    host_.http = &kHttp;
    host_.skip_sleeps();
    detail::host = host_.table();
  }
  ~ScriptedApi() {
    detail::host = nullptr;
    current = nullptr;
  }
  ScriptedApi(const ScriptedApi&) = delete;
  ScriptedApi& operator=(const ScriptedApi&) = delete;

  Call call{&call_};
  std::vector<std::string> requests;  // "GET /v2/sizes?page=1"

 private:
  static stoker_status send(stoker_call*, const stoker_http_request* request,
                            void (*sink)(void* user, const stoker_http_response*), void* user) {
    const std::string url(view(request->url)), method(view(request->method));
    const std::string path = url.substr(url.find('/', url.find("//") + 2));
    current->requests.push_back(method + " " + path);
    const Reply reply = current->answer_(method, path, std::string(view(request->body)));
    auto response = sized<stoker_http_response>();
    response.status = reply.status;
    response.body = {reply.body.data(), reply.body.size()};
    sink(user, &response);
    return STOKER_OK;
  }

  static constexpr stoker_http kHttp{sizeof(stoker_http), 0, &send};
  inline static ScriptedApi* current = nullptr;

  Answer answer_;
  FakeHost host_;
  stoker_call call_;
};

// Gathers what an Emit gives.
template <class T, class C>
struct Gathered {
  std::vector<T> all;
  static stoker_status keep(void* user, const C* item) {
    static_cast<Gathered*>(user)->keep_one(item);
    return STOKER_OK;
  }
  Emit<T> emit() { return {&Gathered::keep, this}; }

 private:
  void keep_one(const stoker_offer* from) {
    T offer;
    offer.id = view(from->id), offer.region = view(from->region), offer.machine = view(from->machine);
    offer.gpu_model = view(from->gpu_model), offer.cpu_arch = view(from->cpu_arch), offer.opaque = view(from->opaque);
    offer.gpu_count = from->gpu_count, offer.gpu_mem_bytes = from->gpu_mem_bytes, offer.mem_bytes = from->mem_bytes;
    offer.disk_bytes = from->disk_bytes, offer.vcpus = from->vcpus, offer.availability = from->availability;
    offer.price.per_hour = Money::from(from->price->per_hour);
    all.push_back(std::move(offer));
  }
  void keep_one(const stoker_instance* from) {
    T instance;
    instance.id = view(from->id), instance.client_token = view(from->client_token), instance.name = view(from->name);
    instance.state = from->state, instance.ssh_host = view(from->ssh_host), instance.ssh_user = view(from->ssh_user);
    instance.region = view(from->region), instance.deadline_ms = from->deadline_ms;
    all.push_back(std::move(instance));
  }
  void keep_one(const stoker_resource* from) { all.push_back(T::from(from)); }
};
using Offers = Gathered<Offer, stoker_offer>;
using Instances = Gathered<Instance, stoker_instance>;
using ResourceList = Gathered<Resource, stoker_resource>;

}  // namespace stoker::test
