// The loops of winograd.cpp over a block of tiles, and over filters.
#pragma once

#include <cstdint>

#include "instruction_set.h"
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
// two has `height`. `rows` are those of C, of which as many are taken as Rows divides: the
// first that is not is what comes back. `depth` is what is summed over, a multiple of kStrip.
template <typename V, int64_t Rows, int64_t Wide, Product Of>
INLINE int64_t product(const float* a, const float* b, float* c, int64_t first, int64_t rows,
                       int64_t depth, int64_t height) {
  typedef typename V::Vector Vector;
  constexpr bool kIsTurned = Of != Product::kOf;
  constexpr int64_t kRow = kIsTurned ? 1 : kStrip, kDeep = kIsTurned ? kStrip : 1;
  constexpr int64_t kNext = kIsTurned ? kStrip * kStrip : kTiles * kStrip;
  const int64_t height_of_b = kIsTurned ? kTiles : height;
  const int64_t height_of_c = kIsTurned ? height : kTiles;
  int64_t row = first;
  for (; row + Rows <= rows; row += Rows) {
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
  return row;
}

// All rows: Rows at a time, then Few, of which the last may be none of them.
template <typename V, int64_t Rows, int64_t Few, int64_t Wide, Product Of>
INLINE void product_of_rows(const float* a, const float* b, float* c, int64_t rows,
                            int64_t depth, int64_t height) {
  const int64_t row = product<V, Rows, Wide, Of>(a, b, c, 0, rows, depth, height);
  product<V, Few, Wide, Of>(a, b, c, row, (rows + Few - 1) / Few * Few, depth, height);
}

// The same for `columns` of B and C. Few divides kTiles and, turned, Rows divides a strip.
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
      product_of_rows<V, kIsTurned ? 4 : 6, 2, 2, Of>(a, right, to, rows, depth, height);
    } else if (width == 64) {
      product_of_rows<V, kIsTurned ? 4 : 6, 2, 4, Of>(a, right, to, rows, depth, height);
    } else if (width == 32) {
      product_of_rows<V, kIsTurned ? 8 : 12, 4, 2, Of>(a, right, to, rows, depth, height);
    } else {
      product_of_rows<V, kIsTurned ? 16 : 12, 4, 1, Of>(a, right, to, rows, depth, height);
    }
  }
}

// --- blocks ----------------------------------------------------------------

// Filters as `[from, 9, to]`, of which some of the last are wanted: where the first of
// their numbers is, and how far apart those of channels and those of taps are.
struct Filters {
  const float* first;
  int64_t channel_apart, tap_apart;

  Filters from(int64_t column) const { return {first + column, channel_apart, tap_apart}; }
};

constexpr int64_t kRows = kSeen / 3;  // of planes of filters at a time, where maps are few

// Columns of a weight that lies as `[to, 9, from]`, as such filters. On the way back, of which
// `of` tells, the weight is what is wanted once the taps are in the other order; else columns
// are turned into `turned`.
inline Filters filters_of(const float* weight, const Channels& of, bool is_way_back,
                          const Range& columns, float* turned) {
  constexpr int64_t kAll = kTaps * kTaps;
  if (is_way_back) {
    return {weight + (kAll - 1) * of.to + columns.first, kAll * of.to, -of.to};
  }
  for (int64_t row = 0; row < of.from; row += kStrip) {
    for (int64_t tap = 0; tap < kAll; ++tap) {
      for (int64_t column = 0; column < columns.count; column += kStrip) {
        float strip[kStrip][kStrip];
        for (int64_t k = 0; k < kStrip; ++k) {
          const float* from =
              weight + ((columns.first + column + k) * kAll + tap) * of.from + row;
          __builtin_prefetch(from + kStrip);
          for (int64_t r = 0; r < kStrip; ++r) strip[r][k] = from[r];
        }
        for (int64_t r = 0; r < kStrip; ++r) {
          std::copy(strip[r], strip[r] + kStrip,
                    turned + ((row + r) * kAll + tap) * columns.count + column);
        }
      }
    }
  }
  return {turned, kAll * columns.count, columns.count};
}

// A strip of filters into Rows of the planes `[from, columns]`, of which each begins `plane`
// after the one before.
template <typename V, int64_t First, int64_t Rows>
INLINE void filters_in(const Filters& filters, int64_t from, int64_t plane, float* strip) {
  for (int64_t channel = 0; channel < from; ++channel) {
    for (int64_t c = 0; c < kStrip; c += V::kCount) {
      const float* taps = filters.first + channel * filters.channel_apart + c;
      float* to = strip + channel * kStrip + c;
      along_both<OfFilter, V>(
          [&](int64_t i, int64_t j, typename V::Vector& tap) INLINE_LAMBDA {
            load<V>(taps + (i * kTaps + j) * filters.tap_apart, tap);
          },
          [&](int64_t i, int64_t j, const typename V::Vector& value) INLINE_LAMBDA {
            if (i < First || i >= First + Rows) return;
            store<V>(to + ((i - First) * kSeen + j) * plane, value);
          });
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

// The planes of some rows of the domain, of all tiles.
template <typename V, int64_t First, int64_t Rows>
INLINE void multiply_rows(const float* seen, const Tiled& tiled, const Channels& of,
                          const Filters& filters, int64_t columns, float* planes,
                          float* products) {
  const int64_t plane = plane_of(of.from, columns);
  const int64_t before = plane_of(kTiles, of.from), after = plane_of(kTiles, columns);
  for (int64_t column = 0; column < columns; column += kStrip) {
    filters_in<V, First, Rows>(filters.from(column), of.from, plane,
                               planes + column_at(of.from, column));
  }
  for (int64_t p = 0; p < Rows * kSeen; ++p) {
    for (int64_t block = 0; block < tiled.blocks(); ++block) {
      const int64_t at = block * kPlanes + First * kSeen + p;
      product_of<V, Product::kOf>(columns, seen + at * before, planes + p * plane,
                                  products + at * after, tiled.block(block).count, of.from,
                                  of.from);
    }
  }
}

// The same of all tiles, whose planes of maps are in `seen`, for as many planes at a time as
// the second cache holds filters of. `scratch` holds these, then the planes of the result.
template <typename V>
INLINE void convolve_all(const float* seen, const Tiled& tiled, const Channels& of,
                         const Filters& filters, const Range& some, float* scratch,
                         float* result) {
  float* products = scratch + kRows * kSeen * plane_of(of.from, some.count);
  multiply_rows<V, 0, kRows>(seen, tiled, of, filters, some.count, scratch, products);
  multiply_rows<V, kRows, kRows>(seen, tiled, of, filters, some.count, scratch, products);
  multiply_rows<V, 2 * kRows, kRows>(seen, tiled, of, filters, some.count, scratch, products);
  for (int64_t block = 0; block < tiled.blocks(); ++block) {
    out_of_planes<V>(products + block * kPlanes * plane_of(kTiles, some.count), tiled, of.to,
                     some, tiled.block(block), result);
  }
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

// Each for each instruction set.
#define WINOGRAD(TARGET, V)                                                                  \
  TARGET void filters_into_planes(const Filters& filters, int64_t from, int64_t plane,       \
                                  float* strip) {                                            \
    filters_in<V, 0, kSeen>(filters, from, plane, strip);                                    \
  }                                                                                          \
  TARGET void maps_into_planes(const float* maps, const Tiled& tiled, int64_t channels,      \
                               const Range& tiles, float* planes) {                          \
    into_planes<OfMaps, V>(maps, tiled, channels, {0, channels}, tiles, planes);             \
  }                                                                                          \
  TARGET void convolve_maps(const float* seen, const Tiled& tiled, const Channels& of,       \
                            const Filters& filters, const Range& some, float* scratch,       \
                            float* result) {                                                 \
    convolve_all<V>(seen, tiled, of, filters, some, scratch, result);                        \
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

namespace avx2 {
WINOGRAD(__attribute__((target("avx2,fma"))), Eight)
}
namespace avx512 {
WINOGRAD(__attribute__((target("avx512f"))), Sixteen)
}
#undef WINOGRAD

CHOOSE(filters_into_planes)
CHOOSE(maps_into_planes)
CHOOSE(convolve_maps)
CHOOSE(convolve_block)
CHOOSE(sum_block_gradient)
CHOOSE(filters_out_of_planes)

}  // namespace
