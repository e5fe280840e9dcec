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

TEST(MemoryStore, AfterAnErrorOfTheDeviceNothingIsOpenedBeforeTheRecovery) {
  for (const Fault fault : {Fault::kIoError, Fault::kIoErrorAfter}) {
    Faulty f;
    ASSERT_TRUE(f.bench.submit("a"));
    f.next = fault;
    EXPECT_EQ(code_of(f.bench.submit("b")), ErrorCode::kIoError);
    EXPECT_EQ(code_of(f.bench.submit("b")), ErrorCode::kIoError);
    EXPECT_EQ(code_of(f.bench.journal().probe()), ErrorCode::kIoError);
    EXPECT_EQ(f.store.open("default", 1).error().code, ErrorCode::kIoError);
    f.store.set_recovery_hook([] { return base::fail({ErrorCode::kIoError, "It still fails."}); });
    EXPECT_FALSE(f.store.recover("default", f.bench.journal().state()));
    EXPECT_EQ(f.store.open("default", 1).error().code, ErrorCode::kIoError);
    f.store.set_recovery_hook({});
    ASSERT_TRUE(f.store.recover("default", f.bench.journal().state()));
    f.bench.reopen();
    EXPECT_EQ(f.bench.live_ids().size(), fault == Fault::kIoErrorAfter ? 2u : 1u);
    EXPECT_TRUE(f.bench.submit("c"));
  }
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
