// The loops of stem.cpp over a row of the result.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vectors.h"

namespace {

constexpr int64_t kMostRows = 13;      // of sums that are in registers at once
constexpr int64_t kMostChannels = 4;   // of images
constexpr int64_t kMostSide = 7;       // of a filter

// What a filter sees of an image with its borders: `side` runs of `run` numbers, `pitch` apart;
// `step` further on what the next pixel of the result sees.
struct Window {
  int64_t side, run, pitch, step;

  int64_t taps() const { return side * run; }
};

// `columns` pixels of the result, of `to` channels, by filters `[taps, to]`: Rows at a time, the
// last ones once more where Rows does not divide them.
template <typename V, int64_t Rows, int64_t Wide>
INLINE void convolve(const float* image, const Window& window, const float* filters,
                     int64_t columns, int64_t to, float* result) {
  for (int64_t column = 0; column < columns; column += Rows) {
    const int64_t first = std::min(column, columns - Rows);
    for (int64_t panel = 0; panel < to; panel += Wide * V::kCount) {
      typename V::Vector sum[Rows][Wide] = {};
      const float* filter = filters + panel;
      for (int64_t i = 0; i < window.side; ++i) {
        const float* seen = image + first * window.step + i * window.pitch;
        for (int64_t k = 0; k < window.run; ++k) {
          typename V::Vector factor[Wide];
#pragma GCC unroll 4
          for (int64_t w = 0; w < Wide; ++w) load<V>(filter + w * V::kCount, factor[w]);
#pragma GCC unroll 13
          for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int64_t w = 0; w < Wide; ++w) sum[r][w] += seen[r * window.step + k] * factor[w];
          }
          filter += to;
        }
      }
#pragma GCC unroll 13
      for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) {
          store<V>(result + (first + r) * to + panel + w * V::kCount, sum[r][w]);
        }
      }
    }
  }
}

// Adds to sums `[taps, to]`, which have room for kMostRows taps more, what the gradient of
// `columns` pixels of the result has.
template <typename V, int64_t Rows, int64_t Wide>
INLINE void add_gradient(const float* image, const Window& window, const float* gradient,
                         int64_t columns, int64_t to, float* sums) {
  for (int64_t tap = 0; tap < window.taps(); tap += Rows) {
    const float* seen[Rows];
    for (int64_t r = 0; r < Rows; ++r) {
      const int64_t at = std::min(tap + r, window.taps() - 1);
      seen[r] = image + at / window.run * window.pitch + at % window.run;
    }
    for (int64_t panel = 0; panel < to; panel += Wide * V::kCount) {
      typename V::Vector sum[Rows][Wide];
      float* at = sums + tap * to + panel;
#pragma GCC unroll 13
      for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) load<V>(at + r * to + w * V::kCount, sum[r][w]);
      }
      for (int64_t column = 0; column < columns; ++column) {
        typename V::Vector factor[Wide];
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) {
          load<V>(gradient + column * to + panel + w * V::kCount, factor[w]);
        }
#pragma GCC unroll 13
        for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
          for (int64_t w = 0; w < Wide; ++w) sum[r][w] += seen[r][column * window.step] * factor[w];
        }
      }
#pragma GCC unroll 13
      for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) store<V>(at + r * to + w * V::kCount, sum[r][w]);
      }
    }
  }
}

// Each for each instruction set; the loader takes what the processor has. Sums are as many as
// its registers hold.
#define STEM(TARGET, V, OF_64, OF_32, OF_16)                                                   \
  TARGET void convolve_row(const float* image, const Window& window, const float* filters,     \
                           int64_t columns, int64_t to, float* result) {                       \
    if (to % 64 == 0) {                                                                        \
      convolve<V, OF_64>(image, window, filters, columns, to, result);                         \
    } else if (to % 32 == 0) {                                                                 \
      convolve<V, OF_32>(image, window, filters, columns, to, result);                         \
    } else {                                                                                   \
      convolve<V, OF_16>(image, window, filters, columns, to, result);                         \
    }                                                                                          \
  }                                                                                            \
  TARGET void add_row_gradient(const float* image, const Window& window, const float* gradient, \
                               int64_t columns, int64_t to, float* sums) {                     \
    if (to % 64 == 0) {                                                                        \
      add_gradient<V, OF_64>(image, window, gradient, columns, to, sums);                      \
    } else if (to % 32 == 0) {                                                                 \
      add_gradient<V, OF_32>(image, window, gradient, columns, to, sums);                      \
    } else {                                                                                   \
      add_gradient<V, OF_16>(image, window, gradient, columns, to, sums);                      \
    }                                                                                          \
  }
#define ROWS(rows, wide) rows, wide

STEM(__attribute__((target("default"))), Eight, ROWS(6, 2), ROWS(6, 2), ROWS(6, 2))
STEM(__attribute__((target("avx2,fma"))), Eight, ROWS(6, 2), ROWS(6, 2), ROWS(6, 2))
STEM(__attribute__((target("avx512f"))), Sixteen, ROWS(6, 4), ROWS(12, 2), ROWS(13, 1))

}  // namespace
