// How much something matters to a person. In this order: a filter names the least.
#pragma once

#include <boost/describe.hpp>

namespace arbiter::core {

BOOST_DEFINE_ENUM_CLASS(Severity, kInfo, kWarning, kCritical)

}  // namespace arbiter::core
