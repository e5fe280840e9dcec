#include "cli/table.h"

#include <gmock/gmock.h>

namespace arbiter::cli {
namespace {

TEST(Table, ColumnsAlignAndNumbersGoRight) {
  Table table({"NAME", ">N"});
  table.add({"a", "10"});
  table.add({"größer", "1"});
  EXPECT_EQ(table.text(false), "NAME     N\na       10\ngrößer   1\n");
}

TEST(Table, ColoursDoNotDisturbTheWidths) {
  Table table({"S", "T"});
  table.add({Cell("ok", Colour::kGreen), "x"});
  EXPECT_EQ(table.text(true), "\x1b[90mS\x1b[0m   \x1b[90mT\x1b[0m\n\x1b[32mok\x1b[0m  x\n");
}

TEST(Table, NoCellCanMoveTheCursor) {
  Table table({"X"});
  table.add({"a\x1b[2Jb\nc"});
  EXPECT_EQ(table.text(false), "X\na?[2Jb c\n");
}

TEST(Durations, AreWrittenForPeople) {
  EXPECT_EQ(human_duration(0), "0ms");
  EXPECT_EQ(human_duration(999), "999ms");
  EXPECT_EQ(human_duration(1'290), "1.2s");
  EXPECT_EQ(human_duration(59'999), "59s");
  EXPECT_EQ(human_duration(185'000), "3m05s");
  EXPECT_EQ(human_duration(7'800'000), "2h10m");
  EXPECT_EQ(human_duration(86'400'000 + 3'600'000), "1d01h");
}

TEST(Durations, AgesLookBothWays) {
  const base::Timestamp now{1'767'225'600'000};
  EXPECT_EQ(human_age("2025-12-31T23:59:50Z", now), "10s");
  EXPECT_EQ(human_age("2026-01-01T00:00:30.000Z", now), "in 30s");
  EXPECT_EQ(human_age("soon", now), "");
}

TEST(Durations, AreReadOrRefused) {
  EXPECT_EQ(parse_duration("500ms"), 500);
  EXPECT_EQ(parse_duration("1.5s"), 1'500);
  EXPECT_EQ(parse_duration("2m"), 120'000);
  EXPECT_EQ(parse_duration("1h"), 3'600'000);
  EXPECT_EQ(parse_duration("1d"), 86'400'000);
  EXPECT_EQ(parse_duration("7"), 7);
  for (const char* bad : {"", "s", "-1s", "1x", "1 s", "nan", "inf", "1e300d"})
    EXPECT_EQ(parse_duration(bad), -1) << bad;
}

}  // namespace
}  // namespace arbiter::cli
