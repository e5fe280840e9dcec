#include "base/trace_context.h"

#include <gtest/gtest.h>

namespace arbiter::base {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, IsReadAndWrittenAlike) {
  const auto context = TraceContext::parse(kGood);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span_id_text(context->span), "00f067aa0ba902b7");
  EXPECT_EQ(context->text(), kGood);
}

TEST(TraceContext, WhatTheStandardForbidsIsNone) {
  for (const std::string_view bad : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7--01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
       }) {
    EXPECT_FALSE(TraceContext::parse(bad)) << bad;
  }
}

TEST(TraceContext, LaterVersionsAndOtherFlagsAreReadAsFarAsThisOneGoes) {
  const auto later = TraceContext::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe-what-comes");
  ASSERT_TRUE(later);
  EXPECT_FALSE(later->sampled);
  EXPECT_EQ(later->text(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
}

TEST(TraceContext, ChildrenDifferAndAreAlwaysTheSame) {
  const auto context = *TraceContext::parse(kGood);
  EXPECT_EQ(context.child(1).text(), context.child(1).text());
  EXPECT_NE(context.child(1).span, context.child(2).span);
  EXPECT_EQ(context.child(1).trace, context.trace);
  EXPECT_TRUE(context.child(1).sampled);
}

TEST(TraceContext, ARatioChoosesThatShare) {
  int chosen = 0;
  TraceContext context = *TraceContext::parse(kGood);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    context.trace[1] = i * 0x9E3779B97F4A7C15ULL;
    chosen += context.is_chosen(0.25) ? 1 : 0;
    EXPECT_TRUE(context.is_chosen(1.0));
    EXPECT_FALSE(context.is_chosen(0.0));
  }
  EXPECT_NEAR(chosen, 2'500, 200);
}

}  // namespace
}  // namespace arbiter::base
