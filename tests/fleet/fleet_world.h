// A store, a scripted provider and one job, for the tests of the instance protocol.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/fleet/creation.h"
#include "core/fleet/intent.h"
#include "core/store/jobs.h"
#include "tests/fleet/scripted_provider.h"
#include "tests/store/store_folder.h"

namespace stoker::fleet {

class FleetWorld : public store::OpenStore {
 protected:
  void SetUp() override {
    OpenStore::SetUp();
    with<store::Jobs>([](store::Jobs& jobs) { jobs.insert(store::job_named("job1")); });
  }

  FleetContext context() {
    return {clock,
            database(),
            work,
            [this](const std::string& id) {
              if (id != "sky") throw Error(Fault::unsupported, "the plugin " + id + " is not enabled");
              return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), &sky);
            },
            "0123456789abcdef",
            nullptr,
            nullptr,
            [this](const std::string& text) { alarms.push_back(text); }};
  }

  // An intent at 2 units an hour.
  store::InstanceRow intent(double max_cost = 0, double max_hours = 0, int attempt = 1, int64_t micros = 2'000'000) {
    FleetContext ctx = context();
    return commit_intent(ctx, {"job1", attempt, {{"sky", "sky", false}, offer("big", micros)}, max_cost, max_hours});
  }
  store::InstanceRow create(const store::InstanceRow& row) {
    FleetContext ctx = context();
    return create_instance(ctx, row, {}, {}, unwanted.get_token());
  }
  store::InstanceRow alive() {
    sky.create_ = [] { return std::vector{machine("m1")}; };
    return create(intent());
  }
  store::InstanceRow stored(const std::string& id) {
    return with<store::Instances>([&](store::Instances& rows) { return rows.find(id).value(); });
  }

  MovedClock clock;
  Signal work;
  ScriptedProvider sky;
  std::stop_source unwanted;
  std::vector<std::string> alarms;
};

}  // namespace stoker::fleet
