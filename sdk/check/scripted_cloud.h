// A cloud that cloud.yaml describes: routes over collections of records, with the answers and errors of the vendor.
//
//   config: {region: eu-1}             settings for make(), no secrets; "{folder}" is a folder made for the test
//   base: https://api.acme.example/v1  in front of all routes
//   auth: {header: Authorization, value: "Bearer {secret.token}"}
//   secrets: {key: "{\"type\": ...}"}  where a secret has a form; else each that is named is made up
//   errors:                            how this cloud says no: bad_token missing rate_limited broken no_capacity
//     no_capacity: {status: 409, headers: {}, body: {error: {code: sold_out}}}
//   records:                           what is there from the beginning, by collection
//     types: [{id: small, cents: 75}]
//   machines: machines                 the collection that costs money; this is the default
//   routes:                            "METHOD /path/{id}?only=with", the first that fits counts
//     GET /account: {body: {id: acc-1}}
//     GET /types: {list: types, as: types, item: {id: "{id}"}}
//     POST /machines:
//       make: machines                 a record with a new id, and with the fields of `with`
//       id: i-                         optional: what ids begin with, or `number`
//       with: {name: "{body.name}"}
//       refuse: {when: "{body.size}", is: none, error: invalid}   optional: what is answered with that error
//       states: [starting, running]    {state} is the next of these each time the record is looked at
//       same: "{body.token}"           optional: a record made with the same is answered, and none made ...
//       alike: "{body.size}"           ... unless this differs, which is answered with the error `conflict`
//       status: 201
//       as: machine                    where in `body` the item stands; without it, it is the body
//       item: {id: "{id}", name: "{name}", state: "{state}"}
//     GET /machines:
//       list: machines
//       where: {tag: "{query.tag}"}    only records with that value, or with it in a list; null is no condition
//       by: name                       optional: a map by that field instead of a list
//       pages: {number: page, size: 2, next: links.next, is: "https://api.acme.example/v1/machines?page={next}"}
//     "GET /machines/{id}": {show: machines, item: {id: "{id}"}}   or with `ids`, as in drop; by: name, where the id
//     stands
//                                                                  for that field
//     "DELETE /machines/{id}": {drop: machines, status: 204}
//     POST /terminate: {drop: machines, ids: "{body.ids}"}
//   answers: xml                       instead of JSON: members are elements, those of a list are <item>; `json: true`
//                                      at a route excepts it, and `root` names its outermost element
//
// A body of form fields counts as part of the query: "POST /?Action=List". With `base: "https:/"` the first part of a
// path is the host.
//
// "{name}" stands for a field of the record, or for path.x, query.x, body.x.y, secret.x. See cloud_template.h.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin_host/config_schema.h"
#include "sdk/check/strict_host.h"

namespace stoker::check {

// What is to go wrong with the requests to come.
struct CloudFault {
  enum class Kind {
    none,
    error,      // answered with the error of that name, and nothing done
    lost,       // done, and the answer lost
    truncated,  // done, and the answer cut in half
    garbage,    // done, and answered with what is no JSON
    mutated,    // done, and answered with bytes changed, by `seed`
  };
  Kind kind = Kind::none;
  std::string error = {};  // of Kind::error
  std::string route = {};  // only at this route, by its key in the file; empty: at any
  int times = 1;           // so many requests; -1: all
  uint64_t seed = 0;
};

class ScriptedCloud : public Network {
 public:
  // Throws Failed with file and line for what can't be read.
  explicit ScriptedCloud(const std::filesystem::path& file);
  ~ScriptedCloud() override;

  HttpReply answer(const HttpMessage& request) override;

  void break_with(CloudFault fault);
  // From now on answers have members that nobody knows, and machines a state that nobody knows.
  void grow_strange();
  [[nodiscard]] bool has_error(const std::string& name) const;
  [[nodiscard]] std::optional<int64_t> retry_after_s() const;  // of errors.rate_limited
  [[nodiscard]] const plugin_host::Settings& config() const;
  // A text for each secret that the file names, recognizable wherever it turns up.
  [[nodiscard]] const std::map<std::string, std::string>& secrets() const;
  [[nodiscard]] const std::string& creating_route() const;           // that which makes machines
  [[nodiscard]] size_t machines() const;                             // those that exist and cost money
  [[nodiscard]] size_t machines_made() const;                        // since the beginning
  [[nodiscard]] size_t leftovers() const;                            // records of other collections that requests made
  [[nodiscard]] const std::vector<std::string>& complaints() const;  // requests that no route is for

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stoker::check
