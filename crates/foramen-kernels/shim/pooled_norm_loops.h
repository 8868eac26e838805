// The loops of batch_norm.cpp where ReLU and a pooling follow: a pixel of the result for
// every second one along both sides has the largest of the 3 x 3 around that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "batch_norm_loops.h"

namespace {

constexpr int64_t kSide = 3;

// Maps before and after: pixels of `channels` numbers, in rows, in images. A row's number
// counts those of the images before its own.
struct Pooled {
  int64_t images, rows, columns, channels;

  int64_t rows_after() const { return (rows + 1) / 2; }
  int64_t columns_after() const { return (columns + 1) / 2; }
};

// A row of the result, the maps that it is from, and their places in the 3 x 3, of which the
// first counts where several are the largest.
template <typename V, typename T>
INLINE void pool(const T* maps, const Pooled& of, int64_t row, const Lanes& norm, T* result,
                 T* source, uint8_t* place) {
  typedef typename V::Vector Vector;
  typedef typename V::Bits Bits;
  const int64_t image = row / of.rows_after(), first_row = row % of.rows_after() * 2 - 1;
  for (int64_t column = 0; column < of.columns_after(); ++column) {
    const T* seen[kSide * kSide];
    uint32_t places[kSide * kSide];
    int64_t count = 0;
    for (int64_t i = 0; i < kSide; ++i) {
      for (int64_t j = 0; j < kSide; ++j) {
        const int64_t y = first_row + i, x = column * 2 - 1 + j;
        if (y < 0 || y >= of.rows || x < 0 || x >= of.columns) continue;
        places[count] = static_cast<uint32_t>(i * kSide + j);
        seen[count++] = maps + ((image * of.rows + y) * of.columns + x) * of.channels;
      }
    }
    const int64_t to = (row * of.columns_after() + column) * of.channels;
    for (int64_t c = 0; c < of.channels; c += V::kCount) {
      Vector factor, term, value, normed;
      load<V>(norm.factor + c, factor);
      load<V>(norm.term + c, term);
      Vector most = Vector{} - std::numeric_limits<float>::infinity(), from = {};
      Bits at = {};
      for (int64_t k = 0; k < count; ++k) {
        load<V>(seen[k] + c, value);
        normed = value * factor + term;
        const Bits is_more = ~(Bits)(normed <= most);  // as is what is no number
        most = (Vector)(((Bits)normed & is_more) | ((Bits)most & ~is_more));
        from = (Vector)(((Bits)value & is_more) | ((Bits)from & ~is_more));
        at = (is_more & places[k]) | (at & ~is_more);
      }
      zero_below<V>(most, most);
      store<V>(result + to + c, most);
      store<V>(source + to + c, from);
      const auto bytes = __builtin_convertvector(at, typename V::Bytes);
      std::memcpy(place + to + c, &bytes, sizeof bytes);
    }
  }
}

// A row of the gradient of the maps, as WayBack has it, of the gradients of as many pixels of
// the result as took their maximum from here: these are in Rows rows, of which the first is
// `first`, and there the maps are in row `side` of the 3 x 3, or two less in the second.
template <typename V, int64_t Rows, typename T>
INLINE void unpool_rows(const T* gradients, const uint8_t* place, const T* maps,
                        const Pooled& of, int64_t first, int64_t side, const Lanes& norm,
                        const float* offset, const float* slope, T* out) {
  typedef typename V::Vector Vector;
  typedef typename V::Bits Bits;
  const int64_t columns = of.columns_after();
  for (int64_t c = 0; c < of.channels; c += V::kCount) {
    WayBack<V> back;
    back.look(norm, offset, slope, c);
    Vector gradient[Rows];
    Bits places[Rows];
    const auto look = [&](int64_t row, int64_t column) INLINE_LAMBDA {
      const int64_t at = ((first + row) * columns + column) * of.channels + c;
      typename V::Bytes bytes;
      std::memcpy(&bytes, place + at, sizeof bytes);
      places[row] = __builtin_convertvector(bytes, Bits);
      load<V>(gradients + at, gradient[row]);
    };
    const auto taken = [&](int64_t row, int64_t column) INLINE_LAMBDA {
      const auto from = static_cast<uint32_t>((side - 2 * row) * kSide + column);
      return (Vector)((Bits)gradient[row] & (Bits)(places[row] == from));
    };
    for (int64_t row = 0; row < Rows; ++row) look(row, 0);
    for (int64_t column = 0; column < columns; ++column) {
      const bool is_last = column + 1 == columns;
      Vector even = {}, odd = {};
      for (int64_t row = 0; row < Rows; ++row) {
        even += taken(row, 1);
        odd += taken(row, 2);
        if (is_last) continue;
        look(row, column + 1);
        odd += taken(row, 0);
      }
      const int64_t at = 2 * column * of.channels + c;
      back.put(maps + at, even, /*relu=*/true, out + at);
      if (is_last && of.columns % 2 == 1) continue;
      back.put(maps + at + of.channels, odd, /*relu=*/true, out + at + of.channels);
    }
  }
}

template <typename V, typename T>
INLINE void unpool(const T* gradients, const uint8_t* place, const T* maps, const Pooled& of,
                   int64_t row, const Lanes& norm, const float* offset, const float* slope,
                   T* out) {
  const int64_t y = row % of.rows, above = row / of.rows * of.rows_after() + y / 2;
  const int64_t at = row * of.columns * of.channels;
  const bool are_two = y % 2 == 1 && y + 1 < of.rows;
  if (are_two) {
    unpool_rows<V, 2>(gradients, place, maps + at, of, above, 2, norm, offset, slope, out + at);
  } else {
    unpool_rows<V, 1>(gradients, place, maps + at, of, above, y % 2 == 1 ? 2 : 1, norm, offset,
                      slope, out + at);
  }
}

#define LOOPS(TARGET, V, T)                                                                   \
  TARGET void pool_row(const T* maps, const Pooled& of, int64_t row, const Lanes& norm,       \
                       T* result, T* source, uint8_t* place) {                                \
    pool<V>(maps, of, row, norm, result, source, place);                                      \
  }                                                                                           \
  TARGET void unpool_row(const T* gradients, const uint8_t* place, const T* maps,             \
                         const Pooled& of, int64_t row, const Lanes& norm,                    \
                         const float* offset, const float* slope, T* out) {                   \
    unpool<V>(gradients, place, maps, of, row, norm, offset, slope, out);                     \
  }
FOR_EACH_INSTRUCTION_SET(LOOPS)
#undef LOOPS

CHOOSE(pool_row)
CHOOSE(unpool_row)

}  // namespace
