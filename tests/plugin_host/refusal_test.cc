// Every reason to refuse a plugin, as the sentence its user reads. One bad plugin never stops a good one.
#include <sys/stat.h>

#include <cstdlib>

#include "core/plugin_host/module_file.h"
#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

#if defined(__x86_64__)
constexpr char kOtherMachine[] = "aarch64", kThisMachine[] = "x86_64";
constexpr char kOtherNumber = static_cast<char>(183);
#else
constexpr char kOtherMachine[] = "x86_64", kThisMachine[] = "aarch64";
constexpr char kOtherNumber = 62;
#endif

class Refusal : public PluginFolderTest {
 protected:
  // Loads `id` beside a good plugin; the reason must be exactly this.
  void expect(const std::string& id, const std::string& reason, const std::string& sha256 = {}) {
    if (!std::filesystem::exists(own / "lines.so")) install("lines", own);
    RegistryOptions with = options({id, "lines"});
    with.enabled[0].sha256 = sha256;
    open(std::move(with));
    EXPECT_EQ(status(id).reason, reason);
    EXPECT_FALSE(status(id).loaded);
    EXPECT_TRUE(status(id).enabled);
    EXPECT_TRUE(status("lines").loaded) << status("lines").reason;
    EXPECT_EQ(registry->log_parser("lines").id(), "lines");
    // The same words, as an error, where the plugin is asked for.
    try {
      (void)registry->provider(id);
      ADD_FAILURE() << "a refused provider was handed out";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::unsupported);
      EXPECT_EQ(std::string(error.what()) + "; " + error.hint, reason);
    }
  }
  void refuse_identity(const std::string& id, const std::string& rest) {
    const std::string file = install(id, own).string();
    expect(id, file + rest);
  }
};

TEST_F(Refusal, MissingFile) {
  expect("nosuch", "no file nosuch.so is in " + bundled.string() + ", " + own.string() +
                       "; install it there, or remove nosuch from `plugins`");
}

TEST_F(Refusal, MissingFileNamesTheNearest) {
  install("lines", own);
  expect("line", "no file line.so is in " + bundled.string() + ", " + own.string() + "; did you mean lines?");
}

TEST_F(Refusal, AnIdIsNeverAPath) {
  expect("../lines",
         "\"../lines\" can not be the id of a plugin; ids are lower-case letters, digits and . _ -; correct the "
         "entry in `plugins`");
}

TEST_F(Refusal, NotARegularFile) {
  const std::string reason = " is not a regular file; put the shared library itself there, not a link or folder";
  std::filesystem::create_directory(own / "folder.so");
  expect("folder", (own / "folder.so").string() + reason);
  std::filesystem::create_symlink(own / "lines.so", own / "linked.so");
  expect("linked", (own / "linked.so").string() + reason);
  ASSERT_EQ(mkfifo((own / "fifo.so").c_str(), 0600), 0);
  expect("fifo", (own / "fifo.so").string() + reason);
}

TEST_F(Refusal, NotElf) {
  write(own / "text.so", "#!/bin/sh\necho hello, this is a script and no library at all, as anybody can see\n");
  expect("text", (own / "text.so").string() + " is not a shared library for this machine (" + kThisMachine +
                     "): it is not an ELF file; install the plugin's build for " + kThisMachine);
  write(own / "empty.so", "");
  expect("empty", (own / "empty.so").string() + " is not a shared library for this machine (" + kThisMachine +
                      "): it is not an ELF file; install the plugin's build for " + kThisMachine);
}

TEST_F(Refusal, WrongMachine) {
  const auto file = install("lines", own, "foreign");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(18).put(kOtherNumber).put(0);
  bytes.close();
  expect("foreign", file.string() + " is not a shared library for this machine (" + kThisMachine +
                        "): it is built for " + kOtherMachine + "; install the plugin's build for " + kThisMachine);
}

constexpr char kUnsafeHint[] =
    "; run: chmod go-w on it, chown it to yourself or root, or install the plugin in a folder of your own; "
    "--allow-unsafe-plugins loads it as it is";

TEST_F(Refusal, WritableByOthers) {
  const auto file = install("lines", own, "loose");
  ASSERT_EQ(chmod(file.c_str(), 0777), 0);
  expect("loose", file.string() + " is not safe to load: " + file.string() + " is writable by others" + kUnsafeHint);
}

TEST_F(Refusal, WritableByTheGroupIsWritableByOthers) {
  const auto file = install("lines", own);
  EXPECT_EQ(unsafe_owner_or_mode(file), "");
  ASSERT_EQ(chmod(file.c_str(), 0775), 0);
  EXPECT_EQ(unsafe_owner_or_mode(file), file.string() + " is writable by others");
}

TEST_F(Refusal, InAFolderOthersMayWrite) {
  const auto folder = root / "tmp";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(chmod(folder.c_str(), 01777), 0);
  install("scripted", folder);
  RegistryOptions with = options({"scripted"});
  with.folders = {folder};
  open(with);
  EXPECT_EQ(status("scripted").reason, (folder / "scripted.so").string() + " is not safe to load: " + folder.string() +
                                           " is writable by others" + kUnsafeHint);
  with.allow_unsafe = true;
  with.config = {{"scripted.region", "north"}};
  open(with);
  EXPECT_TRUE(status("scripted").loaded);
  EXPECT_EQ(log.lines().back(), "3 scripted loaded although " + folder.string() + " is writable by others");
}

TEST_F(Refusal, BelowAStickyFolderIsSafe) {
  const auto sticky = root / "sticky", below = sticky / "mine";
  std::filesystem::create_directories(below);
  ASSERT_EQ(chmod(sticky.c_str(), 01777), 0);
  EXPECT_EQ(unsafe_owner_or_mode(install("lines", below)), "");
  ASSERT_EQ(chmod(sticky.c_str(), 0777), 0);
  EXPECT_EQ(unsafe_owner_or_mode(below / "lines.so"), sticky.string() + " is writable by others");
}

TEST_F(Refusal, OwnedBySomebodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const auto file = install("lines", own, "theirs");
  ASSERT_EQ(chown(file.c_str(), 12345, 12345), 0);
  expect("theirs", file.string() + " is not safe to load: " + file.string() + " belongs to neither root nor this user" +
                       kUnsafeHint);
}

TEST_F(Refusal, HashDiffersFromThePin) {
  const auto file = install("marks_loading", own);
  const std::string pin(64, '0');
  expect("marks_loading",
         file.string() + " has SHA-256 " + sha256_of_file(file) + ", the configuration pins " + pin +
             "; install the pinned build, or pin this one after checking where it came from",
         pin);
}

TEST_F(Refusal, TheRightPinLoads) {
  const auto file = install("lines", own);
  RegistryOptions with = options({"lines"});
  with.enabled[0].sha256 = sha256_of_file(file);
  open(with);
  EXPECT_TRUE(status("lines").loaded) << status("lines").reason;
}

TEST_F(Refusal, HashIsTheStandardOne) {
  write(own / "abc", "abc");
  EXPECT_EQ(sha256_of_file(own / "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Refusal, NoEntrySymbol) {
  refuse_identity("no_entry",
                  " is not a Stoker plugin: it exports no stoker_plugin_entry; build it with stoker_add_plugin() "
                  "of the SDK, or remove it from `plugins`");
}

TEST_F(Refusal, CanNotBeLoaded) {
  const std::string file = install("undefined_symbol", own).string();
  expect("undefined_symbol", file + " can not be loaded: " + file +
                                 ": undefined symbol: no_library_has_this_function; install "
                                 "what it needs, or rebuild it for this system");
}

TEST_F(Refusal, WrongMagic) {
  refuse_identity("magic",
                  " exports stoker_plugin_entry, but not the identity of a plugin; rebuild it with the Stoker SDK");
}

TEST_F(Refusal, TableTooShort) {
  refuse_identity("short_table",
                  " exports stoker_plugin_entry, but not the identity of a plugin; rebuild it with the Stoker SDK");
}

TEST_F(Refusal, NewerMajor) {
  const std::string file = install("major", own).string();
  expect("major", "major 1.4.0 (" + file +
                      ") is built for plugin ABI 2; this agent loads ABI 1; upgrade the agent, or install "
                      "an older major");
  EXPECT_EQ(status("major").abi, "2.0");
  EXPECT_EQ(status("major").version, "1.4.0");
}

TEST_F(Refusal, NewerMinor) {
  const std::string file = install("minor", own).string();
  expect("minor", "minor 1.4.0 (" + file +
                      ") needs plugin ABI 1.3; this agent offers 1.0; upgrade the agent, or rebuild the "
                      "plugin with TARGET_ABI 1.0");
}

TEST_F(Refusal, IdDiffersFromTheFileName) {
  const std::string file = install("scripted", own, "renamed").string();
  expect("renamed", file + " is enabled as renamed, but says it is scripted; rename it to " +
                        (own / "scripted.so").string() + " and enable scripted");
}

TEST_F(Refusal, EnabledTwice) {
  const std::string file = install("lines", own).string();
  open(options({"lines", "lines"}));
  ASSERT_EQ(registry->list().size(), 2u);
  EXPECT_TRUE(registry->list()[0].loaded);
  EXPECT_FALSE(registry->list()[1].loaded);
  EXPECT_EQ(registry->list()[1].reason,
            file + ": plugin lines is loaded already from " + file + "; remove the second lines from `plugins`");
  EXPECT_EQ(registry->log_parser("lines").id(), "lines");
}

TEST_F(Refusal, TheSameIdInTwoFoldersTakesTheFirst) {
  const std::string first = install("lines", bundled).string(), second = install("lines", own).string();
  open(options({"lines"}));
  ASSERT_EQ(registry->list().size(), 2u);
  EXPECT_TRUE(registry->list()[0].loaded);
  EXPECT_EQ(registry->list()[0].path, first);
  EXPECT_FALSE(registry->list()[1].loaded);
  EXPECT_EQ(registry->list()[1].reason,
            second + ": plugin lines is taken from " + first + ", which comes first; remove one of the two files");
}

TEST_F(Refusal, InitFails) { refuse_identity("init_fails", " did not start: the flux capacitor is cold; warm it up"); }

TEST_F(Refusal, ThrowsInInit) {
  const std::string file = install("throwsinit", own).string();
  expect("throwsinit",
         file +
             " did not start: throwsinit: init broke the contract of plugins: an exception left it: no flux; "
             "this is a bug of " +
             file + "; tell its author, or use another version");
}

TEST_F(Refusal, OffersNothing) {
  refuse_identity("offers_nothing",
                  " breaks the contract of plugins: it offers neither a provider nor a log parser; this is a "
                  "bug of the plugin; tell its author, or use another version");
}

TEST_F(Refusal, LocalSystemOutsideTheBundledFolder) {
  refuse_identity("local_system",
                  " asks to start processes on this machine (LOCAL_SYSTEM); only the plugins shipped in " +
                      bundled.string() + " may; remove it from `plugins`");
}

TEST_F(Refusal, LocalSystemInTheBundledFolderIsFine) {
  install("local_system", bundled);
  open(options({"local_system"}));
  EXPECT_TRUE(status("local_system").loaded) << status("local_system").reason;
}

TEST_F(Refusal, NothingIsOpenedThatIsNotEnabled) {
  const auto mark = root / "mark";
  ASSERT_EQ(setenv("STOKER_TEST_MARK", mark.c_str(), 1), 0);
  install("marks_loading", own);
  open(options({}));
  EXPECT_FALSE(std::filesystem::exists(mark));
  RegistryOptions pinned = options({"marks_loading"});
  pinned.enabled[0].sha256 = std::string(64, 'f');
  open(pinned);
  EXPECT_FALSE(std::filesystem::exists(mark)) << "a file with the wrong hash was loaded";
  open(options({"marks_loading"}));
  EXPECT_TRUE(std::filesystem::exists(mark)) << "the mark would have shown nothing";
}

TEST_F(Refusal, AllAtOnceStopNobody) {
  const std::vector<std::string> bad = {
      "magic",      "major",          "minor",       "short_table", "init_fails", "no_entry", "undefined_symbol",
      "throwsinit", "offers_nothing", "local_system"};
  std::vector<std::string> ids = bad;
  for (const std::string& id : bad) install(id, own);
  install("lines", own);
  ids.push_back("lines");
  open(options(ids));
  for (const std::string& id : bad) EXPECT_FALSE(status(id).reason.empty()) << id;
  EXPECT_EQ(registry->log_parser_ids(), std::vector<std::string>{"lines"});
  EXPECT_TRUE(registry->provider_ids().empty());
}

}  // namespace
}  // namespace stoker::plugin_host
