#include "api/tracing.h"

#include <random>

#include "api/call.h"
#include "base/ids.h"

namespace arbiter::api {
namespace {

void link(Call& call, const std::optional<base::TraceContext>& to) {
  if (!to || call.trace.links.size() >= kSpanLinksMax) return;
  call.trace.links.push_back(*to);
}

}  // namespace

TraceIds::TraceIds() {
  std::random_device random;
  seed_ = (std::uint64_t{random()} << 32) | random();
}

std::uint64_t TraceIds::next() {
  const std::uint64_t id = base::mix(seed_ + count_.fetch_add(1, std::memory_order_relaxed));
  return id == 0 ? 1 : id;
}

base::TraceContext TraceIds::begin() { return {{next(), next()}, next(), true}; }

void link_leases(Call& call, const core::Reply& reply) {
  if (!call.trace.spans) return;
  const auto link_all = [&](const std::vector<core::LeaseView>& leases) {
    for (const auto& lease : leases) {
      if (lease.traceparent) link(call, base::TraceContext::parse(*lease.traceparent));
    }
  };
  if (const auto* leased = std::get_if<core::LeaseReply>(&reply)) link_all(leased->leases);
  if (const auto* reported = std::get_if<core::ReportReply>(&reply)) link_all(reported->leases);
}

void link_reports(Call& call, const core::ReportTasks& request) {
  if (!call.trace.spans) return;
  for (const auto& report : request.reports) {
    if (report.traceparent) link(call, base::TraceContext::parse(report.traceparent->value));
  }
}

}  // namespace arbiter::api
