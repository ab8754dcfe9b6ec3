// The templates that are installed, as they lie in the source tree.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "core/templates/catalogue.h"

namespace stoker::templates {

inline const Catalogue& real_templates() {
  static const Catalogue catalogue(STOKER_SOURCE_DIR "/examples/templates");
  return catalogue;
}

// "message | hint | field" of what `act` throws.
template <typename Act>
std::string refusal_of(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint + " | " + error.field;
  }
  return "accepted";
}

}  // namespace stoker::templates
