#include "server/transfer_commands.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/fields.h"
#include "cli/table.h"
#include "client/endpoint.h"
#include "maintenance/export.h"
#include "maintenance/import.h"

namespace arbiter::server {
namespace {

using base::fail;
using base::Result;
namespace json = boost::json;

constexpr std::string_view kStream = "-";  // stdin or stdout

struct Transfer {
  std::string name;
  std::string file;
  bool check = false;
};

json::value shown(const auto& what) { return *base::parse_json(base::to_json(what)); }

// Says on a terminal how far it is, in one line that is wiped out at the end.
class ProgressLine {
 public:
  explicit ProgressLine(const char* what) : what_(what) {}
  ~ProgressLine() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  [[nodiscard]] maintenance::Progress callback() {
    if (::isatty(STDERR_FILENO) == 0) return {};
    return [this](std::int64_t lines) {
      shown_ = true;
      std::fprintf(stderr, "\r%s %lld lines", what_, static_cast<long long>(lines));
    };
  }

 private:
  const char* what_;
  bool shown_ = false;
};

std::string counts_table(const json::value& counts, bool colours) {
  cli::Table table({">EVENTS", ">LIVE", ">ENDED", ">DOCUMENTS", ">LOG LINES"});
  table.add({cli::text(counts, "event"), cli::text(counts, "live"), cli::text(counts, "ended"),
             cli::text(counts, "document"), cli::text(counts, "log")});
  return table.text(colours);
}

Result<int> run_export(cli::Context& context, const Transfer& wanted) {
  const base::SystemClock clock;
  const std::string file = wanted.file == kStream ? "" : wanted.file;
  auto exported = [&] {
    ProgressLine progress("Exported");
    return maintenance::export_namespace(client::data_directory(context.settings), wanted.name, file, clock,
                                         progress.callback());
  }();
  if (!exported) return fail(exported.error());
  if (file.empty()) {
    // stdout has the export.
    std::fprintf(stderr, "Exported the namespace %s up to position %lld.\n", wanted.name.c_str(),
                 static_cast<long long>(exported->position));
    return 0;
  }
  context.show(shown(*exported), [&](const json::value& value) {
    return counts_table(value.at("counts"), context.colours()) + "\nThe namespace " + wanted.name + " up to position " +
           cli::text(value, "position") + " is in " + file + ".";
  });
  return 0;
}

Result<int> run_check(cli::Context& context, const std::string& file) {
  auto checked = [&] {
    ProgressLine progress("Checked");
    return maintenance::check_export(file, progress.callback());
  }();
  if (!checked) return fail(checked.error());
  context.show(shown(*checked), [&](const json::value& value) {
    const auto& header = value.at("header");
    return counts_table(value.at("counts"), context.colours()) + "\nThe export of the namespace " +
           cli::text(header, "name") + " of " + cli::text(header, "exportedAt") + " is whole.";
  });
  return 0;
}

// The server of the data directory puts the namespace into its catalogue, and opens it.
Result<void> tell_server(cli::Context& context, const maintenance::Imported& imported) {
  context.settings.data_directory = imported.data;
  context.settings.url = client::url_in(imported.data);
  const std::string token = imported.data + "/admin.token";
  if (context.settings.token_file.empty() && ::access(token.c_str(), R_OK) == 0) context.settings.token_file = token;
  auto told = context.post("/api/v1/namespaces", {{"name", imported.name}});
  if (told) return {};
  auto why = told.error();
  why.message = "The namespace " + imported.name + " is in " + imported.data +
                ", but the server that runs there could not be told: " + why.message +
                " Tell it: arbiter namespace create " + imported.name;
  return fail(std::move(why));
}

Result<int> run_import(cli::Context& context, const Transfer& wanted) {
  if (wanted.check) return run_check(context, wanted.file.empty() ? wanted.name : wanted.file);
  if (wanted.file.empty()) {
    return fail(
        {base::ErrorCode::kInvalidRequest, "Name the new namespace and the file: arbiter import NAMESPACE FILE"});
  }
  const base::SystemClock clock;
  auto imported = [&] {
    ProgressLine progress("Imported");
    return maintenance::import_namespace(wanted.file, client::data_directory(context.settings), wanted.name, clock,
                                         progress.callback());
  }();
  if (!imported) return fail(imported.error());
  if (!imported->in_catalogue) {
    if (auto told = tell_server(context, *imported); !told) return fail(told.error());
    imported->in_catalogue = true;
  }
  context.show(shown(*imported), [&](const json::value& value) {
    cli::Table table({"NAMESPACE", "FROM", ">EXPORTED UP TO", ">GOES ON AFTER", ">LEASES TAKEN BACK"});
    table.add({cli::text(value, "name"), cli::text(value, "exportedNamespace"), cli::text(value, "exportedPosition"),
               cli::text(value, "position"), cli::text(value, "leasesReturned")});
    return table.text(context.colours()) + "\nImported into " + imported->data + ".";
  });
  return 0;
}

}  // namespace

void add_transfer_commands(cli::Commands& commands) {
  cli::Context& context = commands.context();
  auto wanted = std::make_shared<Transfer>();
  auto* exports = commands.add(
      "export",
      {"Write a namespace to a file of JSON lines, also while its server works; for `arbiter import`, and for other "
       "programs",
       "  arbiter export team-a team-a.jsonl\n"
       "  arbiter --data /var/lib/arbiter export team-a | gzip > team-a.jsonl.gz\n"
       "  arbiter export team-a | jq -c 'select(.record == \"event\")'"},
      [&context, wanted] { return run_export(context, *wanted); });
  exports->add_option("namespace", wanted->name, "The namespace")->required();
  exports->add_option("file", wanted->file, "The file to make; it must not exist. Without it, or as -: stdout");
  auto* imports = commands.add(
      "import",
      {"Make a new namespace of an export, also while the server works; leases and positions given out before are not "
       "valid in it",
       "  arbiter import --check team-a.jsonl\n"
       "  arbiter --data /var/lib/arbiter import team-b team-a.jsonl\n"
       "  gunzip < team-a.jsonl.gz | arbiter import team-b -"},
      [&context, wanted] { return run_import(context, *wanted); });
  imports->add_option("namespace", wanted->name, "The namespace to make; it must not exist. Left out with --check")
      ->required();
  imports->add_option("file", wanted->file, "What `arbiter export` wrote; - is stdin");
  imports->add_flag("--check", wanted->check, "Only read all of the export and say whether it is whole");
}

}  // namespace arbiter::server
