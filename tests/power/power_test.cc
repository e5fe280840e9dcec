// A power cut at every sync point of a store at work, and between: what was acknowledged is there wholly, what was not
// is there wholly or not at all. Prints the seed of a failure; POWER_SEED=N runs that one alone.
#include <gtest/gtest.h>

#include <cstdlib>

#include "../store_contract/contract.h"
#include "power_cuts.h"
#include "vfs.h"
#include "workload.h"

namespace arbiter::power {
namespace {

constexpr std::uint64_t kSeeds = 3;
constexpr int kSteps = 60;

std::vector<std::uint64_t> seeds() {
  if (const char* one = std::getenv("POWER_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) all.push_back(seed);
  return all;
}

// Directory syncs that do nothing.
class ForgetfulFiles final : public store::Files {
 public:
  explicit ForgetfulFiles(Files& files) : files_(files) {}
  [[nodiscard]] base::Result<bool> make_directory(const std::filesystem::path& directory) override {
    return files_.make_directory(directory);
  }
  [[nodiscard]] base::Result<bool> create(const std::filesystem::path& file) override { return files_.create(file); }
  [[nodiscard]] base::Result<void> sync_file(const std::filesystem::path& file) override {
    return files_.sync_file(file);
  }
  [[nodiscard]] base::Result<void> write_again(const std::filesystem::path& file) override {
    return files_.write_again(file);
  }
  [[nodiscard]] base::Result<void> rename(const std::filesystem::path& file, const std::filesystem::path& to) override {
    return files_.rename(file, to);
  }
  [[nodiscard]] base::Result<void> remove(const std::filesystem::path& file) override { return files_.remove(file); }
  [[nodiscard]] base::Result<void> sync_directory(const std::filesystem::path&) override { return {}; }

 private:
  Files& files_;
};

struct Variant {
  store::Synchronous synchronous = store::Synchronous::kFull;
  store::Checkpoints checkpoints = store::Checkpoints::kBetweenCommits;
  bool forgets_directories = false;
  int cuts_per_sync = 3;
  int broken_max = 1;
};

CutCounts run(std::uint64_t seed, const Variant& variant) {
  const store::TemporaryDirectory directory(quick_directory());
  const auto root = std::filesystem::canonical(directory.path());
  Recording recording(root);
  RecordingVfs vfs(recording);
  RecordingFiles files(recording);
  ForgetfulFiles forgetful(files);
  store::SqliteOptions options;
  options.vfs = vfs.name();
  options.files = variant.forgets_directories ? static_cast<store::Files*>(&forgetful) : &files;
  options.synchronous = variant.synchronous;
  options.checkpoints = variant.checkpoints;
  options.checkpoint_pages = 40;
  // The salts of write-ahead logs come from here.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed), nullptr);
  Ledger ledger;
  {
    Workload workload(seed, root / "data", options, recording);
    workload.run(kSteps);
    ledger = workload.ledger();
  }
  sim::Random random(seed ^ 0x5eed);
  return cut_everywhere(recording, ledger, random, variant.cuts_per_sync, variant.broken_max);
}

TEST(PowerLoss, KeepsWhatWasAcknowledgedAndNothingByHalves) {
  int cuts = 0;
  int syncs = 0;
  for (const auto seed : seeds()) {
    const CutCounts counts = run(seed, {});
    EXPECT_EQ(counts.lost_or_broken, 0) << "POWER_SEED=" << seed << ": " << counts.first_broken;
    cuts += counts.cuts;
    syncs += counts.syncs;
  }
  std::printf("%d cuts at %d sync points and between\n", cuts, syncs);
  EXPECT_GT(syncs, 100);
}

// Here the threads decide what comes before what, so the seed does not repeat it exactly.
TEST(PowerLoss, AlsoWhileTheLogIsCopiedBesideCommits) {
  const std::uint64_t seed = seeds().front();
  const CutCounts counts = run(seed, {.checkpoints = store::Checkpoints::kBesideCommits, .cuts_per_sync = 2});
  EXPECT_EQ(counts.lost_or_broken, 0) << "POWER_SEED=" << seed << ": " << counts.first_broken;
}

// The two that follow show that a broken promise would be seen.
TEST(PowerLoss, WithoutSyncsTheTestFails) {
  int broken = 0;
  for (const auto seed : seeds()) {
    const CutCounts counts = run(seed, {.synchronous = store::Synchronous::kOff});
    broken += counts.lost_or_broken;
  }
  EXPECT_GT(broken, 0) << "Commits were not synced, and no cut lost any.";
}

TEST(PowerLoss, WithoutSyncsOfDirectoriesTheTestFails) {
  int broken = 0;
  for (const auto seed : seeds()) {
    const CutCounts counts = run(seed, {.forgets_directories = true});
    broken += counts.lost_or_broken;
  }
  EXPECT_GT(broken, 0) << "Names were not synced, and no cut lost any.";
}

}  // namespace
}  // namespace arbiter::power
