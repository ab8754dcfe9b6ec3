// The private sshd of one instance: its configuration and the command every login runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace stoker::local {

// Files of one instance, all inside its folder.
struct InstanceFiles {
  std::filesystem::path folder;
  [[nodiscard]] std::filesystem::path record() const { return folder / "record"; }
  [[nodiscard]] std::filesystem::path launched() const { return folder / "launched"; }
  [[nodiscard]] std::filesystem::path host_key() const { return folder / "host_key"; }
  [[nodiscard]] std::filesystem::path host_public_key() const { return folder / "host_key.pub"; }
  [[nodiscard]] std::filesystem::path authorized_keys() const { return folder / "authorized_keys"; }
  [[nodiscard]] std::filesystem::path config() const { return folder / "sshd_config"; }
  [[nodiscard]] std::filesystem::path enter() const { return folder / "enter"; }
  [[nodiscard]] std::filesystem::path log() const { return folder / "sshd.log"; }
  [[nodiscard]] std::filesystem::path home() const { return folder / "home"; }
};

// What every process of the instance carries in its environment and no other does. Tokens of two agents may be alike,
// their folders are not; STOKER_INSTANCE, which names the token, is there for people.
std::string mark_of(const InstanceFiles& files);

// `user` alone may log in, with a key of authorized_keys. `path` is PATH inside; where it can't be written into the
// file it is left to sshd.
std::string sshd_config(const InstanceFiles& files, std::string_view token, std::uint16_t port, std::string_view user,
                        std::string_view path);

// The forced command: sshd starts every command in the real home of the user, an instance's begin in its own.
std::string enter_script();

// Whether sshd_config can name the path without being misread.
bool writable_in_config(std::string_view path);

// A port of 127.0.0.1 nobody listens on now.
std::uint16_t free_port();

// Whether the log says that the port is ours; `taken` becomes true when it says that another has it.
bool listening(const std::filesystem::path& log, std::uint16_t port, bool& taken);
// The last line of the log, for a message.
std::string last_line(const std::filesystem::path& log);

// The login name of the user we run as. Throws Failure when that user cannot log in through sshd at all, saying why.
std::string login_user();

}  // namespace stoker::local
