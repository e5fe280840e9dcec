#include "api/request_rate.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace arbiter::api {
namespace {

constexpr std::int64_t kSweepEveryMs = 1'000;

struct Pace {
  std::int64_t interval_us, slack_us;
};

// Rounded up, so that the rate is never exceeded.
Pace pace_of(const RequestRate& rate) {
  const std::int64_t interval = (rate.period_ms * 1'000 + rate.requests - 1) / rate.requests;
  return {interval, (std::max<std::int64_t>(rate.burst, 1) - 1) * interval};
}

std::int64_t wait_of(std::int64_t due_us, const Pace& pace, std::int64_t now_us) {
  const std::int64_t early_us = due_us - pace.slack_us - now_us;
  return early_us <= 0 ? 0 : (early_us + 999) / 1'000;
}

}  // namespace

std::int64_t RequestMeter::take(const RequestRate& rate, std::int64_t now_ms) {
  if (rate.requests == 0) return 0;
  const Pace pace = pace_of(rate);
  const std::int64_t now_us = now_ms * 1'000;
  std::int64_t due = due_us_.load(std::memory_order_relaxed);
  for (;;) {
    if (const std::int64_t wait = wait_of(due, pace, now_us); wait > 0) return wait;
    const std::int64_t next = std::max(due, now_us) + pace.interval_us;
    if (due_us_.compare_exchange_weak(due, next, std::memory_order_relaxed)) return 0;
  }
}

std::int64_t RequestMeter::wait_ms(const RequestRate& rate, std::int64_t now_ms) const {
  if (rate.requests == 0) return 0;
  return wait_of(due_us_.load(std::memory_order_relaxed), pace_of(rate), now_ms * 1'000);
}

std::int64_t AddressMeters::take(std::string_view remote, std::int64_t now_ms) {
  if (rate_.requests == 0) return 0;
  const std::string address = address_group(remote);
  const std::lock_guard lock(mutex_);
  return meter_of(address, now_ms).take(rate_, now_ms);
}

std::int64_t AddressMeters::wait_ms(std::string_view remote, std::int64_t now_ms) {
  if (rate_.requests == 0) return 0;
  const std::string address = address_group(remote);
  const std::lock_guard lock(mutex_);
  const auto found = meters_.find(address);
  if (found != meters_.end()) return found->second.wait_ms(rate_, now_ms);
  return meters_.size() < addresses_max_ ? 0 : others_.wait_ms(rate_, now_ms);
}

RequestMeter& AddressMeters::meter_of(const std::string& address, std::int64_t now_ms) {
  if (const auto found = meters_.find(address); found != meters_.end()) return found->second;
  if (meters_.size() >= addresses_max_ && now_ms - swept_ms_ >= kSweepEveryMs) {
    swept_ms_ = now_ms;
    std::erase_if(meters_, [&](const auto& entry) { return entry.second.is_full(now_ms); });
  }
  return meters_.size() < addresses_max_ ? meters_[address] : others_;
}

std::string address_group(std::string_view remote) {
  const std::string text(remote.substr(0, remote.rfind(':')));
  boost::system::error_code not_one;
  const auto address = boost::asio::ip::make_address(text, not_one);
  if (not_one || address.is_v4()) return text;
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return boost::asio::ip::make_address_v6(bytes).to_string() + "/64";
}

}  // namespace arbiter::api
