#include "api/request_rate.h"

#include <gtest/gtest.h>

namespace arbiter::api {
namespace {

TEST(RequestRate, ABurstThenOneByOne) {
  const RequestRate rate{10, 3};
  RequestMeter meter;
  std::int64_t now = 5'000;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(meter.take(rate, now), 0);
  EXPECT_EQ(meter.take(rate, now), 100) << "until there is room for one";
  EXPECT_EQ(meter.take(rate, now + 99), 1) << "a refused one does not count";
  EXPECT_EQ(meter.take(rate, now + 100), 0);
  EXPECT_GT(meter.take(rate, now + 100), 0);
  now += 10'000;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(meter.take(rate, now), 0) << "a rest fills the bucket, not more";
  EXPECT_GT(meter.take(rate, now), 0);
}

TEST(RequestRate, NoRateIsNoLimit) {
  RequestMeter meter;
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(meter.take({}, 1), 0);
  AddressMeters addresses({});
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(addresses.take("10.0.0.1:5", 1), 0);
}

TEST(RequestRate, EachAddressHasItsOwnWhateverThePort) {
  AddressMeters addresses({1, 1});
  EXPECT_EQ(addresses.take("10.0.0.1:5", 1), 0);
  EXPECT_GT(addresses.take("10.0.0.1:6", 1), 0);
  EXPECT_GT(addresses.wait_ms("10.0.0.1:7", 1), 0);
  EXPECT_EQ(addresses.wait_ms("10.0.0.2:7", 1), 0);
  EXPECT_EQ(addresses.take("10.0.0.2:7", 1), 0);
}

TEST(RequestRate, AddressesOfOneNetworkAreOne) {
  EXPECT_EQ(address_group("10.0.0.1:80"), "10.0.0.1");
  EXPECT_EQ(address_group("::ffff:10.0.0.1:80"), "10.0.0.1");
  EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6:443"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_group("2001:db8:1:2:ffff::9:443"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_group("::1:443"), "::/64");
  EXPECT_EQ(address_group("unknown"), "unknown");
}

TEST(RequestRate, AFullTableForgetsTheQuietAndLetsTheRestShare) {
  AddressMeters addresses({1, 1}, /*addresses_max=*/2);
  std::int64_t now = 10'000;
  EXPECT_EQ(addresses.take("10.0.0.1:1", now), 0);
  EXPECT_EQ(addresses.take("10.0.0.2:1", now), 0);
  EXPECT_EQ(addresses.take("10.0.0.3:1", now), 0) << "the first of those that share";
  EXPECT_GT(addresses.take("10.0.0.4:1", now), 0);
  EXPECT_GT(addresses.take("10.0.0.1:1", now), 0) << "who is in the table is still known";
  now += 2'000;
  EXPECT_EQ(addresses.take("10.0.0.3:1", now), 0);
  EXPECT_EQ(addresses.take("10.0.0.4:1", now), 0) << "the quiet ones made room";
}

}  // namespace
}  // namespace arbiter::api
