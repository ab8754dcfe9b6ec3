#include <stoker/cpp/plugin.hpp>

#include "plugins/aws/aws_cloud.h"

namespace stoker::aws {
namespace {

// Beside AWS: emulators of AWS_ENDPOINT_URL, and the metadata service of the machine that the agent runs on.
constexpr const char* kHosts[] = {"*.amazonaws.com", "127.0.0.1", "localhost", "169.254.169.254", nullptr};
constexpr const char* kPermissions[] = {"sts:GetCallerIdentity",
                                        "ssm:GetParameter",
                                        "ec2:DescribeInstances",
                                        "ec2:DescribeInstanceTypes",
                                        "ec2:DescribeInstanceTypeOfferings",
                                        "ec2:DescribeImages",
                                        "ec2:DescribeSubnets",
                                        "ec2:DescribeSecurityGroups",
                                        "ec2:DescribeSpotPriceHistory",
                                        "ec2:RunInstances",
                                        "ec2:TerminateInstances",
                                        "ec2:CreateTags",
                                        "ec2:CreateSecurityGroup",
                                        "ec2:AuthorizeSecurityGroupIngress",
                                        "ec2:DeleteSecurityGroup",
                                        "pricing:GetProducts, or prices are those of a list with a date",
                                        "iam:CreateServiceLinkedRole once, for spot machines",
                                        nullptr};

constexpr Descriptor kAws{
    .id = "aws",
    .name = "AWS",
    .summary = "GPU machines of Amazon EC2, on demand or spot",
    .url = "https://aws.amazon.com/ec2",
    .capabilities = STOKER_CAP_USER_DATA | STOKER_CAP_SPOT | STOKER_CAP_NATIVE_IDEMPOTENCY |
                    STOKER_CAP_LOCAL_SYSTEM,  // for credential_process
    .power_off = STOKER_POWER_OFF_DELETES,
    .allowed_hosts = kHosts,
    .settle_ms = 120'000,  // a new machine may be missing from lists for seconds; not documented
    .min_create_interval_ms = 0,
    .request_interval_ms = 100,  // buckets of 50 and more, refilled with 10 a second and more
    .request_burst = 20,
    .permissions = kPermissions,
};

constexpr ConfigField kSchema[] = {
    {.key = "access_key_id",
     .label = "Access key ID",
     .help = "from IAM, under Security credentials; leave it and the next two out to use a profile or the environment",
     .example = "AKIAIOSFODNN7EXAMPLE",
     .docs_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"},
    {.key = "secret_access_key",
     .label = "Secret access key",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
     .help = "the other half of the key pair"},
    {.key = "session_token",
     .label = "Session token",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL | STOKER_FIELD_ADVANCED,
     .help = "of a temporary key alone; a profile with a credential_process is renewed by itself"},
    {.key = "profile",
     .label = "Profile",
     .help = "of ~/.aws/credentials and ~/.aws/config, where there is no access key here",
     .example = "lab"},
    {.key = "instance_role",
     .label = "Use the role of this machine",
     .kind = STOKER_FIELD_BOOL,
     .flags = STOKER_FIELD_ADVANCED,
     .help = "where the agent itself runs on EC2",
     .default_value = "false"},
    // Said once and stored: which regions are watched for machines must not hang on a shell's environment.
    {.key = "regions",
     .label = "Regions",
     .help = "where machines may be rented, separated by commas; those left out later are no longer watched",
     .default_value = "us-east-1",
     .example = "us-east-1,us-west-2"},
    {.key = "subnets",
     .label = "Subnets",
     .flags = STOKER_FIELD_ADVANCED,
     .help = "one for each zone to use, separated by commas; without them those of the default VPC",
     .example = "subnet-0123456789abcdef0"},
    {.key = "ssh_from",
     .label = "SSH from",
     .flags = STOKER_FIELD_ADVANCED,
     .help = "addresses that may reach the SSH port of machines",
     .default_value = "0.0.0.0/0",
     .example = "198.51.100.7/32"},
    {.key = "ssh_user",
     .label = "SSH user",
     .flags = STOKER_FIELD_ADVANCED,
     .help = "of the image, where jobs name one that is not Ubuntu's",
     .default_value = "ubuntu"},
};

}  // namespace
}  // namespace stoker::aws

STOKER_PLUGIN("aws", STOKER_SDK_VERSION,
              stoker::provider<stoker::aws::AwsCloud>(stoker::aws::kAws, stoker::aws::kSchema))
