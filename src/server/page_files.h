// The files of the dashboard that this program was built with. web/CMakeLists.txt makes them.
#pragma once

#include <span>

#include "api/page.h"

namespace arbiter::server {

[[nodiscard]] std::span<const api::PageFile> page_files();

}  // namespace arbiter::server
