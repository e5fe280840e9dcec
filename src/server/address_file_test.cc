#include "server/address_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/check.h"

namespace arbiter::server {
namespace {

namespace fs = std::filesystem;

class Directory {
 public:
  Directory() : path_((fs::temp_directory_path() / "arbiter-test-XXXXXX").string()) { CHECK(::mkdtemp(path_.data())); }
  ~Directory() { fs::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string url() const {
    std::ifstream file(path_ + "/server.url");
    std::string line;
    std::getline(file, line);
    return line;
  }

 private:
  std::string path_;
};

TEST(AddressFile, IsThereWhileTheServerAnswersAndForItsOwnerOnly) {
  const Directory data;
  {
    AddressFile file(data.path());
    EXPECT_EQ(data.url(), "");
    ASSERT_TRUE(file.publish("http://127.0.0.1:1"));
    ASSERT_TRUE(file.publish("http://[::1]:7702"));
    EXPECT_EQ(data.url(), "http://[::1]:7702");
    struct stat status {};
    ASSERT_EQ(::stat((data.path() + "/server.url").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600);
  }
  EXPECT_TRUE(fs::is_empty(data.path()));
}

TEST(AddressFile, TheNextServerRemovesWhatAKilledOneLeft) {
  const Directory data;
  std::ofstream(data.path() + "/server.url") << "http://127.0.0.1:1\n";
  const AddressFile file(data.path());
  EXPECT_EQ(data.url(), "");
}

}  // namespace
}  // namespace arbiter::server
