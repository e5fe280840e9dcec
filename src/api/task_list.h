// The list of tasks: live ones from the core, newest first, then ended ones from the store.
#pragma once

#include "api/service.h"

namespace arbiter::api {

void run_list_tasks(Service& service, const CallPtr& call);

}  // namespace arbiter::api
