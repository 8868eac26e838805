// The loops of batch_norm.cpp over a chunk of maps: rows of lanes, and what is told of
// a lane is the same in each row.
#pragma once

#include <cstdint>
#include <cstring>

#include "instruction_set.h"
#include "vectors.h"

namespace {

typedef uint16_t BFloat16;  // the upper half of a float

constexpr int64_t kBlock = 4;     // vectors that a loop keeps sums of in registers
constexpr int64_t kLanes = 64;    // a multiple of any block
constexpr int64_t kChunk = 8192;  // numbers, which a processor's first cache holds

template <typename V>
INLINE void load(const BFloat16* from, typename V::Vector& to) {
  typename V::HalfBits half;
  std::memcpy(&half, from, sizeof half);
  to = (typename V::Vector)(__builtin_convertvector(half, typename V::Bits) << 16);
}

// To the nearest, ties to even; what is no number stays none.
template <typename V>
INLINE void store(BFloat16* to, const typename V::Vector& from) {
  typedef typename V::Bits Bits;
  const Bits bits = (Bits)from, none = (Bits)(from != from);
  const Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const auto half = __builtin_convertvector((rounded & ~none) | (none & 0x7fc0),
                                            typename V::HalfBits);
  std::memcpy(to, &half, sizeof half);
}

// `value`, or 0 where `of` is at most 0: ReLU and its way back.
template <typename V>
INLINE void zero_below(const typename V::Vector& of, typename V::Vector& value) {
  typedef typename V::Bits Bits;
  value = (typename V::Vector)((Bits)value & ~(Bits)(of <= 0.0f));
}

// --- a chunk ------------------------------------------------------------

// A norm for each lane: its mean, and itself as a product and a sum.
struct Lanes {
  const float* mean;
  const float* factor;
  const float* term;
};

// Sums of each lane, and of the squares of what its values are from their mean.
template <typename V, typename T>
INLINE void sum_maps(const T* maps, int64_t rows, int64_t lanes, float* sums, float* squares) {
  typedef typename V::Vector Vector;
  for (int64_t lane = 0; lane < lanes; lane += kBlock * V::kCount) {
    Vector sum[kBlock] = {}, square[kBlock] = {}, value;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < kBlock; ++i) {
        load<V>(maps + row * lanes + lane + i * V::kCount, value);
        sum[i] += value;
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < kBlock; ++i) {
        load<V>(maps + row * lanes + lane + i * V::kCount, value);
        value -= sum[i] / static_cast<float>(rows);
        square[i] += value * value;
      }
    }
    for (int64_t i = 0; i < kBlock; ++i) {
      store<V>(sums + lane + i * V::kCount, sum[i]);
      store<V>(squares + lane + i * V::kCount, square[i]);
    }
  }
}

template <typename V, typename T>
INLINE void normalise(const T* maps, const T* residual, bool relu, int64_t rows, int64_t lanes,
                      const Lanes& of, T* out) {
  typedef typename V::Vector Vector;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t lane = 0; lane < lanes; lane += V::kCount) {
      const int64_t at = row * lanes + lane;
      Vector value, factor, term;
      load<V>(maps + at, value);
      load<V>(of.factor + lane, factor);
      load<V>(of.term + lane, term);
      value = value * factor + term;
      if (residual != nullptr) {
        load<V>(residual + at, term);
        value += term;
      }
      if (relu) zero_below<V>(value, value);
      store<V>(out + at, value);
    }
  }
}

// Sums of the gradient below ReLU, and of its product with what maps are from their
// mean. ReLU passed what is above 0 in `result`, or, where that is null, in the normed
// maps; with `below` the gradient is left there.
template <typename V, typename T>
INLINE void sum_gradients(const T* gradients, const T* maps, const T* result, bool relu,
                          int64_t rows, int64_t lanes, const Lanes& of, T* below, float* sums,
                          float* products) {
  typedef typename V::Vector Vector;
  for (int64_t lane = 0; lane < lanes; lane += kBlock * V::kCount) {
    Vector sum[kBlock] = {}, product[kBlock] = {};
    Vector mean[kBlock], factor[kBlock], term[kBlock];
    for (int64_t i = 0; i < kBlock; ++i) {
      load<V>(of.mean + lane + i * V::kCount, mean[i]);
      load<V>(of.factor + lane + i * V::kCount, factor[i]);
      load<V>(of.term + lane + i * V::kCount, term[i]);
    }
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < kBlock; ++i) {
        const int64_t at = row * lanes + lane + i * V::kCount;
        Vector gradient, value, after;
        load<V>(gradients + at, gradient);
        load<V>(maps + at, value);
        if (relu) {
          if (result != nullptr) {
            load<V>(result + at, after);
          } else {
            after = value * factor[i] + term[i];
          }
          zero_below<V>(after, gradient);
          if (below != nullptr) store<V>(below + at, gradient);
        }
        sum[i] += gradient;
        product[i] += gradient * (value - mean[i]);
      }
    }
    for (int64_t i = 0; i < kBlock; ++i) {
      store<V>(sums + lane + i * V::kCount, sum[i]);
      store<V>(products + lane + i * V::kCount, product[i]);
    }
  }
}

// What gradients of maps are found with, for a vector of lanes.
template <typename V>
struct WayBack {
  typename V::Vector mean, factor, term, offset, slope;

  INLINE void look(const Lanes& of, const float* offsets, const float* slopes, int64_t lane) {
    load<V>(of.mean + lane, mean);
    load<V>(of.factor + lane, factor);
    load<V>(of.term + lane, term);
    load<V>(offsets + lane, offset);
    load<V>(slopes + lane, slope);
  }

  // The gradient of maps from that of their norm: less the offset and what the slope has for
  // as far as they are from their mean.
  template <typename T>
  INLINE void put(const T* maps, const typename V::Vector& of_norm, bool relu, T* out) const {
    typename V::Vector value, gradient = of_norm;
    load<V>(maps, value);
    if (relu) zero_below<V>(value * factor + term, gradient);
    store<V>(out, factor * (gradient - offset - (value - mean) * slope));
  }
};

template <typename V, typename T>
INLINE void gradient_of_maps(const T* gradients, const T* maps, bool relu, int64_t rows,
                             int64_t lanes, const Lanes& of, const float* offset,
                             const float* slope, T* out) {
  for (int64_t lane = 0; lane < lanes; lane += kBlock * V::kCount) {
    WayBack<V> back[kBlock];
    for (int64_t i = 0; i < kBlock; ++i) back[i].look(of, offset, slope, lane + i * V::kCount);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < kBlock; ++i) {
        const int64_t at = row * lanes + lane + i * V::kCount;
        typename V::Vector gradient;
        load<V>(gradients + at, gradient);
        back[i].put(maps + at, gradient, relu, out + at);
      }
    }
  }
}

// Each loop for each instruction set and number format.
#define FOR_EACH_INSTRUCTION_SET(LOOPS)                        \
  namespace avx2 {                                             \
  LOOPS(__attribute__((target("avx2"))), Eight, float)         \
  LOOPS(__attribute__((target("avx2"))), Eight, BFloat16)      \
  }                                                            \
  namespace avx512 {                                           \
  LOOPS(__attribute__((target("avx512f"))), Sixteen, float)    \
  LOOPS(__attribute__((target("avx512f"))), Sixteen, BFloat16) \
  }

#define LOOPS(TARGET, V, T)                                                                   \
  TARGET void chunk_sums(const T* maps, int64_t rows, int64_t lanes, float* sums,             \
                         float* squares) {                                                    \
    sum_maps<V>(maps, rows, lanes, sums, squares);                                            \
  }                                                                                           \
  TARGET void chunk_out(const T* maps, const T* residual, bool relu, int64_t rows,            \
                        int64_t lanes, const Lanes& of, T* out) {                             \
    normalise<V>(maps, residual, relu, rows, lanes, of, out);                                 \
  }                                                                                           \
  TARGET void chunk_gradient_sums(const T* gradients, const T* maps, const T* result,         \
                                  bool relu, int64_t rows, int64_t lanes, const Lanes& of,    \
                                  T* below, float* sums, float* products) {                   \
    sum_gradients<V>(gradients, maps, result, relu, rows, lanes, of, below, sums, products);  \
  }                                                                                           \
  TARGET void chunk_gradient(const T* gradients, const T* maps, bool relu, int64_t rows,      \
                             int64_t lanes, const Lanes& of, const float* offset,             \
                             const float* slope, T* out) {                                    \
    gradient_of_maps<V>(gradients, maps, relu, rows, lanes, of, offset, slope, out);          \
  }
FOR_EACH_INSTRUCTION_SET(LOOPS)
#undef LOOPS

CHOOSE(chunk_sums)
CHOOSE(chunk_out)
CHOOSE(chunk_gradient_sums)
CHOOSE(chunk_gradient)

}  // namespace
