// How many requests a token or an address may make: buckets that fill with time. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace arbiter::api {

struct RequestRate {
  std::int64_t requests = 0;  // per period; 0: no limit
  std::int64_t burst = 1;     // at once
  std::int64_t period_ms = 1'000;
};

// One bucket, as the generic cell rate algorithm has it: it is full again at `due_us`.
class RequestMeter {
 public:
  // Counts a request. 0: it may go on; else the milliseconds after which it may come again, and it does not count.
  [[nodiscard]] std::int64_t take(const RequestRate& rate, std::int64_t now_ms);
  // The same without counting.
  [[nodiscard]] std::int64_t wait_ms(const RequestRate& rate, std::int64_t now_ms) const;
  [[nodiscard]] bool is_full(std::int64_t now_ms) const { return due_us_.load() <= now_ms * 1'000; }

 private:
  std::atomic<std::int64_t> due_us_{0};
};

// A bucket per address. Addresses that have been quiet are forgotten when the table is full; when all of it is busy,
// the addresses that are not in it share one bucket.
class AddressMeters {
 public:
  static constexpr std::size_t kAddressesMax = 16'384;
  AddressMeters(RequestRate rate, std::size_t addresses_max = kAddressesMax)
      : rate_(rate), addresses_max_(addresses_max) {}

  // `remote` is address:port, as net has it.
  [[nodiscard]] std::int64_t take(std::string_view remote, std::int64_t now_ms);
  [[nodiscard]] std::int64_t wait_ms(std::string_view remote, std::int64_t now_ms);

 private:
  RequestMeter& meter_of(const std::string& address, std::int64_t now_ms);

  const RequestRate rate_;
  const std::size_t addresses_max_;
  std::mutex mutex_;  // Guards the rest.
  std::unordered_map<std::string, RequestMeter> meters_;
  RequestMeter others_;
  std::int64_t swept_ms_ = 0;
};

// Whom an address counts for: itself, or for IPv6 its network of 64 bits, of which one machine has every address.
[[nodiscard]] std::string address_group(std::string_view remote);

}  // namespace arbiter::api
