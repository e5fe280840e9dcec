#include "server/log.h"

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/json.h"

namespace arbiter::server {
namespace {

constexpr std::size_t kGatheredBytesMax = std::size_t{1024} * 1024;  // over it lines are dropped and counted
constexpr std::size_t kWriteAtBytes = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kGatherFor{100};

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (written <= 0) return;  // Nobody reads the log; the server goes on.
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

// Takes lines as they are. Its thread sleeps while there are none.
class Log::GatheringSink final : public spdlog::sinks::sink {
 public:
  GatheringSink() : thread_([this] { run(); }) {}
  ~GatheringSink() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void log(const spdlog::details::log_msg& message) override {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (lines_.size() > kGatheredBytesMax) {
        ++dropped_;
        return;
      }
      wake = lines_.empty();
      lines_.append(message.payload.data(), message.payload.size());
      lines_ += '\n';
      urgent_ = lines_.size() > kWriteAtBytes;
      wake = wake || urgent_;
    }
    if (wake) wake_.notify_one();
  }
  void flush() override {
    const std::lock_guard writing(writing_);
    std::string lines;
    std::size_t dropped = 0;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(lines_);
      dropped = std::exchange(dropped_, 0);
      urgent_ = false;
    }
    write_all(lines);
    if (dropped)
      write_all("{\"level\":\"warn\",\"message\":\"log lines were dropped\",\"count\":" + std::to_string(dropped) +
                "}\n");
  }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
      wake_.wait_for(lock, kGatherFor, [this] { return stopping_ || urgent_; });
      lock.unlock();
      flush();
      lock.lock();
    }
    lock.unlock();
    flush();
  }

  std::mutex writing_;  // Keeps the order of two writers.
  std::mutex mutex_;    // Guards the rest.
  std::condition_variable wake_;
  std::string lines_;
  std::size_t dropped_ = 0;
  bool urgent_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

Log::Log(LogLevel level)
    : sink_(std::make_shared<GatheringSink>()), logger_(std::make_shared<spdlog::logger>("arbiter", sink_)) {
  static constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                         spdlog::level::err};
  logger_->set_level(levels[static_cast<std::size_t>(level)]);
}

Log::~Log() = default;

std::shared_ptr<spdlog::logger> Log::access_log() { return logger_; }
void Log::flush() { sink_->flush(); }

void Log::write(int level, std::string_view message, Fields fields) {
  const auto severity = static_cast<spdlog::level::level_enum>(level);
  if (!logger_->should_log(severity)) return;
  std::string line = R"({"time":")" + base::to_rfc3339(base::SystemClock().wall()) + R"(","level":")";
  line += severity == spdlog::level::err ? "error" : severity == spdlog::level::warn ? "warn" : "info";
  line += R"(","message":)";
  base::write_string(message, line);
  for (const auto& [name, value] : fields) {
    line += ',';
    base::write_string(name, line);
    line += ':';
    base::write_string(value, line);
  }
  line += '}';
  logger_->log(severity, line);
  sink_->flush();  // The server's own lines are few, and matter most when it ends right after them.
}

void Log::info(std::string_view message, Fields fields) { write(spdlog::level::info, message, fields); }
void Log::warn(std::string_view message, Fields fields) { write(spdlog::level::warn, message, fields); }
void Log::error(std::string_view message, Fields fields) { write(spdlog::level::err, message, fields); }

}  // namespace arbiter::server
