#include "plugins/aws/ec2.h"

#include <algorithm>
#include <charconv>
#include <stoker/cpp/timestamp.hpp>

namespace stoker::aws {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20, kGibi = std::uint64_t{1} << 30;
constexpr std::uint64_t kDiskGib = 200;  // where the job names no size
constexpr char kTokenTag[] = "stk-token", kDeadlineTag[] = "stk-deadline";

std::int32_t state_of(const std::string& name) {
  if (name == "pending") return STOKER_INSTANCE_PENDING;
  if (name == "running") return STOKER_INSTANCE_RUNNING;
  if (name == "stopping") return STOKER_INSTANCE_STOPPING;
  if (name == "stopped") return STOKER_INSTANCE_STOPPED;
  if (name == "shutting-down") return STOKER_INSTANCE_DELETING;
  if (name == "terminated") return STOKER_INSTANCE_GONE;
  return STOKER_INSTANCE_UNKNOWN;
}

std::string base64(std::string_view bytes) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kLetters[group >> (18 - 6 * k) & 63];
  }
  return text;
}

void add_tags(Form& form, int number, const char* type, const CreateRequest& request) {
  const std::string prefix = "TagSpecification." + std::to_string(number);
  form.add(prefix + ".ResourceType", type);
  int tag = 0;
  const auto add = [&](std::string_view key, std::string_view value) {
    const std::string at = prefix + ".Tag." + std::to_string(++tag);
    form.add(at + ".Key", key).add(at + ".Value", value);
  };
  add("Name", request.name);
  add(kTokenTag, request.client_token);
  add("stk-owner", request.owner);
  for (const auto& field : request.tags) add(view(field.key), view(field.value.as.s));
}

}  // namespace

Offer type_of(const Xml& item) {
  Offer offer;
  offer.machine = item["instanceType"].text();
  const auto archs = item["processorInfo"]["supportedArchitectures"].items();
  const bool arm = std::any_of(archs.begin(), archs.end(), [](const Xml& one) { return one.text() == "arm64"; });
  offer.cpu_arch = arm ? "aarch64" : "x86_64";
  offer.vcpus = static_cast<std::uint32_t>(item["vCpuInfo"]["defaultVCpus"].count());
  offer.mem_bytes = item["memoryInfo"]["sizeInMiB"].count() * kMebi;
  const auto gpus = item["gpuInfo"]["gpus"].items();
  // The images drive NVIDIA's GPUs from Turing on; a fraction of a GPU has a count of 0.
  if (gpus.empty() || gpus[0]["manufacturer"].text() != "NVIDIA") return offer;
  const std::string model = gpus[0]["name"].text();
  for (const char* old : {"K80", "K520", "M60", "V100", "P100"})
    if (model == old) return offer;
  offer.gpu_count = static_cast<std::uint32_t>(gpus[0]["count"].count());
  offer.gpu_model = model;
  offer.gpu_mem_bytes = gpus[0]["memoryInfo"]["sizeInMiB"].count() * kMebi;
  return offer;
}

std::string tag_of(const Xml& item, std::string_view key) {
  for (const Xml& tag : item["tagSet"].items())
    if (tag["key"].text() == key) return tag["value"].text();
  return {};
}

Instance instance_of(const Xml& item, const std::string& region, const std::string& ssh_user) {
  Instance instance;
  instance.id = item["instanceId"].text();
  instance.name = tag_of(item, "Name");
  instance.client_token = tag_of(item, kTokenTag);
  if (instance.client_token.empty()) instance.client_token = item["clientToken"].text();
  instance.region = region;
  instance.zone = item["placement"]["availabilityZone"].text();
  instance.status_text = item["instanceState"]["name"].text();
  instance.state = state_of(instance.status_text);
  // Why it never came up, or was taken away, stands nowhere else.
  const std::string reason = item["stateReason"]["code"].text();
  if (!reason.empty() && reason != "pending") instance.status_text += " (" + reason + ")";
  instance.ssh_host = item["ipAddress"].text();
  instance.ssh_user = ssh_user;
  instance.created_ms = parse_timestamp(item["launchTime"].text());
  instance.deadline_ms = deadline_of_tag(tag_of(item, kDeadlineTag));
  return instance;
}

std::string Place::opaque() const {
  return "1 " + subnet + " " + vpc + " " + image + " " + root_device + " " + std::to_string(image_gib);
}

Place Place::parse(std::string_view opaque) {
  std::string parts[6];
  for (std::string& part : parts) {
    const std::size_t end = std::min(opaque.find(' '), opaque.size());
    part = opaque.substr(0, end);
    opaque.remove_prefix(std::min(end + 1, opaque.size()));
  }
  std::uint64_t gib = 0;
  const auto [stop, error] = std::from_chars(parts[5].data(), parts[5].data() + parts[5].size(), gib);
  if (parts[0] != "1" || error != std::errc{} || stop != parts[5].data() + parts[5].size())
    throw Failure{STOKER_E_INVALID, "aws: the offer was listed by another version of this plugin"}.hint("try again");
  return {parts[1], parts[2], parts[3], parts[4], gib};
}

// The subnet fixes the zone, and with it the range of the token: the same token in another zone would be another
// machine (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
Form launch_form(const CreateRequest& request, const Place& place, const std::string& security_group) {
  const std::uint64_t wanted = request.disk_bytes == 0 ? kDiskGib : (request.disk_bytes + kGibi - 1) / kGibi;
  Form form;
  form.add("ImageId", place.image).add("InstanceType", request.machine()).add("MinCount", "1").add("MaxCount", "1");
  form.add("ClientToken", request.client_token).add("UserData", base64(request.user_data));
  form.add("InstanceInitiatedShutdownBehavior", "terminate");
  form.add("BlockDeviceMapping.1.DeviceName", place.root_device)
      .add("BlockDeviceMapping.1.Ebs.VolumeSize", std::max(wanted, place.image_gib))
      .add("BlockDeviceMapping.1.Ebs.VolumeType", "gp3")
      .add("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true")
      .add("BlockDeviceMapping.1.Ebs.Encrypted", "true");
  form.add("NetworkInterface.1.DeviceIndex", "0")
      .add("NetworkInterface.1.SubnetId", place.subnet)
      .add("NetworkInterface.1.AssociatePublicIpAddress", "true")
      .add("NetworkInterface.1.DeleteOnTermination", "true")
      .add("NetworkInterface.1.SecurityGroupId.1", security_group);
  // A training that runs as anybody there must not be able to take the machine's role by a plain GET.
  form.add("MetadataOptions.HttpTokens", "required")
      .add("MetadataOptions.HttpEndpoint", "enabled")
      .add("MetadataOptions.HttpPutResponseHopLimit", "1");
  if (request.spot) {
    // Without a MaxPrice: it never costs more than on demand, and a limit only has it taken away sooner. One that is
    // not `one-time` would come back by itself.
    form.add("InstanceMarketOptions.MarketType", "spot")
        .add("InstanceMarketOptions.SpotOptions.SpotInstanceType", "one-time")
        .add("InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior", "terminate");
  }
  add_tags(form, 1, "instance", request);
  add_tags(form, 2, "volume", request);
  return form;
}

}  // namespace stoker::aws
