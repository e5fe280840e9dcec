// What the program consists of: the client's command line, the worker behind it, and the server.
#include <cstdio>
#include <exception>

#include "cli/cli.h"
#include "server/commands.h"
#include "server/maintenance_commands.h"
#include "server/transfer_commands.h"

int main(int argc, char** argv) {
  try {
    arbiter::cli::Program program;
    program.commands = {arbiter::server::add_serve_command, arbiter::server::add_maintenance_commands,
                        arbiter::server::add_transfer_commands, arbiter::server::add_generator_commands};
    program.check_config = arbiter::server::check_config;
    return arbiter::cli::run(argc, argv, program);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "arbiter: %s\n", error.what());
    return 1;
  }
}
