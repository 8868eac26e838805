// The loops of direct.cpp over pixels of the result.
#pragma once

#include <algorithm>
#include <cstdint>

#include "instruction_set.h"
#include "vectors.h"

namespace {

constexpr int64_t kMostRows = 12;     // of sums that are in registers at once
constexpr int64_t kMostPixels = 128;  // that are gone over at a time

// Pixels of a result: where it has them, and where what they are from begins.
struct Pixels {
  int64_t count = 0;
  // As many more as sums may be taken of at once, in which the last one is again.
  int64_t seen[kMostPixels + kMostRows], out[kMostPixels + kMostRows];

  void add(int64_t seen_at, int64_t out_at) {
    seen[count] = seen_at;
    out[count++] = out_at;
  }
  void end() {
    std::fill(seen + count, seen + count + kMostRows, seen[count - 1]);
    std::fill(out + count, out + count + kMostRows, out[count - 1]);
  }
};

// What a filter sees: `side` runs of `run` numbers, `pitch` apart.
struct Window {
  int64_t side, run, pitch;

  int64_t taps() const { return side * run; }
};

// Pixels of `to` channels by filters `[taps, to]`: sums of Rows of them by Wide vectors.
template <typename V, int64_t Rows, int64_t Wide>
INLINE void convolve(const float* maps, const Window& window, const Pixels& pixels,
                     const float* filters, int64_t to, float* result) {
  for (int64_t pixel = 0; pixel < pixels.count; pixel += Rows) {
    const float* seen[Rows];
    for (int64_t r = 0; r < Rows; ++r) seen[r] = maps + pixels.seen[pixel + r];
    for (int64_t panel = 0; panel < to; panel += Wide * V::kCount) {
      typename V::Vector sum[Rows][Wide] = {};
      const float* filter = filters + panel;
      for (int64_t i = 0; i < window.side; ++i) {
        const int64_t first = i * window.pitch;
        for (int64_t k = first; k < first + window.run; ++k) {
          typename V::Vector factor[Wide];
#pragma GCC unroll 4
          for (int64_t w = 0; w < Wide; ++w) load<V>(filter + w * V::kCount, factor[w]);
#pragma GCC unroll 12
          for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int64_t w = 0; w < Wide; ++w) sum[r][w] += seen[r][k] * factor[w];
          }
          filter += to;
        }
      }
#pragma GCC unroll 12
      for (int64_t r = 0; r < Rows; ++r) {
        float* out = result + pixels.out[pixel + r] + panel;
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) store<V>(out + w * V::kCount, sum[r][w]);
      }
    }
  }
}

// Adds to sums `[taps, to]`, which have room for kMostRows taps more, what the gradients of
// pixels have.
template <typename V, int64_t Rows, int64_t Wide>
INLINE void add_gradients(const float* maps, const Window& window, const Pixels& pixels,
                          const float* gradients, int64_t to, float* sums) {
  for (int64_t tap = 0; tap < window.taps(); tap += Rows) {
    const float* seen[Rows];
    for (int64_t r = 0; r < Rows; ++r) {
      const int64_t at = std::min(tap + r, window.taps() - 1);
      seen[r] = maps + at / window.run * window.pitch + at % window.run;
    }
    for (int64_t panel = 0; panel < to; panel += Wide * V::kCount) {
      typename V::Vector sum[Rows][Wide];
      float* at = sums + tap * to + panel;
#pragma GCC unroll 12
      for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) load<V>(at + r * to + w * V::kCount, sum[r][w]);
      }
      for (int64_t pixel = 0; pixel < pixels.count; ++pixel) {
        const float* gradient = gradients + pixels.out[pixel] + panel;
        const int64_t k = pixels.seen[pixel];
        typename V::Vector factor[Wide];
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) load<V>(gradient + w * V::kCount, factor[w]);
#pragma GCC unroll 12
        for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
          for (int64_t w = 0; w < Wide; ++w) sum[r][w] += seen[r][k] * factor[w];
        }
      }
#pragma GCC unroll 12
      for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) store<V>(at + r * to + w * V::kCount, sum[r][w]);
      }
    }
  }
}

// Each for each instruction set. Sums are as many as
// its registers hold.
#define DIRECT(TARGET, V, OF_64, OF_32, OF_16)                                               \
  TARGET void convolve_pixels(const float* maps, const Window& window, const Pixels& pixels, \
                              const float* filters, int64_t to, float* result) {             \
    if (to % 64 == 0) {                                                                      \
      convolve<V, OF_64>(maps, window, pixels, filters, to, result);                         \
    } else if (to % 32 == 0) {                                                               \
      convolve<V, OF_32>(maps, window, pixels, filters, to, result);                         \
    } else {                                                                                 \
      convolve<V, OF_16>(maps, window, pixels, filters, to, result);                         \
    }                                                                                        \
  }                                                                                          \
  TARGET void add_gradients_of_pixels(const float* maps, const Window& window,               \
                                      const Pixels& pixels, const float* gradients,          \
                                      int64_t to, float* sums) {                             \
    if (to % 64 == 0) {                                                                      \
      add_gradients<V, OF_64>(maps, window, pixels, gradients, to, sums);                    \
    } else if (to % 32 == 0) {                                                               \
      add_gradients<V, OF_32>(maps, window, pixels, gradients, to, sums);                    \
    } else {                                                                                 \
      add_gradients<V, OF_16>(maps, window, pixels, gradients, to, sums);                    \
    }                                                                                        \
  }
#define ROWS(rows, wide) rows, wide

namespace avx2 {
DIRECT(__attribute__((target("avx2,fma"))), Eight, ROWS(6, 2), ROWS(6, 2), ROWS(6, 2))
}
namespace avx512 {
DIRECT(__attribute__((target("avx512f"))), Sixteen, ROWS(6, 4), ROWS(12, 2), ROWS(12, 1))
}
#undef DIRECT

CHOOSE(convolve_pixels)
CHOOSE(add_gradients_of_pixels)

}  // namespace
