// The tables, and the steps from every older schema to this one.
#pragma once

#include <filesystem>

#include "core/store/database.h"

namespace stoker::store {

// Throws invalid when the file is another program's or from a newer stoker; changes nothing.
void require_known_schema(Connection& connection, const std::filesystem::path& file);

// Brings the file to Database::kSchemaVersion, each step in a transaction of its own.
void migrate(Connection& connection);

}  // namespace stoker::store
