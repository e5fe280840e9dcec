// The bytes of a WebSocket after its upgrade: frames, fragments, control frames, and what a client says in them.
// However the network cuts the bytes, the messages are the same.
#include "net/web_socket.h"

#include "api/socket_message.h"
#include "target.h"

namespace {

using namespace arbiter;

std::vector<std::string> messages_of(std::string_view bytes, std::size_t piece) {
  boost::asio::io_context io;
  std::vector<std::string> messages;
  net::WebSocketSetup setup;
  setup.request.method = "GET";
  setup.request.target = "/ws";
  setup.request.headers = {{"Host", "localhost"},
                           {"Connection", "Upgrade"},
                           {"Upgrade", "websocket"},
                           {"Sec-WebSocket-Version", "13"},
                           {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  setup.limits.web_socket_message_bytes_max = 1'000;
  setup.limits.web_socket_messages_per_second = 1'000'000;  // What is let through must not hang on time.
  setup.queue = std::make_shared<net::MessageQueue>(10'000);
  setup.message = [&](std::string text) { messages.push_back(std::move(text)); };
  setup.wake = [] {};
  const auto session = net::make_web_socket_session(boost::asio::make_strand(io), std::move(setup));
  session->start();
  std::string waiting;
  std::size_t taken = 0;
  for (bool moved = true; moved;) {
    const std::size_t more = waiting.empty() ? std::min(piece, bytes.size() - taken) : 0;
    waiting += bytes.substr(taken, more);
    taken += more;
    const std::size_t read = session->receive(waiting);
    REQUIRE(read <= waiting.size());
    waiting.erase(0, read);
    io.restart();
    const auto ran = io.poll();
    const auto out = session->take_output();
    if (!out.empty()) session->output_sent();
    moved = more > 0 || read > 0 || ran > 0 || !out.empty();
  }
  session->abort();
  io.restart();
  io.poll();
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  const auto whole = messages_of(bytes, bytes.size() + 1);
  REQUIRE(messages_of(bytes, 1) == whole);
  for (const auto& text : whole) {
    REQUIRE(text.size() <= 1'000);
    std::string id;
    const auto message = api::read_socket_message(text, id);
    if (!message) REQUIRE(base::parse_json(base::to_json(message.error().message)));
  }
  return 0;
}
