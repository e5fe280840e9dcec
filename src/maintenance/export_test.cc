// Exports: all that a store holds comes back from them, whatever store it is; what is not whole is refused; and what
// was given out in the old place is not valid in the new one.
#include "maintenance/export.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "maintenance/data_directory.h"
#include "maintenance/export_reader.h"
#include "maintenance/import.h"
#include "maintenance/import_writer.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/database_file.h"
#include "tests/support/data_stage.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using std::filesystem::path;
using store::Position;
using ::testing::HasSubstr;

constexpr Position kGapFrom = 8;
constexpr Position kGapTo = 5'000;
constexpr int kMany = 2'500;  // more than a page, and than a batch of an import

store::EventRow event(Position at, std::int64_t ms, const std::string& entity) {
  return {at, {ms}, "TASK.TESTED.SUCCESS", entity, {"worker:w1", "a\"b"}, R"({"n":-0,"f":1.10})", R"({"actor":"ä"})"};
}

// Long, with everything that JSON escapes, and numbers that a parser would write in another way.
std::string large_json(const std::string& name) {
  return R"({"x":"\u0000\n\"\\ü","n":[-0,1.10,1e2],")" + name + R"(":")" + std::string(20'000, 'y') + R"("})";
}

void commit(store::Journal& journal, store::Batch batch) {
  batch.epoch = journal.state().epoch;
  const auto written = journal.commit(batch);
  ASSERT_TRUE(written) << written.error().message;
}

store::EndedInfo ended_at(Position position, std::int64_t ms) { return {position, {ms}, "completed", "q", "build"}; }

// A namespace with everything that the contract knows: large documents, tasks that ended, one that ended and is held
// for others, documents whose events are gone, full logs, a gap, and more of each than fits into a page.
void fill(store::Journal& journal) {
  store::Batch old;
  for (Position at = 1; at <= kGapFrom; ++at) old.events.push_back(event(at, 10, "task:old" + std::to_string(at)));
  old.events[2].entity = "task:ended";
  old.events[3].entity = "task:ended";
  old.events[4].entity = "task:held";
  old.documents = {{1, R"({"id":"old1"})", large_json("payload")},
                   {3, R"({"id":"ended"})", "1"},
                   {4, "", large_json("result")},
                   {5, R"({"id":"held"})", ""},
                   {6, "", large_json("held")}};
  old.events[5].entity = "task:held";
  old.puts = {
      {.kind = "task", .id = "old1", .body = R"({"state":"queued"})", .document = 1},
      {.kind = "task", .id = "held", .body = R"({"state":"completed","last":{"resultDocument":6}})", .document = 5},
      {.kind = "task", .id = "ended", .body = "{}", .document = 3, .ended = ended_at(4, 1'000)},
      {.kind = "bulk", .id = "b1", .body = R"({"n":1.0})", .ended = ended_at(7, 1'000)},
      {.kind = "queue", .id = "q", .body = R"({"paused":true})"}};
  old.logs = {{"old1", {{0, {11}, 1, "first\n\x01"}, {0, {12}, 2, "ä"}}}, {"ended", {}}};
  for (int i = 0; i < kMany; ++i) old.logs.front().lines.push_back({0, {i}, 3, "line " + std::to_string(i)});
  for (int i = 0; i < 11; ++i) old.logs.back().lines.push_back({0, {i}, 1, std::string(1'000'000, 'l')});
  commit(journal, std::move(old));
  ASSERT_TRUE(journal.skip_to(kGapTo, journal.state().epoch + 5));
  store::Batch recent;
  for (int i = 1; i <= kMany; ++i) {
    const Position at = kGapTo + static_cast<Position>(i);
    const std::string id = "many" + std::to_string(i);
    recent.events.push_back(event(at, 1'000 + i, "task:" + id));
    recent.documents.push_back({at, R"({"id":")" + id + R"("})", std::to_string(i)});
    store::EntityPut put{.kind = "task", .id = id, .body = "{}", .document = at};
    if (i % 2 == 0) put.ended = ended_at(at, 1'000 + i);
    recent.puts.push_back(std::move(put));
    recent.logs.push_back({id, {{0, {i}, 1, "line"}}});
  }
  commit(journal, std::move(recent));
  store::IdempotencyRecord key{"key", "f", 200, "{}", {1'000'000}};
  store::Batch idempotency;
  idempotency.idempotency.push_back(key);
  commit(journal, std::move(idempotency));
  // The events up to the seventh go; what still has an entity keeps its documents.
  store::RetentionLimits limits;
  limits.ended_before = {500};
  limits.keep_events_from = kGapFrom;
  for (bool more = true; more;) more = *journal.retain(limits);
}

void add_logs(store::Reader& reader, const std::string& task, std::vector<std::string>& out) {
  for (std::uint64_t after = 0;;) {
    const auto page = reader.log(task, after, store::kPageRowsMax);
    for (const auto& line : page->lines) {
      out.push_back("log " + task + std::to_string(line.sequence) + " " + std::to_string(line.time.ms) + " " +
                    std::to_string(line.attempt) + line.text);
    }
    if (page->lines.size() < store::kPageRowsMax) return out.push_back("full " + std::to_string(page->truncated));
    after = page->next;
  }
}

// All that the contract tells, but for idempotency records.
std::vector<std::string> contents(store::Journal& journal) {
  std::vector<std::string> out;
  auto& reader = journal.reader();
  store::EventQuery events{.limit = store::kPageRowsMax};
  for (bool more = true; more;) {
    const auto page = reader.events(events);
    for (const auto& e : page->events) {
      out.push_back(std::to_string(e.position) + " " + std::to_string(e.time.ms) + e.type + e.entity + e.data +
                    e.metadata + ::testing::PrintToString(e.tags));
    }
    events.after = page->scanned_to;
    more = page->more;
  }
  for (Position at = 1; at <= journal.state().head; ++at) {
    if (const auto document = reader.document(at)) {
      out.push_back("document " + std::to_string(at) + document->spec + "|" + document->body);
    }
  }
  std::vector<std::string> tasks;
  EXPECT_TRUE(journal.load([&](const store::LoadedEntity& e) {
    if (e.kind == "task") tasks.emplace_back(e.id);
    out.push_back("live " + std::string(e.kind) + " " + std::string(e.id) + std::string(e.body) +
                  std::to_string(e.document) + std::string(e.spec) + std::to_string(e.document_bytes));
  }));
  for (const char* kind : {"task", "bulk"}) {
    store::EndedQuery query{.kind = kind, .limit = store::kPageRowsMax};
    for (bool more = true; more;) {
      const auto page = reader.ended(query);
      for (const auto& e : page->entities) {
        tasks.push_back(e.id);
        out.push_back(std::string("ended ") + kind + " " + e.id + e.body + std::to_string(e.document) + " " +
                      std::to_string(e.info.ended_position) + " " + std::to_string(e.info.ended_at.ms) + e.info.state +
                      e.info.queue + e.info.type);
      }
      query.before = page->scanned_to;
      more = page->more;
    }
  }
  for (const auto& task : tasks) add_logs(reader, task, out);
  return out;
}

class Exports : public arbiter::testing::DataStage {
 protected:
  path file() const { return directory_ / "export.jsonl"; }

  // Of any store's journal.
  void write_lines(store::Journal& journal) {
    std::FILE* out = std::fopen(file().c_str(), "wb");
    ExportHeader header{.name = "n", .position = static_cast<std::int64_t>(journal.state().head)};
    LineWriter lines(out, "out");
    const auto written = write_export(journal, header, lines, {});
    ASSERT_TRUE(written) << written.error().message;
    std::fclose(out);
  }
  void read_lines(store::Journal& journal) {
    ImportWriter writer(journal);
    const auto read = read_export(file(), [&](ExportLine&& line) { return writer.take(std::move(line)); }, {});
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(writer.finish());
  }
  void expect_same(store::Journal& from, store::Journal& to) {
    write_lines(from);
    read_lines(to);
    EXPECT_EQ(to.state().head, from.state().head);
    const auto wanted = contents(from);
    const auto found = contents(to);
    EXPECT_GT(wanted.size(), 4'000u);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(found[i].substr(0, 9'000), wanted[i].substr(0, 9'000));
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(to.reader().events({.after = kGapTo - 1})->lost_after, kGapFrom);
    int kept = 0;
    EXPECT_TRUE(to.load_idempotency([&](const auto&) { ++kept; }));
    EXPECT_EQ(kept, 0) << "they are answers to the clients of another place";
  }

  base::Result<Exported> export_it(const std::string& name = "default") {
    return export_namespace(data(), name, file(), clock_, {});
  }
  base::Result<Imported> import_it(const std::string& name) {
    return import_namespace(file(), data(), name, clock_, {});
  }

  // Refused by the check and by the import, and nothing of it stays.
  void expect_unusable(const std::string& text, ErrorCode code, const std::string& why) {
    write(file(), text);
    const auto checked = check_export(file(), {});
    ASSERT_FALSE(checked) << why;
    EXPECT_EQ(checked.error().code, code) << checked.error().message;
    EXPECT_THAT(checked.error().message, HasSubstr(why));
    const auto imported = import_it("moved");
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().message, checked.error().message);
    EXPECT_FALSE(std::filesystem::exists(in_namespaces("moved.db")));
    EXPECT_FALSE(std::filesystem::exists(data() / "importing"));
  }
};

TEST_F(Exports, HoldAllThatAMemoryStoreHolds) {
  store::MemoryStore memory;
  auto from = std::move(*memory.open("from", 1));
  fill(*from);
  open("to");
  expect_same(*from, *journals_["to"]);
  EXPECT_TRUE(store::sqlite::check_database(in_namespaces("to.db")));
}

TEST_F(Exports, HoldAllThatAnSqliteStoreHolds) {
  open("from");
  fill(*journals_["from"]);
  store::MemoryStore memory;
  std::size_t batches = 0;
  memory.set_fault_hook([&](const store::Batch& batch) {
    ++batches;
    std::size_t lines = 0;
    for (const auto& log : batch.logs) lines += log.lines.size();
    EXPECT_LE(batch.events.size() + batch.puts.size() + lines, kImportBatchRowsMax);
    return store::Fault::kNone;
  });
  auto to = std::move(*memory.open("to", 1));
  expect_same(*journals_["from"], *to);
  EXPECT_GT(batches, 3u);
}

TEST_F(Exports, BecomeANamespaceInWhichNothingFromBeforeIsValid) {
  const std::string text = R"(,"payload":{"t":")" + std::string(10'000, 'p') + R"("})";
  run("default", spec("large", text));
  run("default", completion("t1", lease()));
  const std::string held = lease();
  const auto before = journals_["default"]->state();
  const auto exported = export_it();
  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_EQ(exported->position, static_cast<std::int64_t>(before.head));
  run("default", spec("later"));
  close();

  const auto imported = import_it("moved");
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->leases_returned, 1);
  EXPECT_EQ(imported->exported_position, exported->position);
  EXPECT_EQ(imported->counts, exported->counts);
  EXPECT_TRUE(imported->in_catalogue);
  EXPECT_FALSE(std::filesystem::exists(data() / "importing"));

  open();
  open("moved");
  const auto names = run("system", core::ListNamespaces{});
  EXPECT_EQ(std::get<core::NamespaceList>(names).items.size(), 2u);
  auto& moved = *journals_["moved"];
  EXPECT_GT(moved.state().epoch, before.epoch);
  EXPECT_EQ(moved.reader().events({.after = before.head + 1})->lost_after, before.head);
  const auto restored = moved.reader().events({.types = {"SERVER.RESTORED.SUCCESS"}});
  ASSERT_EQ(restored->events.size(), 1u);
  EXPECT_THAT(restored->events[0].data, HasSubstr("from the export of namespace default of"));
  const auto found = moved.reader().lookup({{"task", "t1"}, {"task", "large"}, {"task", "later"}});
  ASSERT_EQ(found->found.size(), 2u);
  EXPECT_TRUE(found->found[0].ended);

  const auto late = ask("moved", completion("large", held));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kStaleLease);
  const std::string again = lease("moved");
  EXPECT_GT(std::stoll(again), std::stoll(held) + 1'000'000);
  EXPECT_FALSE(ask("moved", completion("large", held)));
  run("moved", completion("large", again));
  run("default", completion("large", held));  // In its own place it is as valid as ever.
}

TEST_F(Exports, ThatAreNotWholeAreRefused) {
  run("default", spec("t2"));
  ASSERT_TRUE(export_it());
  const std::string whole = read(file());
  const auto lines = std::count(whole.begin(), whole.end(), '\n');
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const auto last = whole.rfind('\n', whole.size() - 2) + 1;
  expect_unusable("", ErrorCode::kInvalidState, "is empty");
  expect_unusable("PRAGMA foreign_keys=OFF;\n", ErrorCode::kInvalidState, "no export of Arbiter");
  expect_unusable(changed(R"("arbiter-export")", R"("arbiter-backup")"), ErrorCode::kInvalidState, "no export");
  expect_unusable(changed(R"("version":1)", R"("version":2)"), ErrorCode::kInvalidState,
                  "another format version than 1");
  expect_unusable(whole.substr(0, last), ErrorCode::kInvalidState, "truncated: its last line is missing");
  expect_unusable(whole.substr(0, whole.size() - 1), ErrorCode::kInvalidState, "has no end");
  expect_unusable(whole.substr(0, whole.size() / 2), ErrorCode::kInvalidState, "truncated");
  expect_unusable(changed(R"("t2")", R"("t3")"), ErrorCode::kIoError, "SHA-256");
  expect_unusable(changed(R"({"record":"event","position":2)", R"({"record":"event","position":2,)"),
                  ErrorCode::kIoError, "Line 4 of " + file().string() + " cannot be used: it is not valid JSON");
  expect_unusable(changed(R"("data":{)", R"("data":[)"), ErrorCode::kIoError, "field data is not valid JSON");
  expect_unusable(changed(R"("record":"live")", R"("record":"dead")"), ErrorCode::kIoError, "unknown kind, dead");
  expect_unusable(changed(R"("kind":"task",)", ""), ErrorCode::kIoError, "kind is required");
  expect_unusable(changed(R"("kind":"task",)", R"("kind":"task","more":1,)"), ErrorCode::kIoError,
                  "more is not a known");
  expect_unusable(changed(R"("position":2,"time")", R"("position":1,"time")"), ErrorCode::kIoError,
                  "does not lie between");
  expect_unusable(changed(R"("position":2,"time")", R"("position":9,"time")"), ErrorCode::kIoError,
                  "does not lie between");
  expect_unusable(changed(R"("counts":{"event":2)", R"("counts":{"event":3)"), ErrorCode::kIoError, "other numbers");
  expect_unusable(whole + "{}\n", ErrorCode::kIoError, "behind its last line");
  write(file(), whole);
  const auto checked = check_export(file(), {});
  ASSERT_TRUE(checked) << checked.error().message;
  const auto& c = checked->counts;
  EXPECT_EQ(c.event + c.live + c.ended + c.document + c.log + c.log_full + 2, lines);
  EXPECT_TRUE(import_it("moved"));
}

TEST_F(Exports, WithRecordsThatCannotBeLoadedLeaveNothing) {
  close();
  store_ = std::move(*store::open_sqlite_store(data()));
  open("default");
  store::Batch batch;
  batch.puts = {{.kind = "task", .id = "t1", .body = R"({"state":"nowhere"})", .document = 1}};
  commit(*journals_["default"], std::move(batch));
  ASSERT_TRUE(export_it());
  const auto imported = import_it("moved");
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().message, HasSubstr("cannot be loaded"));
  EXPECT_FALSE(std::filesystem::exists(in_namespaces("moved.db")));
}

TEST_F(Exports, NeverTakeAPlaceThatIsTaken) {
  ASSERT_TRUE(export_it());
  EXPECT_THAT(export_it().error().message, HasSubstr("is there already"));
  EXPECT_EQ(import_it("default").error().code, ErrorCode::kInvalidState);
  EXPECT_THAT(import_it("default").error().message, HasSubstr("Import under another name"));
  // A log without its database would be read as that of the new one.
  write(in_namespaces("moved.db-wal"), "");
  EXPECT_EQ(import_it("moved").error().code, ErrorCode::kInvalidState);
  std::filesystem::remove(in_namespaces("moved.db-wal"));
  // Made by somebody else after the import looked: the name is given at once or not at all.
  write(directory_ / "finished", "new");
  write(in_namespaces("moved.db"), "old");
  EXPECT_EQ(put_in_place(directory_ / "finished", in_namespaces("moved.db")).error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(read(in_namespaces("moved.db")), "old");
}

TEST_F(Exports, AreRefusedWhereTheyMakeNoSense) {
  EXPECT_EQ(export_it("system").error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(export_it("nobody").error().code, ErrorCode::kNamespaceUnknown);
  EXPECT_FALSE(std::filesystem::exists(file()));
  ASSERT_TRUE(export_it());
  EXPECT_EQ(import_it("system").error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(import_it("no name").error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(import_namespace(file(), directory_ / "nowhere", "moved", clock_, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(check_export(directory_ / "nothing", {}).error().code, ErrorCode::kNotFound);
  const auto left =
      std::distance(std::filesystem::directory_iterator(directory_), std::filesystem::directory_iterator());
  EXPECT_EQ(left, 2) << "the data and the export";
}

TEST_F(Exports, AreImportedBesideAServerWhichIsToBeTold) {
  ASSERT_TRUE(export_it());
  const auto imported = import_it("moved");  // `store_` owns the data directory.
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_FALSE(imported->in_catalogue);
  open("moved");
  EXPECT_EQ(journals_["moved"]->reader().lookup({{"task", "t1"}})->found.size(), 1u);
}

TEST_F(Exports, WithRecordsThatDoNotFitTogetherAreRefused) {
  store::MemoryStore memory;
  auto journal = std::move(*memory.open("n", 1));
  const auto refusal = [&](const std::vector<ExportLine>& lines) {
    ImportWriter writer(*journal);
    base::Result<void> done;
    for (auto line : lines) {
      if (done) done = writer.take(std::move(line));
    }
    if (done) done = writer.finish();
    return done ? std::string("none") : done.error().message;
  };
  const ExportLine task = LiveLine{.kind = "task", .id = "a", .body = {"{}"}};
  EXPECT_THAT(refusal({task, task}), HasSubstr("task a came before"));
  EXPECT_THAT(refusal({DocumentLine{.position = 1}}), HasSubstr("belong to nothing"));
  EXPECT_THAT(refusal({DocumentLine{.position = 1}, EventLine{.position = 9}}), HasSubstr("belong to nothing"));
  std::vector<ExportLine> documents{task};
  for (Position at = 1; at <= kLooseDocumentsMax + 1; ++at) documents.emplace_back(DocumentLine{.position = at});
  EXPECT_THAT(refusal(documents), HasSubstr("too many documents"));
  documents.pop_back();
  EXPECT_EQ(refusal(documents), "none");
}

TEST_F(Exports, HaveLinesOfALimitedLength) {
  constexpr std::size_t kMax = std::size_t{3} * 1024 * 1024;
  const std::string longest(kMax, 'a');
  std::FILE* out = std::fopen(file().c_str(), "wb");
  LineWriter lines(out, "out", kMax);
  lines.write(longest);
  EXPECT_TRUE(lines.outcome());
  lines.write(longest + "a");
  ASSERT_FALSE(lines.outcome());
  EXPECT_EQ(lines.outcome().error().code, ErrorCode::kTooLarge);
  std::fclose(out);
  write(file(), longest + "\nshort\n" + longest + "a\n");
  std::FILE* in = std::fopen(file().c_str(), "rb");
  LineReader reader(in, "in", kMax);
  for (const std::string& wanted : {longest, std::string("short")}) {
    const auto line = reader.next();
    ASSERT_TRUE(line && *line);
    EXPECT_EQ(**line, wanted);
  }
  EXPECT_EQ(reader.next().error().code, ErrorCode::kTooLarge);
  std::fclose(in);
}

}  // namespace
}  // namespace arbiter::maintenance
