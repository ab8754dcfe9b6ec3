// A provider as a class: derive from Provider, and from Resources where machines need something beside them; offer it
// with stoker::provider<T>(descriptor, schema).
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string_view>

#include "../ext/resources.h"
#include "call.hpp"
#include "config.hpp"
#include "provider_values.hpp"

namespace stoker {

// One call at a time, on any thread. See stoker/provider.h for what each method promises.
class Provider {
 public:
  Provider() = default;
  virtual ~Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  virtual Account validate(Call&) = 0;
  virtual void list_offers(Call&, const OfferQuery&, const Emit<Offer>&) = 0;
  virtual void create(Call&, const CreateRequest&, const Emit<Instance>&) = 0;
  virtual void find(Call&, const FindQuery&, const Emit<Instance>&) = 0;
  virtual Instance get(Call&, const InstanceRef&) = 0;
  virtual void remove(Call&, const InstanceRef&) = 0;
};

// Extension stoker.provider.resources/1.
class Resources {
 public:
  virtual ~Resources() = default;
  virtual void list_resources(Call&, const FindQuery&, const Emit<Resource>&) = 0;
  virtual void remove_resource(Call&, const Resource&) = 0;
};

template <class T>
concept ProviderClass = std::derived_from<T, Provider> && std::constructible_from<T, const Config&>;

// One provider of a library; made by provider<T>().
struct ProviderEntry {
  stoker_descriptor descriptor;
  std::span<const ConfigField> schema;
  stoker_status (*make)(stoker_call*, const stoker_descriptor*, const stoker_field*, std::size_t,
                        stoker_provider**) noexcept;
};

namespace detail {

// The table of one provider class.
template <ProviderClass T>
class ProviderTable {
 public:
  static stoker_status make(stoker_call* call, const stoker_descriptor* descriptor, const stoker_field* config,
                            std::size_t count, stoker_provider** out) noexcept {
    *out = nullptr;
    return guard(call, [&] {
      auto object = std::make_unique<Object>(Config(config, count));
      object->table = {sizeof(stoker_provider),
                       0,
                       object.get(),
                       descriptor,
                       &destroy,
                       &get_extension,
                       &validate,
                       &offers,
                       &create,
                       &find,
                       &get,
                       &remove};
      *out = &object.release()->table;
    });
  }

 private:
  struct Object {
    explicit Object(const Config& config) : impl(config) {}
    stoker_provider table{};
    T impl;
  };

  static T& impl(stoker_provider* provider) noexcept { return static_cast<Object*>(provider->self)->impl; }

  static void destroy(stoker_provider* provider) noexcept {
    if (provider != nullptr) delete static_cast<Object*>(provider->self);
  }

  static stoker_status validate(stoker_provider* provider, stoker_call* call,
                                void (*sink)(void*, const stoker_account*), void* user) noexcept {
    return guard(call, [&] {
      Call context(call);
      Emit<Account>(sink, user)(impl(provider).validate(context));
    });
  }

  static stoker_status offers(stoker_provider* provider, stoker_call* call, const stoker_offer_query* query,
                              stoker_offer_sink sink, void* user) noexcept {
    return guard(call, [&] {
      Call context(call);
      impl(provider).list_offers(context, OfferQuery::from(query), Emit<Offer>(sink, user));
    });
  }

  static stoker_status create(stoker_provider* provider, stoker_call* call, const stoker_create_request* request,
                              stoker_instance_sink sink, void* user) noexcept {
    return guard(
        call,
        [&] {
          Call context(call);
          impl(provider).create(context, CreateRequest::from(request), Emit<Instance>(sink, user));
        },
        STOKER_E_UNKNOWN_OUTCOME);
  }

  static stoker_status find(stoker_provider* provider, stoker_call* call, const stoker_find_query* query,
                            stoker_instance_sink sink, void* user) noexcept {
    return guard(call, [&] {
      Call context(call);
      impl(provider).find(context, FindQuery::from(query), Emit<Instance>(sink, user));
    });
  }

  static stoker_status get(stoker_provider* provider, stoker_call* call, const stoker_instance_ref* ref,
                           stoker_instance_sink sink, void* user) noexcept {
    return guard(call, [&] {
      Call context(call);
      Emit<Instance>(sink, user)(impl(provider).get(context, InstanceRef::from(ref)));
    });
  }

  static stoker_status remove(stoker_provider* provider, stoker_call* call, const stoker_instance_ref* ref) noexcept {
    return guard(call, [&] {
      Call context(call);
      impl(provider).remove(context, InstanceRef::from(ref));
    });
  }

  static stoker_status list_resources(stoker_provider* provider, stoker_call* call, const stoker_find_query* query,
                                      stoker_resource_sink sink, void* user) noexcept {
    return guard(call, [&] {
      Call context(call);
      impl(provider).list_resources(context, FindQuery::from(query), Emit<Resource>(sink, user));
    });
  }

  static stoker_status remove_resource(stoker_provider* provider, stoker_call* call,
                                       const stoker_resource* resource) noexcept {
    return guard(call, [&] {
      Call context(call);
      impl(provider).remove_resource(context, Resource::from(resource));
    });
  }

  static const void* get_extension(stoker_provider*, const char* extension_id) noexcept {
    if constexpr (std::derived_from<T, Resources>) {
      static constexpr stoker_resources kTable{sizeof(stoker_resources), 0, &list_resources, &remove_resource};
      if (std::string_view(extension_id) == STOKER_EXT_RESOURCES) return &kTable;
    }
    (void)extension_id;
    return nullptr;
  }
};

}  // namespace detail

// Offers T as a provider; an argument of STOKER_PLUGIN. `schema` must be static data.
template <ProviderClass T>
constexpr ProviderEntry provider(const Descriptor& descriptor, std::span<const ConfigField> schema = {}) noexcept {
  return {descriptor.to_c(), schema, &detail::ProviderTable<T>::make};
}

}  // namespace stoker
