// Winograd's domain: tiles into it, and out of it.
//
// A tile is 4 x 4 pixels of the result, and 6 x 6 of what the filters see for them. In the
// domain it is 36 numbers for each channel, of which each is a product of matrices for
// itself: tiles by channels, times channels by channels. A plane is such a matrix, for one of
// the 36: in strips of 16 columns, so that addresses in a strip are known when this is
// compiled. Planes lie kStagger further apart than they are long, since a cache keeps few
// lines whose addresses differ by a power of two.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vectors.h"

namespace {

constexpr int64_t kPixels = 4;  // of a result, along a side of a tile
constexpr int64_t kSeen = 6;    // of the maps
constexpr int64_t kTaps = 3;    // of a filter
constexpr int64_t kPlanes = kSeen * kSeen;
constexpr int64_t kTiles = 32;  // in a block, at most
constexpr int64_t kStrip = 16;  // divides the channels
constexpr int64_t kStagger = 16;
constexpr int64_t kMostChannels = 2048;

inline int64_t plane_of(int64_t rows, int64_t columns) { return rows * columns + kStagger; }

// To the next multiple of kStrip.
inline int64_t in_strips(int64_t count) { return (count + kStrip - 1) / kStrip * kStrip; }

// Where a column begins in a plane.
inline int64_t column_at(int64_t rows, int64_t column) {
  return column / kStrip * rows * kStrip + column % kStrip;
}

// Columns that are taken at once out of `columns`.
inline int64_t width_of(int64_t columns) {
  int64_t width = 64;
  while (columns % width != 0) width /= 2;
  return width;
}

// Channels before and after a convolution.
struct Channels {
  int64_t from, to;
};

// Some of tiles or channels.
struct Range {
  int64_t first, count;
};

// Maps in tiles: pixels of `channels` numbers, in rows, in images.
struct Tiled {
  int64_t images, rows, columns;
  int64_t down = (rows + kPixels - 1) / kPixels;
  int64_t across = (columns + kPixels - 1) / kPixels;

  int64_t tiles() const { return images * down * across; }
  int64_t blocks() const { return (tiles() + kTiles - 1) / kTiles; }

  // All but the last of as many tiles as fill strips of sums over them.
  Range block(int64_t number) const {
    const int64_t strips = in_strips(tiles()) / kStrip;
    const int64_t first = strips * number / blocks() * kStrip;
    return {first, std::min(tiles(), strips * (number + 1) / blocks() * kStrip) - first};
  }
};

// Where a tile's pixels are: `Side` x `Side` of `channels` numbers, of which the first is
// `border` above and left of the tile; `outside` where there are none.
template <int64_t Side, typename T>
struct Pixels {
  T* at[Side][Side];

  INLINE Pixels(T* maps, const Tiled& tiled, int64_t channels, int64_t tile, int64_t border,
                T* outside) {
    const int64_t strip = tile / tiled.across, image = strip / tiled.down;
    const int64_t row = strip % tiled.down * kPixels - border;
    const int64_t column = tile % tiled.across * kPixels - border;
    const int64_t first = (image * tiled.rows + row) * tiled.columns + column;
    bool is_inside[Side];
    for (int64_t j = 0; j < Side; ++j) {
      is_inside[j] = column + j >= 0 && column + j < tiled.columns;
    }
    for (int64_t i = 0; i < Side; ++i) {
      const bool is_row = row + i >= 0 && row + i < tiled.rows;
      for (int64_t j = 0; j < Side; ++j) {
        const int64_t pixel = first + i * tiled.columns + j;
        at[i][j] = is_row && is_inside[j] ? maps + pixel * channels : outside;
      }
    }
  }
};

// --- between a tile and the domain ----------------------------------------

// Each is a matrix of Winograd's F(4, 3), as Lavin and Gray have it, on a column.

struct OfMaps {
  static constexpr int64_t kFrom = kSeen, kTo = kSeen;
  template <typename T>
  static INLINE void apply(const T* in, T* out) {
    const T a = in[4] - 4 * in[2], b = in[3] - 4 * in[1];
    const T c = in[4] - in[2], d = 2 * (in[3] - in[1]);
    out[0] = 4 * in[0] - 5 * in[2] + in[4];
    out[1] = a + b;
    out[2] = a - b;
    out[3] = c + d;
    out[4] = c - d;
    out[5] = 4 * in[1] - 5 * in[3] + in[5];
  }
};

struct ToResult {
  static constexpr int64_t kFrom = kSeen, kTo = kPixels;
  template <typename T>
  static INLINE void apply(const T* in, T* out) {
    const T a = in[1] + in[2], b = in[1] - in[2], c = in[3] + in[4], d = in[3] - in[4];
    out[0] = in[0] + a + c;
    out[1] = b + 2 * d;
    out[2] = a + 4 * c;
    out[3] = b + 8 * d + in[5];
  }
};

// The way back of ToResult.
struct OfGradient {
  static constexpr int64_t kFrom = kPixels, kTo = kSeen;
  template <typename T>
  static INLINE void apply(const T* in, T* out) {
    const T a = in[0] + in[2], b = in[1] + in[3];
    const T c = in[0] + 4 * in[2], d = 2 * in[1] + 8 * in[3];
    out[0] = in[0];
    out[1] = a + b;
    out[2] = a - b;
    out[3] = c + d;
    out[4] = c - d;
    out[5] = in[3];
  }
};

struct OfFilter {
  static constexpr int64_t kFrom = kTaps, kTo = kSeen;
  template <typename T>
  static INLINE void apply(const T* in, T* out) {
    const T a = (in[0] + in[2]) * (-1.0f / 6), b = in[1] * (1.0f / 6);
    const T c = in[0] * (1.0f / 24) + in[2] * (1.0f / 6), d = in[1] * (1.0f / 12);
    out[0] = in[0] * 0.25f;
    out[1] = a - b;
    out[2] = a + b;
    out[3] = c + d;
    out[4] = c - d;
    out[5] = in[2];
  }
};

// The way back of OfFilter.
struct ToFilter {
  static constexpr int64_t kFrom = kSeen, kTo = kTaps;
  template <typename T>
  static INLINE void apply(const T* in, T* out) {
    const T a = in[1] + in[2], b = in[2] - in[1], c = in[3] + in[4], d = in[3] - in[4];
    out[0] = in[0] * 0.25f - a * (1.0f / 6) + c * (1.0f / 24);
    out[1] = b * (1.0f / 6) + d * (1.0f / 12);
    out[2] = (c - a) * (1.0f / 6) + in[5];
  }
};

// Along both sides: `get(i, j)` gives what is at row i and column j, `put` takes it.
template <typename M, typename V, typename Get, typename Put>
INLINE void along_both(const Get& get, const Put& put) {
  typename V::Vector half[M::kTo][M::kFrom], column[M::kFrom], to[M::kTo];
#pragma GCC unroll 6
  for (int64_t j = 0; j < M::kFrom; ++j) {
#pragma GCC unroll 6
    for (int64_t i = 0; i < M::kFrom; ++i) get(i, j, column[i]);
    M::apply(column, to);
#pragma GCC unroll 6
    for (int64_t i = 0; i < M::kTo; ++i) half[i][j] = to[i];
  }
#pragma GCC unroll 6
  for (int64_t i = 0; i < M::kTo; ++i) {
    M::apply(half[i], to);
#pragma GCC unroll 6
    for (int64_t j = 0; j < M::kTo; ++j) put(i, j, to[j]);
  }
}

const float kZeros[kMostChannels] = {};

// Tiles into planes of `some` of the channels; rows after them become 0, up to what products
// take at once.
template <typename M, typename V>
INLINE void into_planes(const float* maps, const Tiled& tiled, int64_t channels,
                        const Range& some, const Range& tiles, float* planes) {
  const int64_t border = M::kFrom == kSeen ? 1 : 0, plane = plane_of(kTiles, some.count);
  for (int64_t t = 0; t < tiles.count; ++t) {
    const Pixels<M::kFrom, const float> pixels(maps + some.first, tiled, channels,
                                               tiles.first + t, border, kZeros);
    for (int64_t c = 0; c < some.count; c += V::kCount) {
      float* to = planes + column_at(kTiles, c) + t * kStrip;
      along_both<M, V>(
          [&](int64_t i, int64_t j, typename V::Vector& value) INLINE_LAMBDA {
            load<V>(pixels.at[i][j] + c, value);
          },
          [&](int64_t i, int64_t j, const typename V::Vector& value) INLINE_LAMBDA {
            store<V>(to + (i * kSeen + j) * plane, value);
          });
    }
  }
  for (int64_t p = 0; p < kPlanes; ++p) {
    for (int64_t c = 0; c < some.count; c += kStrip) {
      float* strip = planes + p * plane + column_at(kTiles, c);
      std::fill(strip + tiles.count * kStrip, strip + in_strips(tiles.count) * kStrip, 0.0f);
    }
  }
}

// The way out, to `some` of the channels of a result.
template <typename V>
INLINE void out_of_planes(const float* planes, const Tiled& tiled, int64_t channels,
                          const Range& some, const Range& tiles, float* result) {
  const int64_t plane = plane_of(kTiles, some.count);
  float outside[kMostChannels];
  for (int64_t t = 0; t < tiles.count; ++t) {
    const Pixels<kPixels, float> pixels(result + some.first, tiled, channels, tiles.first + t, 0,
                                        outside);
    for (int64_t c = 0; c < some.count; c += V::kCount) {
      const float* from = planes + column_at(kTiles, c) + t * kStrip;
      along_both<ToResult, V>(
          [&](int64_t i, int64_t j, typename V::Vector& value) INLINE_LAMBDA {
            load<V>(from + (i * kSeen + j) * plane, value);
          },
          [&](int64_t i, int64_t j, const typename V::Vector& value) INLINE_LAMBDA {
            store<V>(pixels.at[i][j] + c, value);
          });
    }
  }
}

}  // namespace
