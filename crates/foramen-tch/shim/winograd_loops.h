// The loops of winograd.cpp over a block of tiles, and over filters.
#pragma once

#include <cstdint>

#include "winograd_tiles.h"

namespace {

// --- products ------------------------------------------------------------

// What is done with a product of matrices A and B.
enum class Product {
  kOf,          // C = A B
  kOfTurned,    // C = A' B
  kAddOfTurned  // C += A' B
};

// A product for as many columns as Wide vectors; Rows by Wide sums are to stay in registers.
// A plane of A has kTiles rows, as has one of C or, where A is turned, of B; the other of the
// two has `height`. `rows` are those of C, up to the next multiple of Rows, and `depth` is
// what is summed over, a multiple of kStrip.
template <typename V, int64_t Rows, int64_t Wide, Product Of>
INLINE void product(const float* a, const float* b, float* c, int64_t rows, int64_t depth,
                    int64_t height) {
  typedef typename V::Vector Vector;
  constexpr bool kIsTurned = Of != Product::kOf;
  constexpr int64_t kRow = kIsTurned ? 1 : kStrip, kDeep = kIsTurned ? kStrip : 1;
  constexpr int64_t kNext = kIsTurned ? kStrip * kStrip : kTiles * kStrip;
  const int64_t height_of_b = kIsTurned ? kTiles : height;
  const int64_t height_of_c = kIsTurned ? height : kTiles;
  for (int64_t row = 0; row < rows; row += Rows) {
    const float* left = a + (kIsTurned ? column_at(kTiles, row) : row * kStrip);
    const float* right = b;
    Vector sum[Rows][Wide] = {};
    for (int64_t strip = 0; strip < depth; strip += kStrip) {
#pragma GCC unroll 2
      for (int64_t k = 0; k < kStrip; ++k) {
        Vector factor[Wide];
#pragma GCC unroll 4
        for (int64_t w = 0; w < Wide; ++w) {
          load<V>(right + column_at(height_of_b, w * V::kCount) + k * kStrip, factor[w]);
        }
#pragma GCC unroll 16
        for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
          for (int64_t w = 0; w < Wide; ++w) {
            sum[r][w] += left[r * kRow + k * kDeep] * factor[w];
          }
        }
      }
      left += kNext;
      right += kStrip * kStrip;
    }
#pragma GCC unroll 16
    for (int64_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
      for (int64_t w = 0; w < Wide; ++w) {
        float* to = c + column_at(height_of_c, w * V::kCount) + (row + r) * kStrip;
        if (Of == Product::kAddOfTurned) {
          Vector before;
          load<V>(to, before);
          sum[r][w] += before;
        }
        store<V>(to, sum[r][w]);
      }
    }
  }
}

// The same for `columns` of B and C. 12 rows, or 6, divide kTiles; 16, 8, or 4 divide a strip.
template <typename V, Product Of>
INLINE void product_of(int64_t columns, const float* a, const float* b, float* c, int64_t rows,
                       int64_t depth, int64_t height) {
  constexpr bool kIsTurned = Of != Product::kOf;
  constexpr bool kMany = V::kCount == 16;  // registers
  const int64_t width = kMany ? width_of(columns) : kStrip;
  for (int64_t column = 0; column < columns; column += width) {
    const float* right = b + column_at(kIsTurned ? kTiles : height, column);
    float* to = c + column_at(kIsTurned ? height : kTiles, column);
    if (!kMany) {
      product<V, kIsTurned ? 4 : 6, 2, Of>(a, right, to, rows, depth, height);
    } else if (width == 64) {
      product<V, kIsTurned ? 4 : 6, 4, Of>(a, right, to, rows, depth, height);
    } else if (width == 32) {
      product<V, kIsTurned ? 8 : 12, 2, Of>(a, right, to, rows, depth, height);
    } else {
      product<V, kIsTurned ? 16 : 12, 1, Of>(a, right, to, rows, depth, height);
    }
  }
}

// --- blocks ----------------------------------------------------------------

// A strip of columns of filters into planes `[from, columns]`, from a weight that lies as
// `[to, 3, 3, from]`. On the way back, of which `of` tells, filters are turned around.
template <typename V>
INLINE void filters_in(const float* weight, const Channels& of, bool is_way_back,
                       int64_t column, int64_t plane, float* strip) {
  constexpr int64_t kWeights = kTaps * kTaps;
  for (int64_t row = 0; row < of.from; row += kStrip) {
    float turned[kWeights][kStrip][kStrip];
    for (int64_t k = 0; k < kStrip && !is_way_back; ++k) {
      for (int64_t tap = 0; tap < kWeights; ++tap) {
        const float* from = weight + ((column + k) * kWeights + tap) * of.from + row;
        for (int64_t r = 0; r < kStrip; ++r) turned[tap][r][k] = from[r];
      }
    }
    for (int64_t r = 0; r < kStrip; ++r) {
      const float* back = weight + (row + r) * kWeights * of.to + column;
      for (int64_t c = 0; c < kStrip; c += V::kCount) {
        along_both<OfFilter, V>(
            [&](int64_t i, int64_t j, typename V::Vector& to) INLINE_LAMBDA {
              const int64_t tap = i * kTaps + j, last = kWeights - 1;
              load<V>(is_way_back ? back + (last - tap) * of.to + c : turned[tap][r] + c, to);
            },
            [&](int64_t i, int64_t j, const typename V::Vector& value) INLINE_LAMBDA {
              store<V>(strip + (i * kSeen + j) * plane + (row + r) * kStrip + c, value);
            });
      }
    }
  }
}

// Some channels of the result of a block of tiles. `scratch` holds planes of maps, then of
// the result.
template <typename V>
INLINE void convolve(const float* maps, const Tiled& tiled, const Channels& of,
                     const float* filters, const Range& some, const Range& tiles,
                     float* scratch, float* result) {
  float* products = scratch + kPlanes * plane_of(kTiles, of.from);
  into_planes<OfMaps, V>(maps, tiled, of.from, {0, of.from}, tiles, scratch);
  for (int64_t p = 0; p < kPlanes; ++p) {
    product_of<V, Product::kOf>(some.count, scratch + p * plane_of(kTiles, of.from),
                                filters + p * plane_of(of.from, some.count),
                                products + p * plane_of(kTiles, some.count), tiles.count,
                                of.from, of.from);
  }
  out_of_planes<V>(products, tiled, of.to, some, tiles, result);
}

// What a block of tiles has for the gradient of the filters between some channels and some
// others, into planes `[to, from]`, or added to what is there.
template <typename V, Product Of>
INLINE void sum_products(const Range& from, const Range& to, const Range& tiles,
                         const float* maps, const float* gradients, float* sums) {
  for (int64_t p = 0; p < kPlanes; ++p) {
    product_of<V, Of>(from.count, gradients + p * plane_of(kTiles, to.count),
                      maps + p * plane_of(kTiles, from.count),
                      sums + p * plane_of(to.count, from.count), to.count,
                      in_strips(tiles.count), to.count);
  }
}

template <typename V>
INLINE void sum_gradient(const float* maps, const float* gradient, const Tiled& tiled,
                         const Channels& of, const Range& from, const Range& to,
                         const Range& tiles, bool is_first, float* scratch, float* sums) {
  float* gradients = scratch + kPlanes * plane_of(kTiles, from.count);
  into_planes<OfMaps, V>(maps, tiled, of.from, from, tiles, scratch);
  into_planes<OfGradient, V>(gradient, tiled, of.to, to, tiles, gradients);
  if (is_first) {
    sum_products<V, Product::kOfTurned>(from, to, tiles, scratch, gradients, sums);
  } else {
    sum_products<V, Product::kAddOfTurned>(from, to, tiles, scratch, gradients, sums);
  }
}

// A row of the gradient of filters, out of `parts` of planes `[to, from]`, of which each
// begins `apart` from the one before.
template <typename V>
INLINE void filters_out(const float* sums, int64_t parts, int64_t apart, const Channels& of,
                        int64_t row, float* taps, int64_t tap_apart) {
  for (int64_t c = 0; c < of.from; c += V::kCount) {
    const float* at = sums + column_at(of.to, c) + row * kStrip;
    along_both<ToFilter, V>(
        [&](int64_t i, int64_t j, typename V::Vector& sum) INLINE_LAMBDA {
          const float* part = at + (i * kSeen + j) * plane_of(of.to, of.from);
          load<V>(part, sum);
          for (int64_t k = 1; k < parts; ++k) {
            typename V::Vector more;
            load<V>(part + k * apart, more);
            sum += more;
          }
        },
        [&](int64_t i, int64_t j, const typename V::Vector& value) INLINE_LAMBDA {
          store<V>(taps + (i * kTaps + j) * tap_apart + c, value);
        });
  }
}

// Each for each instruction set; the loader takes what the processor has.
#define WINOGRAD(TARGET, V)                                                                  \
  TARGET void filters_into_planes(const float* weight, const Channels& of, bool is_way_back, \
                                  int64_t column, int64_t plane, float* strip) {             \
    filters_in<V>(weight, of, is_way_back, column, plane, strip);                            \
  }                                                                                          \
  TARGET void convolve_block(const float* maps, const Tiled& tiled, const Channels& of,      \
                             const float* filters, const Range& some, const Range& tiles,    \
                             float* scratch, float* result) {                                \
    convolve<V>(maps, tiled, of, filters, some, tiles, scratch, result);                     \
  }                                                                                          \
  TARGET void sum_block_gradient(const float* maps, const float* gradient,                   \
                                 const Tiled& tiled, const Channels& of, const Range& from,  \
                                 const Range& to, const Range& tiles, bool is_first,         \
                                 float* scratch, float* sums) {                              \
    sum_gradient<V>(maps, gradient, tiled, of, from, to, tiles, is_first, scratch, sums);    \
  }                                                                                          \
  TARGET void filters_out_of_planes(const float* sums, int64_t parts, int64_t apart,         \
                                    const Channels& of, int64_t row, float* taps,            \
                                    int64_t tap_apart) {                                     \
    filters_out<V>(sums, parts, apart, of, row, taps, tap_apart);                            \
  }

WINOGRAD(__attribute__((target("default"))), Eight)
WINOGRAD(__attribute__((target("avx2,fma"))), Eight)
WINOGRAD(__attribute__((target("avx512f"))), Sixteen)

}  // namespace
