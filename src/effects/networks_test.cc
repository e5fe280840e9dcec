#include "effects/networks.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>

#include <cstring>

namespace arbiter::effects {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string refusal(const Networks& networks, const char* text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) return networks.refusal(reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return networks.refusal(reinterpret_cast<const sockaddr&>(v6));
}

Networks only(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  networks.reserve(texts.size());
  for (const auto& text : texts) networks.push_back(parse_network(text).value());
  return Networks(std::move(networks));
}

TEST(Networks, WithoutAListOnlyWhatIsNeverATargetIsRefused) {
  const Networks all;
  for (const char* fine : {"127.0.0.1", "10.1.2.3", "192.0.2.7", "::1", "fd00::1", "2001:db8::1", "169.253.255.255",
                           "169.255.0.0", "223.255.255.255", "fec0::1"}) {
    EXPECT_THAT(refusal(all, fine), IsEmpty()) << fine;
  }
  for (const char* wrong : {"169.254.169.254", "169.254.0.0", "169.254.255.255", "fe80::1", "febf::1"}) {
    EXPECT_THAT(refusal(all, wrong), HasSubstr("link-local")) << wrong;
  }
  for (const char* wrong : {"224.0.0.1", "239.255.255.255", "ff02::1"}) {
    EXPECT_THAT(refusal(all, wrong), HasSubstr("multicast")) << wrong;
  }
  for (const char* wrong : {"0.0.0.0", "0.1.2.3", "::"}) {
    EXPECT_THAT(refusal(all, wrong), HasSubstr("unspecified")) << wrong;
  }
  EXPECT_THAT(refusal(all, "255.255.255.255"), HasSubstr("broadcast"));
}

TEST(Networks, AnAddressInDisguiseIsWhatItLeadsTo) {
  for (const char* wrong :
       {"::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "::169.254.169.254"}) {
    EXPECT_THAT(refusal(Networks(), wrong), HasSubstr("169.254.169.254 is a link-local address")) << wrong;
  }
}

TEST(Networks, WithAListOnlyItIsAllowedAndLinkLocalNotEvenThen) {
  const Networks some = only({"10.0.0.0/8", "192.0.2.7", "fd00::/8", "169.254.0.0/16"});
  for (const char* fine : {"10.255.0.1", "192.0.2.7", "fd12::1", "::ffff:10.0.0.1"}) {
    EXPECT_THAT(refusal(some, fine), IsEmpty()) << fine;
  }
  for (const char* wrong : {"11.0.0.1", "192.0.2.8", "127.0.0.1", "fe00::1", "::1"}) {
    EXPECT_THAT(refusal(some, wrong), HasSubstr("notificationNetworks")) << wrong;
  }
  EXPECT_THAT(refusal(some, "169.254.1.1"), HasSubstr("link-local"));
}

TEST(Networks, APrefixEndsBetweenBits) {
  const Networks some = only({"10.0.0.0/9", "2001:db8::/33"});
  EXPECT_THAT(refusal(some, "10.127.255.255"), IsEmpty());
  EXPECT_FALSE(refusal(some, "10.128.0.0").empty());
  EXPECT_THAT(refusal(some, "2001:db8:7fff::"), IsEmpty());
  EXPECT_FALSE(refusal(some, "2001:db8:8000::").empty());
  EXPECT_THAT(refusal(only({"0.0.0.0/0"}), "8.8.8.8"), IsEmpty());
}

TEST(Networks, WhatIsNoNetworkIsRefusedWithAReason) {
  for (const char* wrong :
       {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "host", "10.0.0/8"}) {
    EXPECT_FALSE(parse_network(wrong)) << wrong;
  }
  EXPECT_THAT(parse_network("10.0.0.1/8").error().message, HasSubstr("beyond its prefix"));
}

}  // namespace
}  // namespace arbiter::effects
