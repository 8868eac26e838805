// Vector types of GCC and clang: an operation is one on each element. Wider ones than
// a processor has would be slow.
#pragma once

#include <cstdint>
#include <cstring>

namespace {

// Into the function that is compiled for an instruction set.
#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

struct Eight {
  static constexpr int64_t kCount = 8;
  typedef float Vector __attribute__((vector_size(32)));
  typedef uint32_t Bits __attribute__((vector_size(32)));
  typedef uint16_t HalfBits __attribute__((vector_size(16)));
  typedef uint8_t Bytes __attribute__((vector_size(8)));
};

struct Sixteen {
  static constexpr int64_t kCount = 16;
  typedef float Vector __attribute__((vector_size(64)));
  typedef uint32_t Bits __attribute__((vector_size(64)));
  typedef uint16_t HalfBits __attribute__((vector_size(32)));
  typedef uint8_t Bytes __attribute__((vector_size(16)));
};

template <typename V>
INLINE void load(const float* from, typename V::Vector& to) {
  std::memcpy(&to, from, sizeof to);
}

template <typename V>
INLINE void store(float* to, const typename V::Vector& from) {
  std::memcpy(to, &from, sizeof from);
}

}  // namespace
