// Who this installation is to the clouds: the id in the names and tags of everything it rents.
#pragma once

#include <filesystem>
#include <string>

#include "core/store/database.h"

namespace stoker::store {

// 16 hex digits, made once and kept both in the store and in `file` beside it. Throws conflict when the two differ, or
// when one is missing though machines are recorded: then the store was restored or copied, and to rent or destroy under
// that id could lose or kill what another store is responsible for.
[[nodiscard]] std::string install_id(Database& database, const std::filesystem::path& file);

// What each of them says by itself; empty: nothing. Record nothing. Throw invalid for what is no id.
[[nodiscard]] std::string install_id_in(Database& database);
[[nodiscard]] std::string install_id_in(const std::filesystem::path& file);

}  // namespace stoker::store
