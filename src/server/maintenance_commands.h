// arbiter backup, restore, doctor: commands that work on data directories, without a server's help.
#pragma once

#include "cli/cli.h"

namespace arbiter::server {

void add_maintenance_commands(cli::Commands& commands);

}  // namespace arbiter::server
