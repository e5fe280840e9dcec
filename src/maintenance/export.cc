#include "maintenance/export.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "maintenance/data_directory.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

// The kinds of entities that end; bulk changes and tasks.
constexpr std::array kEndedKinds{"bulk", "task"};
constexpr std::string_view kTask = "task";
constexpr std::size_t kLookupKeysMax = 100;

// Writes a namespace in an order that can be imported as a stream: an event, then its document; the documents of events
// that retention took stand before the entity that still needs them; the log of a task stands behind it.
class Exporter {
 public:
  Exporter(store::Journal& journal, LineWriter& out, const Progress& progress)
      : journal_(journal), reader_(journal.reader()), out_(out), progress_(progress) {}

  base::Result<ExportCounts> run() {
    for (auto step : {&Exporter::write_events, &Exporter::write_live, &Exporter::write_ended}) {
      if (auto done = (this->*step)(); !done) return fail(std::move(done.error()));
    }
    return counts_;
  }

 private:
  template <typename Line>
  void write(const Line& line) {
    out_.write(base::to_json(line));
    count(line, counts_);
    if (progress_ && out_.lines() % kProgressLines == 0) progress_(out_.lines());
  }

  base::Result<void> write_events() {
    store::EventQuery query{.limit = store::kPageRowsMax};
    for (bool more = true; more;) {
      auto page = reader_.events(query);
      if (!page) return fail(std::move(page.error()));
      oldest_ = page->oldest;
      for (auto& event : page->events) {
        write(EventLine{.position = event.position,
                        .time = event.time,
                        .type = std::move(event.type),
                        .entity = std::move(event.entity),
                        .tags = std::move(event.tags),
                        .data = {std::move(event.data)},
                        .metadata = {std::move(event.metadata)}});
        if (auto written = write_document(event.position); !written) return written;
      }
      query.after = page->scanned_to;
      more = page->more;
    }
    return out_.outcome();
  }

  // Nothing when there is none at that position.
  base::Result<void> write_document(store::Position position) {
    auto document = reader_.document(position);
    if (!document && document.error().code == ErrorCode::kNotFound) return {};
    if (!document) return fail(std::move(document.error()));
    DocumentLine line{.position = position};
    if (!document->spec.empty()) line.spec.emplace(std::move(document->spec));
    if (!document->body.empty()) line.body.emplace(std::move(document->body));
    write(line);
    return out_.outcome();
  }

  // Where an entity may have documents whose events are in the log no more.
  std::set<store::Position> old_documents(store::Position document, store::Position ended,
                                          std::string_view body) const {
    std::set<store::Position> positions{document, ended, result_in(body)};
    positions.erase(0);
    positions.erase(positions.lower_bound(oldest_), positions.end());
    return positions;
  }
  static store::Position result_in(std::string_view body) {
    if (body.find("\"resultDocument\"") == std::string_view::npos) return 0;
    const auto record = base::parse_json(body);
    const auto* last = record && record->is_object() ? record->get_object().if_contains("last") : nullptr;
    const auto* result = last && last->is_object() ? last->get_object().if_contains("resultDocument") : nullptr;
    return result && result->is_int64() ? static_cast<store::Position>(result->get_int64()) : 0;
  }
  base::Result<void> write_documents(const std::set<store::Position>& positions) {
    for (const auto position : positions) {
      if (auto written = write_document(position); !written) return written;
    }
    return {};
  }

  base::Result<void> write_live() {
    std::vector<std::string> tasks;
    std::vector<store::EntityKey> later;  // The reader may not be asked while the journal loads.
    auto loaded = journal_.load([&](const store::LoadedEntity& e) {
      if (e.kind == kTask) tasks.emplace_back(e.id);
      if (!old_documents(e.document, 0, e.body).empty()) {
        later.push_back({std::string(e.kind), std::string(e.id)});
      } else {
        write(LiveLine{.kind = std::string(e.kind),
                       .id = std::string(e.id),
                       .document = e.document,
                       .body = {std::string(e.body)}});
      }
    });
    if (!loaded) return loaded;
    for (std::size_t at = 0; at < later.size(); at += kLookupKeysMax) {
      const auto begin = later.begin() + static_cast<std::ptrdiff_t>(at);
      const auto size = std::min(kLookupKeysMax, later.size() - at);
      if (auto written = write_looked_up({begin, begin + static_cast<std::ptrdiff_t>(size)}); !written) return written;
    }
    for (const auto& task : tasks) {
      if (auto written = write_log(task); !written) return written;
    }
    return out_.outcome();
  }

  base::Result<void> write_looked_up(const std::vector<store::EntityKey>& keys) {
    auto looked_up = reader_.lookup(keys);
    if (!looked_up) return fail(std::move(looked_up.error()));
    for (auto& e : looked_up->found) {
      if (auto written = write_documents(old_documents(e.document_position, 0, e.body)); !written) return written;
      write(LiveLine{.kind = e.key.kind, .id = e.key.id, .document = e.document_position, .body = {std::move(e.body)}});
    }
    return out_.outcome();
  }

  base::Result<void> write_ended() {
    for (const char* kind : kEndedKinds) {
      store::EndedQuery query{.kind = kind, .limit = store::kPageRowsMax};
      for (bool more = true; more;) {
        auto page = reader_.ended(query);
        if (!page) return fail(std::move(page.error()));
        for (auto& entity : page->entities) {
          if (auto written = write_one_ended(kind, std::move(entity)); !written) return written;
        }
        query.before = page->scanned_to;
        more = page->more;
      }
    }
    return out_.outcome();
  }

  base::Result<void> write_one_ended(const std::string& kind, store::EndedEntity&& e) {
    if (auto written = write_documents(old_documents(e.document, e.info.ended_position, e.body)); !written) {
      return written;
    }
    write(EndedLine{.kind = kind,
                    .id = e.id,
                    .ended_position = e.info.ended_position,
                    .ended_at = e.info.ended_at,
                    .state = std::move(e.info.state),
                    .queue = std::move(e.info.queue),
                    .type = std::move(e.info.type),
                    .document = e.document,
                    .body = {std::move(e.body)}});
    return kind == kTask ? write_log(e.id) : out_.outcome();
  }

  base::Result<void> write_log(const std::string& task) {
    std::uint64_t after = 0;
    for (;;) {
      auto page = reader_.log(task, after, store::kPageRowsMax);
      if (!page) return fail(std::move(page.error()));
      for (auto& line : page->lines) {
        write(LogLineLine{.task = task,
                          .sequence = line.sequence,
                          .time = line.time,
                          .attempt = line.attempt,
                          .text = std::move(line.text)});
      }
      if (page->lines.size() == store::kPageRowsMax) {
        after = page->next;
        continue;
      }
      if (page->truncated) write(LogFullLine{.task = task});
      return out_.outcome();
    }
  }

  store::Journal& journal_;
  store::Reader& reader_;
  LineWriter& out_;
  const Progress& progress_;
  ExportCounts counts_;
  store::Position oldest_ = 0;  // in the log
};

// A file that appears under its name when it is whole.
class OutputFile {
 public:
  explicit OutputFile(path file) : file_(std::move(file)), partial_(file_.string() + ".partial") {}
  ~OutputFile() {
    close();
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] base::Result<std::FILE*> open() {
    const int fd = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) out_ = ::fdopen(fd, "wb");
    if (out_ == nullptr) {
      return fail({ErrorCode::kInvalidState, "Could not write " + partial_.string() + ": " + std::strerror(errno)});
    }
    return out_;
  }
  [[nodiscard]] base::Result<void> finish() {
    close();
    if (auto synced = store::system_files().sync_file(partial_); !synced) return synced;
    return put_in_place(partial_, file_);
  }

 private:
  void close() {
    if (out_ != nullptr) (void)std::fclose(std::exchange(out_, nullptr));
  }

  path file_;
  path partial_;
  std::FILE* out_ = nullptr;
};

base::Result<void> check_name(const path& data, const std::string& name) {
  auto names = namespaces_in(data);
  if (!names) return fail(std::move(names.error()));
  if (name == kSystem) {
    return fail({ErrorCode::kInvalidRequest,
                 "The namespace system belongs to its server and cannot be moved; `arbiter "
                 "backup` copies it with all others."});
  }
  if (std::count(names->begin(), names->end(), name) > 0) return {};
  return fail({ErrorCode::kNamespaceUnknown, "There is no namespace " + name + " in " + data.string() + "."});
}

base::Result<std::unique_ptr<ScratchDirectory>> make_scratch(const path& file) {
  std::string name = file.empty() ? (std::filesystem::temp_directory_path() / "arbiter-export-XXXXXX").string()
                                  : file.string() + ".copy-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    return fail(
        {ErrorCode::kInvalidState, "Could not make the directory " + name + " for a copy: " + std::strerror(errno)});
  }
  return std::make_unique<ScratchDirectory>(name);
}

}  // namespace

base::Result<ExportCounts> write_export(store::Journal& journal, const ExportHeader& from, LineWriter& out,
                                        const Progress& progress) {
  out.write(base::to_json(from));
  auto counts = Exporter(journal, out, progress).run();
  if (!counts) return counts;
  out.write(base::to_json(EndLine{.counts = *counts, .sha256 = out.sha256()}));
  out.flush();
  if (!out.outcome()) return fail(out.outcome().error());
  return counts;
}

base::Result<Exported> export_namespace(const path& data, const std::string& name, const path& file,
                                        const base::Clock& clock, const Progress& progress) {
  const path full = file.empty() ? path() : std::filesystem::absolute(file).lexically_normal();
  if (auto known = check_name(data, name); !known) return fail(std::move(known.error()));
  if (!full.empty() && std::filesystem::exists(full)) {
    return fail({ErrorCode::kInvalidState, full.string() + " is there already. Name a file that does not exist."});
  }
  auto scratch = make_scratch(full);
  if (!scratch) return fail(std::move(scratch.error()));
  const path& copy = (*scratch)->path();
  auto store = store::open_sqlite_store(copy, {.synchronous = store::Synchronous::kOff});
  if (!store) return fail(std::move(store.error()));
  ExportHeader header{.arbiter_version = ARBITER_VERSION, .name = name, .exported_at = clock.wall()};
  auto copied = store::sqlite::copy_database(file_of(data, name), file_of(copy, name));
  if (!copied) return fail(std::move(copied.error()));
  auto journal = (*store)->open(name, copied->seed);
  if (!journal) return fail(std::move(journal.error()));
  header.position = static_cast<std::int64_t>((*journal)->state().head);

  std::optional<OutputFile> output;
  std::FILE* stream = stdout;
  if (!full.empty()) {
    auto opened = output.emplace(full).open();
    if (!opened) return fail(std::move(opened.error()));
    stream = *opened;
  }
  LineWriter lines(stream, full.empty() ? "stdout" : full.string());
  auto counts = write_export(**journal, header, lines, progress);
  if (!counts) return fail(std::move(counts.error()));
  if (output) {
    if (auto finished = output->finish(); !finished) return fail(std::move(finished.error()));
  }
  return Exported{name, full.string(), header.position, header.exported_at, lines.bytes(), *counts};
}

}  // namespace arbiter::maintenance
