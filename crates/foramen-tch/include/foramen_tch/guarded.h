// How functions of the shim tell what went wrong.
//
// Every function returns null when it succeeded, or a message that the caller
// gives back to ftch_free_message. No exception leaves C++: unwinding through Rust
// frames would be undefined.
#pragma once

#include <c10/util/Exception.h>

#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

inline char* message(const char* text) {
  char* copy = static_cast<char*>(std::malloc(std::strlen(text) + 1));
  if (copy != nullptr) std::strcpy(copy, text);
  return copy;
}

template <typename F>
char* guarded(F&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::Error& error) {
    return message(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return message(error.what());
  } catch (...) {
    return message("an exception that is no std::exception");
  }
}

}  // namespace
