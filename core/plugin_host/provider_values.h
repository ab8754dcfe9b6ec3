// Between the structs of stoker/provider.h and ours. What comes from a plugin is checked; Breach says what is wrong.
#pragma once

#include <vector>

#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/provider.h"

namespace stoker::plugin_host {

[[nodiscard]] Account copy_account(const stoker_account*);
[[nodiscard]] Offer copy_offer(const stoker_offer*);
[[nodiscard]] Instance copy_instance(const stoker_instance*);
[[nodiscard]] Resource copy_resource(const stoker_resource*);
[[nodiscard]] ProviderFacts copy_facts(const stoker_descriptor&);

// These lend the memory of their argument.
[[nodiscard]] stoker_offer_query lend(const OfferQuery&);
[[nodiscard]] stoker_create_request lend(const CreateRequest&, const std::vector<stoker_field>& tags);
[[nodiscard]] std::vector<stoker_field> lend_tags(const CreateRequest&);
[[nodiscard]] stoker_instance_ref lend(const InstanceRef&);
[[nodiscard]] stoker_resource lend(const Resource&);

}  // namespace stoker::plugin_host
