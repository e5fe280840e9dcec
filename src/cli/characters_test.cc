#include "cli/characters.h"

#include <gtest/gtest.h>

namespace arbiter::cli {
namespace {

TEST(Characters, WhatCouldDisturbTheScreenShowsAsAQuestionMark) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\nb\tc", "a b c"},
      {"a\x1b[2J\x07\x7f", "a?[2J??"},
      {"a\xc2\x9b"
       "2Jb",
       "a?2Jb"},                                      // CSI in one character
      {"abc\u202Edcba\u2066x\u200F", "abc?dcba?x?"},  // written from right to left from here on
      {"a\u2028b", "a?b"},
      {"a\xff\xc3 \xed\xa0\x80\xc0\xaf", "a?? ?????"},  // no UTF-8, half a surrogate, too long a form
      {"größer 日本 👋", "größer 日本 👋"},
      {std::string("a\0b", 3), "a?b"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(printable(text), shown);
}

TEST(Characters, ColumnsAreThoseOfATerminal) {
  EXPECT_EQ(width("größer"), 6U);
  EXPECT_EQ(width("日本"), 4U);
  EXPECT_EQ(width("👋"), 2U);
  EXPECT_EQ(width("e\u0301"), 1U);
  EXPECT_EQ(width(""), 0U);
}

TEST(Characters, TextIsShortenedByColumns) {
  EXPECT_EQ(shortened("äöü", 3), "äöü");
  EXPECT_EQ(shortened("äöüß", 3), "äö…");
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(shortened("日本語", 5), "日本…");
  EXPECT_EQ(shortened("日本語", 4), "日…");
  EXPECT_EQ(shortened("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  EXPECT_EQ(shortened("\x1b[1mlong", 4), "?[1…");
}

TEST(Characters, TextIsFittedIntoAColumn) {
  EXPECT_EQ(fitted("ab", 4), "ab  ");
  EXPECT_EQ(fitted("ab", 4, /*right=*/true), "  ab");
  EXPECT_EQ(fitted("日本語", 4), "日… ");
  EXPECT_EQ(fitted("ab", 0), "");
}

}  // namespace
}  // namespace arbiter::cli
