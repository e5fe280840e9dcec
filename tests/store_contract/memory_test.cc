// The faults that the memory store injects.
#include "contract.h"
#include "store/memory/memory_store.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;

struct Faulty {
  MemoryStore store;
  Bench bench{store};
  Fault next = Fault::kNone;
  Faulty() {
    store.set_fault_hook([this](const Batch&) { return std::exchange(next, Fault::kNone); });
  }
};

TEST(MemoryStore, AnInDoubtCommitMayOrMayNotBeThereAndOnlyALoadTells) {
  Faulty f;
  f.next = Fault::kFailBefore;
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kUnknown);
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kUnknown);  // Not before it has loaded again.
  EXPECT_THAT(f.bench.live_ids(), IsEmpty());
  f.next = Fault::kFailAfter;
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kUnknown);
  EXPECT_THAT(f.bench.live_ids(), ElementsAre("a"));
  EXPECT_EQ(f.bench.journal().state().head, 1u);
  EXPECT_TRUE(f.bench.submit("b"));
}

TEST(MemoryStore, AFenceIsAsIfAnotherOwnerHadOpened) {
  Faulty f;
  f.next = Fault::kFence;
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kFenced);
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kFenced);
  f.bench.reopen();
  EXPECT_TRUE(f.bench.submit("a"));
}

TEST(MemoryStore, AfterAnErrorOfTheDeviceOnlyANewJournalWrites) {
  Faulty f;
  f.next = Fault::kIoError;
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kIoError);
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kIoError);
  EXPECT_EQ(code_of(f.bench.journal().probe()), ErrorCode::kIoError);
  f.bench.reopen();
  EXPECT_TRUE(f.bench.submit("a"));
}

TEST(MemoryStore, WithoutSpaceNothingIsWrittenUntilTheProbeSucceeds) {
  Faulty f;
  f.store.set_no_space(true);
  EXPECT_EQ(code_of(f.bench.submit("a")), ErrorCode::kNoSpace);
  EXPECT_EQ(code_of(f.bench.journal().probe()), ErrorCode::kNoSpace);
  f.store.set_no_space(false);
  EXPECT_TRUE(f.bench.journal().probe());
  EXPECT_THAT(f.bench.live_ids(), IsEmpty());
  EXPECT_TRUE(f.bench.submit("a"));
  f.next = Fault::kNoSpace;
  EXPECT_EQ(code_of(f.bench.submit("b")), ErrorCode::kNoSpace);
  EXPECT_TRUE(f.bench.submit("b"));
}

}  // namespace
}  // namespace arbiter::store
