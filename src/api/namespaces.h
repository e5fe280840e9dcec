// The namespaces of this server: the catalogue is in `system`, and the engine knows each that is in it.
#pragma once

#include <functional>
#include <string>

#include "engine/engine.h"

namespace arbiter::api {

class Namespaces {
 public:
  using Opened = std::function<void(base::Result<void>)>;
  Namespaces(engine::Engine& engine, std::size_t namespaces_max) : engine_(engine), namespaces_max_(namespaces_max) {}

  [[nodiscard]] bool exists(const std::string& name) const { return engine_.knows(name); }
  // Puts it into the catalogue if it is not there, then opens it.
  void create(const std::string& name, const core::Actor& actor, Opened opened);
  // Opens one that is in the catalogue.
  void open(const std::string& name, Opened opened) { engine_.open(name, std::move(opened)); }
  // kInvalidRequest when this one would be too many.
  [[nodiscard]] base::Result<void> check_room(const std::string& name) const;

 private:
  engine::Engine& engine_;
  const std::size_t namespaces_max_;
};

}  // namespace arbiter::api
