// What the command line has beyond the client's commands: the server and its configuration.
#pragma once

#include "cli/cli.h"

namespace arbiter::server {

// `arbiter serve`.
void add_serve_command(cli::Commands& commands);
// `arbiter api-table`, `arbiter openapi` and `arbiter config-example`: what generated parts of the repository are made
// of. Not in the help.
void add_generator_commands(cli::Commands& commands);
// For `arbiter config check`.
[[nodiscard]] base::Result<void> check_config(const std::string& path);

}  // namespace arbiter::server
