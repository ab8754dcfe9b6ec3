#include "plugins/aws/aws_cloud.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/paged_list.hpp>

namespace stoker::aws {
namespace {

constexpr int kMostPages = 200;
constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
// Families with GPUs begin so: g4dn, g5, g6e, p4d, p5, ...
constexpr char kGpuTypes[] = "g*,p*";
constexpr char kOwnerTag[] = "tag:stk-owner", kTokenTag[] = "tag:stk-token";
constexpr char kStates[] = "pending,running,stopping,stopped,shutting-down";  // terminated ones are shown for an hour
constexpr char kNoMachine[] = "i-00000000000000000", kNoGroup[] = "sg-00000000000000000";

// The permission that a call needs stands in brackets: it is the first thing to know when it is refused.
constexpr char kIdentity[] = "asking whose key it is (sts:GetCallerIdentity)";
constexpr char kListTypes[] = "listing machine types (ec2:DescribeInstanceTypes)";
constexpr char kListZones[] = "listing zones (ec2:DescribeInstanceTypeOfferings)";
constexpr char kListSubnets[] = "listing subnets (ec2:DescribeSubnets)";
constexpr char kSpotPrices[] = "reading spot prices (ec2:DescribeSpotPriceHistory)";
constexpr char kFindImage[] = "looking up the image (ssm:GetParameter)";
constexpr char kDescribeImage[] = "looking at the image (ec2:DescribeImages)";
constexpr char kCreateGroup[] = "creating a security group (ec2:CreateSecurityGroup, ec2:CreateTags)";
constexpr char kOpenGroup[] = "opening the SSH port (ec2:AuthorizeSecurityGroupIngress)";
constexpr char kListGroups[] = "listing security groups (ec2:DescribeSecurityGroups)";
constexpr char kDeleteGroup[] = "removing a security group (ec2:DeleteSecurityGroup)";
constexpr char kLaunch[] = "launching (ec2:RunInstances, ec2:CreateTags)";
constexpr char kList[] = "listing machines (ec2:DescribeInstances)";
constexpr char kGet[] = "looking at a machine (ec2:DescribeInstances)";
constexpr char kTerminate[] = "terminating (ec2:TerminateInstances)";

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text)
    if (c != ',' && c != ' ')
      word += c;
    else if (!word.empty())
      words.push_back(std::move(word)), word.clear();
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
  return all;
}

// "2026-11-27T06:16:52Z"
std::string timestamp(std::int64_t wall_ms) {
  const std::string at = amz_date(wall_ms);
  return at.substr(0, 4) + "-" + at.substr(4, 2) + "-" + at.substr(6, 5) + ":" + at.substr(11, 2) + ":" + at.substr(13);
}

Failure unreadable(const std::string& doing, const char* how) {
  return {STOKER_E_UNAVAILABLE, "aws: " + doing + " gave a list that " + how};
}

// Whatever else is taken for one could neither be looked at nor terminated.
bool is_machine_id(const std::string& id) { return id.starts_with("i-"); }

}  // namespace

AwsCloud::AwsCloud(const Config& config)
    : api_(config),
      regions_(split(config.text("regions", "us-east-1"))),
      subnets_(joined(split(config.text("subnets")))),
      ssh_from_(config.text("ssh_from", "0.0.0.0/0")),
      ssh_user_(config.text("ssh_user", "ubuntu")) {
  // What a region's name is becomes a part of host names.
  for (const std::string& region : regions_)
    if (!std::all_of(region.begin(), region.end(), [](unsigned char c) { return std::isalnum(c) || c == '-'; }))
      throw Failure{STOKER_E_INVALID, "aws: " + region + " is no region"}.blame("regions").hint(
          "write them like us-east-1,eu-west-1");
  if (regions_.empty()) regions_.emplace_back("us-east-1");
}

std::string AwsCloud::region_of(std::string_view given) const {
  return given.empty() ? regions_.front() : std::string(given);
}

void AwsCloud::each(Call& call, const std::string& doing, const std::string& region, const std::string& action,
                    const std::string& set, const Form& form, const Visit& visit) {
  PagedList list("aws: " + doing, kMostPages);
  const auto key_of = [](const Xml& item) {
    std::string key;
    for (const char* part :
         {"instanceType", "location", "subnetId", "groupId", "reservationId", "availabilityZone", "timestamp"})
      key += item[part].text() + " ";
    return key;
  };
  std::string next;
  do {
    list.page(next);
    Form page = form;
    page.add("MaxResults", "100");
    if (!next.empty()) page.add("NextToken", next);
    const Xml answer = api_.query(call, doing, Service::ec2(region), action, page);
    if (!answer[set].exists()) throw list.broken("is none");
    for (const Xml& item : answer[set].items()) {
      list.item(key_of(item));
      visit(item);
    }
    next = answer["nextToken"].text();
  } while (!next.empty());
}

Account AwsCloud::validate(Call& call) {
  const Xml identity =
      api_.query(call, kIdentity, Service::sts(regions_.front()), "GetCallerIdentity", {})["GetCallerIdentityResult"];
  const std::string account = identity["Account"].text();
  if (account.empty()) throw Failure{STOKER_E_UNAVAILABLE, std::string("aws: ") + kIdentity + " gave no account"};
  // It works by AWS's clock meanwhile, so that no machine is stuck; but deadlines and bills rest on this one.
  if (const std::int64_t behind = api_.clock_behind_ms(); behind != 0)
    throw Failure{STOKER_E_INVALID, "aws: " + clock_told(behind)}.hint(
        "set it right, for example with: timedatectl set-ntp true");
  for (const std::string& region : regions_) {
    require_permissions(call, region);
    if (places(call, region).empty())
      throw Failure{STOKER_E_INVALID, "aws: " + region + " has no default VPC with a subnet" +
                                          (subnets_.empty() ? "" : ", nor is one of " + subnets_ + " there")}
          .blame("subnets")
          .hint("name subnets of yours that give public addresses, or leave the region out of `regions`");
  }
  return {account, identity["Arn"].text(), {}};
}

// Better now than when a machine is to be deleted. A dry run is refused in any case: as one, or for the permission.
void AwsCloud::require_permissions(Call& call, const std::string& region) {
  const auto probe = [&](const char* doing, const char* action, const char* name = nullptr, const char* value = "") {
    Form form;
    form.add("DryRun", "true");
    if (name != nullptr) form.add(name, value);
    probe_permission([&] { api_.query(call, doing, Service::ec2(region), action, form); });
  };
  probe(kList, "DescribeInstances");
  probe(kListTypes, "DescribeInstanceTypes");
  probe(kListZones, "DescribeInstanceTypeOfferings");
  probe(kDescribeImage, "DescribeImages", "Owner.1", "amazon");
  probe(kListGroups, "DescribeSecurityGroups");
  probe(kLaunch, "RunInstances", "InstanceType", "g5.xlarge");
  probe(kTerminate, "TerminateInstances", "InstanceId.1", kNoMachine);
  probe(kCreateGroup, "CreateSecurityGroup", "GroupName", "stk-probe");
  probe(kOpenGroup, "AuthorizeSecurityGroupIngress", "GroupId", kNoGroup);
  probe(kDeleteGroup, "DeleteSecurityGroup", "GroupId", kNoGroup);
}

std::map<std::string, Place> AwsCloud::places(Call& call, const std::string& region) {
  Form form;
  subnets_.empty() ? form.filter("default-for-az", "true") : form.filter("subnet-id", subnets_);
  std::map<std::string, Place> all;
  each(call, kListSubnets, region, "DescribeSubnets", "subnetSet", form, [&](const Xml& subnet) {
    all.try_emplace(subnet["availabilityZone"].text(),
                    Place{subnet["subnetId"].text(), subnet["vpcId"].text(), "", "", 0});
  });
  return all;
}

// AWS's own image with a driver for GPUs, kept up to date by it under a name that stays.
std::string AwsCloud::newest_image(Call& call, const std::string& region, const std::string& arch) {
  const std::string name = "/aws/service/deeplearning/ami/" + std::string(arch == "aarch64" ? "arm64" : "x86_64") +
                           "/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id";
  JsonWriter json;
  const std::string body = json.begin_object().member("Name", name).end_object().str();
  const std::string image =
      api_.json(call, kFindImage, Service::ssm(region), "AmazonSSM.GetParameter", body)["Parameter"]["Value"].text();
  if (!image.starts_with("ami-"))
    throw Failure{STOKER_E_UNAVAILABLE, std::string("aws: ") + kFindImage + " gave none in " + region};
  return image;
}

void AwsCloud::describe_image(Call& call, const std::string& region, const std::string& image, Place& place) {
  Form form;
  form.add("ImageId.1", image);
  const auto found =
      api_.query(call, kDescribeImage, Service::ec2(region), "DescribeImages", form)["imagesSet"].items();
  if (found.size() != 1 || found[0]["imageId"].text() != image)
    throw Failure{STOKER_E_INVALID, "aws: there is no image " + image + " in " + region}.blame("resources.image");
  place.image = image;
  place.root_device = found[0]["rootDeviceName"].text();
  place.image_gib = 0;
  for (const Xml& device : found[0]["blockDeviceMapping"].items())
    if (device["deviceName"].text() == place.root_device) place.image_gib = device["ebs"]["volumeSize"].count();
  if (place.root_device.empty())
    throw Failure{STOKER_E_UNAVAILABLE, std::string("aws: ") + kDescribeImage + " gave no root device"};
}

AwsCloud::SpotPrices AwsCloud::spot_prices(Call& call, const std::string& region, const std::string& machine,
                                           const std::string& zone) {
  Form form;
  form.add("ProductDescription.1", "Linux/UNIX").add("StartTime", timestamp(call.wall_ms()));
  form.filter("instance-type", machine.empty() ? kGpuTypes : machine);
  if (!zone.empty()) form.filter("availability-zone", zone);
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::int64_t>> newest;
  each(call, kSpotPrices, region, "DescribeSpotPriceHistory", "spotPriceHistorySet", form, [&](const Xml& item) {
    auto& known = newest[{item["instanceType"].text(), item["availabilityZone"].text()}];
    const std::string at = item["timestamp"].text();
    if (known.first <= at) known = {at, micros_of(item["spotPrice"].text())};
  });
  SpotPrices prices;
  for (const auto& [key, value] : newest)
    if (value.second > 0) prices[key] = value.second;
  return prices;
}

void AwsCloud::list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) {
  for (const std::string& region : regions_)
    if (query.region.empty() || query.region == region) list_region(call, region, query, emit);
}

void AwsCloud::list_region(Call& call, const std::string& region, const OfferQuery& query, const Emit<Offer>& emit) {
  std::vector<Offer> types;
  Form gpus;
  gpus.filter("instance-type", kGpuTypes);
  each(call, kListTypes, region, "DescribeInstanceTypes", "instanceTypeSet", gpus, [&](const Xml& item) {
    Offer type = type_of(item);
    if (type.machine.empty()) throw unreadable(kListTypes, "has a machine type without a name");
    if (type.gpu_count > 0) types.push_back(std::move(type));
  });
  std::map<std::string, std::vector<std::string>> zones;
  Form by_zone = gpus;
  by_zone.add("LocationType", "availability-zone");
  each(call, kListZones, region, "DescribeInstanceTypeOfferings", "instanceTypeOfferingSet", by_zone,
       [&](const Xml& item) { zones[item["instanceType"].text()].push_back(item["location"].text()); });
  const std::map<std::string, Place> subnets = places(call, region);
  const PriceList prices = on_demand_prices(call, api_, region);
  const SpotPrices spot = query.spot ? spot_prices(call, region, "", "") : SpotPrices{};
  std::map<std::string, Place> images;  // by architecture
  for (Offer& type : types) {
    type.region = region;
    type.disk_bytes = std::max(query.min_disk_bytes, 200 * kGibi);
    type.price.minimum_s = 60;
    const std::int64_t* on_demand = prices.find(type.machine);
    if (on_demand == nullptr && !query.spot) continue;
    bool anywhere = false;
    for (const std::string& zone : zones[type.machine]) {
      const auto subnet = subnets.find(zone);
      const auto at = spot.find({type.machine, zone});
      if (subnet == subnets.end() || (query.spot && at == spot.end())) continue;
      Offer offer = type;
      offer.zone = zone;
      offer.id = type.machine + "@" + zone;
      offer.price.per_hour = {query.spot ? at->second : *on_demand, "USD"};
      offer.price.flags = query.spot ? STOKER_PRICE_SPOT : prices.estimate ? STOKER_PRICE_ESTIMATE : 0;
      anywhere = true;
      if (!query.fits(offer)) continue;
      Place& image = images[type.cpu_arch];
      if (image.image.empty()) describe_image(call, region, newest_image(call, region, type.cpu_arch), image);
      Place place = image;
      place.subnet = subnet->second.subnet;
      place.vpc = subnet->second.vpc;
      offer.opaque = place.opaque();
      emit(offer);
    }
    if (anywhere || on_demand == nullptr) continue;
    type.id = type.machine + "@" + region;
    type.availability = STOKER_AVAIL_NONE;
    type.price.per_hour = {*on_demand, "USD"};
    if (query.fits(type)) emit(type);
  }
}

void AwsCloud::require_price(Call& call, const CreateRequest& request) {
  if (request.max_per_hour.micros == 0) return;
  const std::string machine = request.machine(), region = region_of(request.region), zone(request.zone);
  std::int64_t now = 0;
  if (request.spot) {
    const SpotPrices prices = spot_prices(call, region, machine, zone);
    const auto at = prices.find({machine, zone});
    if (at == prices.end()) throw Failure{STOKER_E_NO_CAPACITY, "aws: " + machine + " has no spot price in " + zone};
    now = at->second;
  } else {
    const PriceList prices = on_demand_prices(call, api_, region, machine);
    const std::int64_t* found = prices.find(machine);
    if (found == nullptr) throw Failure{STOKER_E_NO_CAPACITY, "aws: " + machine + " has a price no more"};
    now = *found;
  }
  request.require_price("aws", machine, now);
}

std::string AwsCloud::find_group(Call& call, const CreateRequest& request, const Place& place) {
  Form form;
  form.filter("group-name", request.client_token).filter("vpc-id", place.vpc);
  std::string id;
  each(call, kListGroups, region_of(request.region), "DescribeSecurityGroups", "securityGroupInfo", form,
       [&](const Xml& group) { id = group["groupId"].text(); });
  if (id.empty()) throw Failure{STOKER_E_UNAVAILABLE, "aws: the security group is not listed yet"}.retry_after(5000);
  return id;
}

std::string AwsCloud::ensure_group(Call& call, const CreateRequest& request, const Place& place) {
  const Service ec2 = Service::ec2(region_of(request.region));
  Form group;
  group.add("GroupName", request.client_token).add("GroupDescription", "SSH to one machine of Stoker's");
  group.add("VpcId", place.vpc).add("TagSpecification.1.ResourceType", "security-group");
  group.add("TagSpecification.1.Tag.1.Key", "stk-owner").add("TagSpecification.1.Tag.1.Value", request.owner);
  group.add("TagSpecification.1.Tag.2.Key", "stk-token").add("TagSpecification.1.Tag.2.Value", request.client_token);
  std::string id;
  try {
    id = api_.query(call, kCreateGroup, ec2, "CreateSecurityGroup", group)["groupId"].text();
  } catch (const Failure& failure) {
    if (failure.message().find("(InvalidGroup.Duplicate)") == std::string::npos) throw;
  }
  if (!id.starts_with("sg-")) id = find_group(call, request, place);
  Form rule;
  rule.add("GroupId", id).add("IpPermissions.1.IpProtocol", "tcp");
  rule.add("IpPermissions.1.FromPort", "22").add("IpPermissions.1.ToPort", "22");
  rule.add("IpPermissions.1.IpRanges.1.CidrIp", ssh_from_);
  try {
    api_.query(call, kOpenGroup, ec2, "AuthorizeSecurityGroupIngress", rule);
  } catch (const Failure& failure) {
    if (failure.message().find("(InvalidPermission.Duplicate)") == std::string::npos) throw;
  }
  return id;
}

void AwsCloud::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  const std::string region = region_of(request.region);
  const Form form = before_create([&] {
    Place place = Place::parse(request.offer_opaque);
    require_price(call, request);
    if (!request.image.empty()) describe_image(call, region, std::string(request.image), place);
    return launch_form(request, place, ensure_group(call, request, place));
  });
  Xml answer;
  try {
    answer = api_.query(call, kLaunch, Service::ec2(region), "RunInstances", form, Effect::once);
  } catch (Failure& failure) {
    // What a launch does not find is what it named: the security group of a moment ago.
    if (failure.status() == STOKER_E_NOT_FOUND) failure.status(STOKER_E_UNAVAILABLE);
    if (failure.message().find("(InvalidAMIID.") != std::string::npos) failure.blame("resources.image");
    throw;
  }
  const std::vector<Xml> made = answer["instancesSet"].items();
  if (made.empty() ||
      std::any_of(made.begin(), made.end(), [](const Xml& m) { return !is_machine_id(m["instanceId"].text()); }))
    throw Failure{STOKER_E_UNKNOWN_OUTCOME, std::string("aws: ") + kLaunch + " gave no machine"};
  for (const Xml& item : made) {
    Instance instance = instance_of(item, region, ssh_user_);
    instance.client_token = request.client_token;
    emit(instance);
  }
}

void AwsCloud::find(Call& call, const FindQuery& query, const Emit<Instance>& emit) {
  Form form;
  form.filter(kOwnerTag, query.owner).filter("instance-state-name", kStates);
  if (!query.client_token.empty()) form.filter(kTokenTag, query.client_token);
  std::set<std::string> found;
  for (const std::string& region : regions_)
    each(call, kList, region, "DescribeInstances", "reservationSet", form, [&](const Xml& reservation) {
      for (const Xml& item : reservation["instancesSet"].items()) {
        const Instance instance = instance_of(item, region, ssh_user_);
        if (!is_machine_id(instance.id)) throw unreadable(kList, "has an item without an id");
        if (query.wants(instance.client_token) && found.insert(instance.id).second) emit(instance);
      }
    });
}

Instance AwsCloud::get(Call& call, const InstanceRef& ref) {
  const std::string region = region_of(ref.region);
  Form form;
  form.add("InstanceId.1", ref.id);
  const Xml answer = api_.query(call, kGet, Service::ec2(region), "DescribeInstances", form);
  for (const Xml& reservation : answer["reservationSet"].items())
    for (const Xml& item : reservation["instancesSet"].items())
      if (item["instanceId"].text() == ref.id) return instance_of(item, region, ssh_user_);
  throw Failure{STOKER_E_UNAVAILABLE, std::string("aws: ") + kGet + " gave another, or none"};
}

void AwsCloud::remove(Call& call, const InstanceRef& ref) {
  Form form;
  form.add("InstanceId.1", ref.id);
  api_.query(call, kTerminate, Service::ec2(region_of(ref.region)), "TerminateInstances", form);
}

void AwsCloud::list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) {
  Form form;
  form.filter(kOwnerTag, query.owner);
  for (const std::string& region : regions_)
    each(call, kListGroups, region, "DescribeSecurityGroups", "securityGroupInfo", form, [&](const Xml& group) {
      const std::string id = group["groupId"].text(), token = tag_of(group, "stk-token");
      if (!id.starts_with("sg-")) throw unreadable(kListGroups, "has an item without an id");
      if (query.wants(token)) emit(Resource{STOKER_RESOURCE_FIREWALL, id, region, group["groupName"].text(), token});
    });
}

void AwsCloud::remove_resource(Call& call, const Resource& resource) {
  Form form;
  form.add("GroupId", resource.id);
  api_.query(call, kDeleteGroup, Service::ec2(region_of(resource.region)), "DeleteSecurityGroup", form);
}

}  // namespace stoker::aws
