#include "server/maintenance_commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "cli/fields.h"
#include "cli/table.h"
#include "client/endpoint.h"
#include "maintenance/backup.h"
#include "maintenance/doctor.h"
#include "maintenance/restore.h"
#include "server/config.h"

namespace arbiter::server {
namespace {

using base::fail;
using base::Result;
namespace json = boost::json;

std::string data_of(const cli::Context& context) { return client::data_directory(context.settings); }

json::value shown(const auto& what) { return *base::parse_json(base::to_json(what)); }

std::string entries_table(const json::value& value, const char* what, bool colours) {
  cli::Table table({"NAMESPACE", ">POSITION", ">BYTES"});
  for (const auto& one : value.as_object().at("namespaces").as_array()) {
    table.add({cli::text(one, "name"), cli::text(one, "position"), cli::text(one, "bytes")});
  }
  return table.text(colours) + "\n" + what;
}

struct Paths {
  std::string backup;
  bool replace = false;
  bool check = false;
};

Result<int> run_backup(cli::Context& context, const Paths& paths) {
  const base::SystemClock clock;
  auto manifest = maintenance::back_up(data_of(context), paths.backup, clock);
  if (!manifest) return fail(manifest.error());
  context.show(shown(*manifest), [&](const json::value& value) {
    return entries_table(value, ("Written to " + paths.backup + ", checked and loaded.").c_str(), context.colours());
  });
  return 0;
}

Result<int> run_check(cli::Context& context, const Paths& paths) {
  auto manifest = maintenance::verify_backup(paths.backup);
  if (!manifest) return fail(manifest.error());
  context.show(shown(*manifest), [&](const json::value& value) {
    return entries_table(value, ("The backup of " + cli::text(value, "beganAt") + " is whole.").c_str(),
                         context.colours());
  });
  return 0;
}

Result<int> run_restore(cli::Context& context, const Paths& paths) {
  if (paths.check) return run_check(context, paths);
  const base::SystemClock clock;
  auto restored = maintenance::restore(paths.backup, data_of(context), paths.replace, clock);
  if (!restored) return fail(restored.error());
  context.show(shown(*restored), [&](const json::value& value) {
    cli::Table table({"NAMESPACE", ">BACKED UP TO", ">GOES ON AFTER", ">LEASES TAKEN BACK"});
    for (const auto& one : value.as_object().at("namespaces").as_array()) {
      table.add({cli::text(one, "name"), cli::text(one, "backupPosition"), cli::text(one, "position"),
                 cli::text(one, "leasesReturned")});
    }
    std::string said = table.text(context.colours()) + "\nRestored to " + restored->data + ".";
    if (!restored->replaced.empty()) said += " What was there before is kept in " + restored->replaced + ".";
    return said;
  });
  return 0;
}

// Per open namespace: its database, log and index of the log for one that commits and up to three that read.
constexpr std::int64_t kFilesPerNamespace = 10;

struct Examination {
  bool verify = false;
  std::string config_file;
};

Result<int> run_doctor(cli::Context& context, const Examination& wanted) {
  const base::SystemClock clock;
  maintenance::Diagnosis diagnosis;
  std::string file = wanted.config_file;
  if (const char* named = std::getenv("ARBITER_CONFIG"); file.empty() && named) file = named;
  const auto config = load_config(file, [](const char* name) { return std::getenv(name); }, {});
  maintenance::DoctorOptions options{data_of(context), wanted.verify, 0};
  if (config) {
    if (context.settings.data_directory.empty()) options.data = config->data;
    options.open_files =
        config->open_namespaces_max * kFilesPerNamespace + static_cast<std::int64_t>(config->http.connections_max);
  }
  diagnosis = maintenance::examine(options, clock);
  if (config) {
    maintenance::add(diagnosis, {"configuration", maintenance::Verdict::kOk, file.empty() ? "no file" : file, {}});
  } else {
    maintenance::add(diagnosis, {"configuration", maintenance::Verdict::kFailed, config.error().message,
                                 "`arbiter config check FILE` checks it again."});
  }
  context.show(shown(diagnosis), [&](const json::value& value) {
    cli::Table table({"CHECK", "VERDICT", "DETAIL"});
    std::string advice;
    for (const auto& one : value.as_object().at("findings").as_array()) {
      table.add({cli::text(one, "check"), cli::text(one, "verdict"), cli::text(one, "detail")});
      if (cli::text(one, "verdict") == "ok") continue;
      advice += "\n" + cli::text(one, "check") + ": " + cli::text(one, "advice");
    }
    return table.text(context.colours()) + advice;
  });
  return diagnosis.verdict == maintenance::Verdict::kFailed ? 1 : 0;
}

}  // namespace

void add_maintenance_commands(cli::Commands& commands) {
  cli::Context& context = commands.context();
  auto paths = std::make_shared<Paths>();
  commands
      .add("backup",
           {"Copy a data directory, also while its server works; the copy is checked and loaded",
            "  arbiter --data /var/lib/arbiter backup /backups/monday"},
           [&context, paths] { return run_backup(context, *paths); })
      ->add_option("target", paths->backup, "The directory to make; it must not exist")
      ->required();
  auto wanted = std::make_shared<Examination>();
  auto* doctor = commands.add(
      "doctor",
      {"What is wrong with a data directory and its machine, and what to do; needs no server, and may run beside one",
       "  arbiter doctor\n  arbiter --data /var/lib/arbiter doctor --verify\n  arbiter --data /backups/monday doctor "
       "--verify"},
      [&context, wanted] { return run_doctor(context, *wanted); });
  doctor->add_flag("--verify", wanted->verify, "Read every database wholly: pages, indexes, positions, live records");
  doctor->add_option("--config", wanted->config_file, "The server's configuration file [ARBITER_CONFIG]")
      ->type_name("FILE");
  auto* restore = commands.add(
      "restore",
      {"Make a backup the data of a stopped server; leases and positions given out before are not valid any more",
       "  arbiter restore /backups/monday --check\n  arbiter --data /var/lib/arbiter restore /backups/monday "
       "--replace"},
      [&context, paths] { return run_restore(context, *paths); });
  restore->add_option("backup", paths->backup, "What `arbiter backup` made")->required();
  restore->add_flag("--replace", paths->replace,
                    "The data directory has data: keep them aside and put the backup there");
  restore->add_flag("--check", paths->check, "Only read all of the backup and say whether it is whole");
}

}  // namespace arbiter::server
