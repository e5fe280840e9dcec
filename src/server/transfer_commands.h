// arbiter export, import: a namespace as a file, without a server's help.
#pragma once

#include "cli/cli.h"

namespace arbiter::server {

void add_transfer_commands(cli::Commands& commands);

}  // namespace arbiter::server
