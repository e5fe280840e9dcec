// Blobs: written before they are referred to, whole as long as they are, gone when nobody needs them.
#include "contract.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;

constexpr std::size_t kChunk = 1'000;

std::string bytes(std::size_t size, char first = 'a') {
  std::string out(size, first);
  for (std::size_t i = 0; i < size; i += 7) out[i] = static_cast<char>(i % 256);
  return out;
}

// Writes `content` in chunks, as a client does.
void write(Bench& bench, const std::string& blob, const std::string& content) {
  for (std::size_t at = 0; at < content.size(); at += kChunk) {
    const auto chunk = std::string_view(content).substr(at, kChunk);
    const auto written = bench.journal().append({blob, at, chunk, bench.now});
    ASSERT_TRUE(written) << written.error().message;
  }
}

base::Result<void> refer(Bench& bench, const std::string& task, const std::string& blob, std::uint64_t size) {
  Batch batch = bench.batch();
  bench.event(batch, "TASK.STARTED.SUCCESS", "task:" + task);
  batch.puts.push_back(live_task(task, "{}"));
  batch.blobs.push_back({blob, size, {"task", task}});
  return bench.commit(batch);
}

// Reads it in parts that fit no chunk.
std::string read(Bench& bench, const std::string& blob) {
  std::string content;
  while (true) {
    const auto part = bench.reader().blob(blob, content.size(), 700);
    if (!part) return "error: " + part.error().message;
    content += part->bytes;
    if (content.size() == part->size) return content;
    if (part->bytes.empty()) return "it ends too early";
  }
}

bool is_there(Bench& bench, const std::string& blob) {
  const auto part = bench.reader().blob(blob, 0, 1);
  EXPECT_TRUE(part || part.error().code == ErrorCode::kNotFound);
  return part.has_value();
}

void collect(Bench& bench, base::Timestamp before) {
  const RetentionLimits limits{.ended_before = {0}, .now = {0}, .rows_max = 60, .blobs_before = before};
  for (int steps = 0; steps < 1'000; ++steps) {
    const auto more = bench.journal().retain(limits);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) return;
  }
  FAIL() << "The collection does not come to an end.";
}

TEST_P(StoreContract, ABlobIsReadAsItWasWritten) {
  Bench bench(*store_);
  const std::string content = bytes(4'321);
  write(bench, "output", content);
  EXPECT_EQ(read(bench, "output"), content);
  ASSERT_TRUE(refer(bench, "t", "output", content.size()));
  bench.reopen();
  EXPECT_EQ(read(bench, "output"), content);
  EXPECT_EQ(bench.reader().blob("output", content.size(), 10)->bytes, "");
  EXPECT_EQ(bench.reader().blob("other", 0, 10).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, AChunkThatIsRepeatedIsWrittenOnceAndAHoleIsRefused) {
  Bench bench(*store_);
  const std::string content = bytes(2'500);
  write(bench, "b", content);
  write(bench, "b", content);  // Its writer had no answer.
  EXPECT_EQ(read(bench, "b"), content);
  EXPECT_EQ(code_of(bench.journal().append({"b", 2'600, "x", bench.now})), ErrorCode::kInvalidState);
  EXPECT_EQ(code_of(bench.journal().append({"b", 2'400, bytes(200), bench.now})), ErrorCode::kInvalidState);
  EXPECT_EQ(code_of(bench.journal().append({"new", 5, "x", bench.now})), ErrorCode::kInvalidState);
  EXPECT_FALSE(is_there(bench, "new"));
  EXPECT_EQ(read(bench, "b"), content);
}

TEST_P(StoreContract, ACommitThatRefersToABlobThatIsNotWholeWritesNothing) {
  Bench bench(*store_);
  write(bench, "b", bytes(2'500));
  EXPECT_EQ(code_of(refer(bench, "t", "b", 2'501)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(refer(bench, "t", "other", 2'500)), ErrorCode::kNotFound);
  EXPECT_FALSE(bench.find("t"));
  EXPECT_EQ(bench.journal().state().head, 0u);
  EXPECT_TRUE(refer(bench, "t", "b", 2'500));
}

TEST_P(StoreContract, ABlobInUseDoesNotGrow) {
  Bench bench(*store_);
  write(bench, "b", bytes(10));
  ASSERT_TRUE(refer(bench, "t", "b", 10));
  EXPECT_EQ(code_of(bench.journal().append({"b", 10, "x", bench.now})), ErrorCode::kInvalidState);
  EXPECT_EQ(read(bench, "b").size(), 10u);
}

TEST_P(StoreContract, ANewOwnerFencesWritersOfBlobs) {
  Bench older(*store_);
  auto newer = store_->open("default", 1);
  ASSERT_TRUE(newer);
  EXPECT_EQ(code_of(older.journal().append({"b", 0, "x", older.now})), ErrorCode::kFenced);
  EXPECT_FALSE(is_there(older, "b"));
}

TEST_P(StoreContract, GarbageIsCollectedAndWhatIsInUseStays) {
  Bench bench(*store_);
  write(bench, "used", bytes(5'000));
  write(bench, "left", bytes(5'000));
  ASSERT_TRUE(refer(bench, "t", "used", 5'000));
  ASSERT_TRUE(refer(bench, "u", "used", 5'000));
  const base::Timestamp then{bench.now.ms + 1};
  bench.now.ms += 10;
  write(bench, "young", bytes(3'000));
  collect(bench, then);
  EXPECT_FALSE(is_there(bench, "left"));
  EXPECT_EQ(read(bench, "used"), bytes(5'000));
  EXPECT_EQ(read(bench, "young"), bytes(3'000));

  // The last that refers to it goes, live or ended.
  Batch batch = bench.batch();
  batch.deletes.push_back({"task", "t"});
  ASSERT_TRUE(bench.commit(batch));
  collect(bench, then);
  EXPECT_TRUE(is_there(bench, "used"));
  ASSERT_TRUE(bench.end("u"));
  collect(bench, then);
  EXPECT_EQ(read(bench, "used"), bytes(5'000));
  ASSERT_TRUE(*bench.journal().retain({.ended_before = {bench.now.ms + 1}, .now = {0}, .rows_max = 1}));
  collect(bench, then);
  EXPECT_FALSE(is_there(bench, "used"));
  EXPECT_TRUE(is_there(bench, "young"));
}

TEST_P(StoreContract, ACollectionThatIsHalfDoneLeavesNothingToReferTo) {
  Bench bench(*store_);
  write(bench, "b", bytes(5'000));
  (void)bench.journal().retain({.ended_before = {0}, .now = {0}, .rows_max = 1, .blobs_before = {bench.now.ms + 1}});
  EXPECT_EQ(code_of(refer(bench, "t", "b", 5'000)), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace arbiter::store
