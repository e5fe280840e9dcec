#include "effects/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace arbiter::effects {
namespace {

using base::ErrorCode;
using base::fail;

constexpr int kBits = 128;
constexpr int kMappedBits = 96;  // before the IPv4 address in a mapped one

AddressBytes mapped(const std::uint8_t* v4) {
  AddressBytes out{};
  out[10] = out[11] = 0xFF;
  std::copy(v4, v4 + 4, out.begin() + 12);
  return out;
}

std::optional<AddressBytes> parse_address(const std::string& text, bool& is_v4) {
  std::array<std::uint8_t, 4> v4{};
  is_v4 = ::inet_pton(AF_INET, text.c_str(), v4.data()) == 1;
  if (is_v4) return mapped(v4.data());
  AddressBytes v6{};
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

bool is_within(const AddressBytes& address, const Network& network) {
  const auto whole = static_cast<std::size_t>(network.bits / 8);
  if (std::memcmp(address.data(), network.address.data(), whole) != 0) return false;
  const int rest = network.bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << static_cast<unsigned>(8 - rest));
  return (address.at(whole) & mask) == (network.address.at(whole) & mask);
}

struct Forbidden {
  const char* network;
  const char* what;
};
constexpr std::array kForbidden{Forbidden{"169.254.0.0/16", "a link-local address"},
                                Forbidden{"fe80::/10", "a link-local address"},
                                Forbidden{"224.0.0.0/4", "a multicast address"},
                                Forbidden{"ff00::/8", "a multicast address"},
                                Forbidden{"255.255.255.255", "a broadcast address"},
                                Forbidden{"0.0.0.0/8", "an unspecified address"},
                                Forbidden{"::", "an unspecified address"}};

const std::vector<std::pair<Network, const char*>>& forbidden() {
  static const auto networks = [] {
    std::vector<std::pair<Network, const char*>> out;
    out.reserve(kForbidden.size());
    for (const auto& one : kForbidden) out.emplace_back(parse_network(one.network).value(), one.what);
    return out;
  }();
  return networks;
}

// A translator (NAT64) or a tunnel (6to4) would unwrap these: what counts is where they lead.
AddressBytes unwrapped(const AddressBytes& address) {
  static const Network kNat64 = parse_network("64:ff9b::/96").value();
  static const Network k6to4 = parse_network("2002::/16").value();
  static const Network kCompatible = parse_network("::/96").value();
  if (is_within(address, kNat64)) return mapped(address.data() + 12);
  if (is_within(address, k6to4)) return mapped(address.data() + 2);
  const bool has_v4 = std::any_of(address.begin() + 12, address.begin() + 15, [](auto b) { return b != 0; });
  if (is_within(address, kCompatible) && has_v4) return mapped(address.data() + 12);
  return address;
}

std::string text_of(const AddressBytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  static const Network kV4 = parse_network("::ffff:0:0/96").value();
  if (is_within(address, kV4)) {
    return ::inet_ntop(AF_INET, address.data() + 12, text.data(), text.size());
  }
  return ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
}

}  // namespace

base::Result<Network> parse_network(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    return fail({ErrorCode::kInvalidRequest, "`" + text + "` " + why + "; write 10.0.0.0/8, fd00::/8 or 192.0.2.7"});
  };
  const auto slash = text.find('/');
  bool is_v4 = false;
  const auto address = parse_address(text.substr(0, slash), is_v4);
  if (!address) return wrong("is not a network");
  const int most = is_v4 ? kBits - kMappedBits : kBits;
  int bits = most;
  if (slash != std::string::npos) {
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc{} || parsed.ptr != end || bits < 0 || bits > most) {
      return wrong("must have a prefix from 0 to " + std::to_string(most));
    }
  }
  Network network{*address, is_v4 ? bits + kMappedBits : bits};
  for (int bit = network.bits; bit < kBits; ++bit) {
    const auto byte = network.address.at(static_cast<std::size_t>(bit / 8));
    if ((byte & (0x80U >> static_cast<unsigned>(bit % 8))) != 0) return wrong("has bits beyond its prefix");
  }
  return network;
}

std::string Networks::refusal(const sockaddr& address) const {
  AddressBytes bytes{};
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    bytes = mapped(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
  } else {
    return "its address is of no known kind";
  }
  bytes = unwrapped(bytes);
  for (const auto& [network, what] : forbidden()) {
    if (is_within(bytes, network)) return text_of(bytes) + " is " + what;
  }
  if (allowed_.empty()) return {};
  const bool is_allowed =
      std::any_of(allowed_.begin(), allowed_.end(), [&](const Network& one) { return is_within(bytes, one); });
  return is_allowed ? std::string() : text_of(bytes) + " is in none of notificationNetworks";
}

}  // namespace arbiter::effects
