// How batch norm goes over maps, and what it measures of them.
#pragma once

#include <ATen/ATen.h>
#include <foramen_tch/shared_sums.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "instruction_set.h"
#ifdef HAS_LOOPS
#include "batch_norm_loops.h"
#include "parallel.h"
#endif

namespace {

using at::Tensor;

struct Norm {
  Tensor weight, bias, running_mean, running_variance;
  double momentum, epsilon;
  SharedSumsPointer shared = shared_sums();
};

// By channel: means of `count` values and sums of squares around them. Those of this process
// become those of all.
struct Moments {
  double count;
  std::vector<double> mean, square;

  void share(SharedSums& shared) {
    std::vector<double> all{count};
    for (const double value : mean) all.push_back(count * value);
    for (size_t i = 0; i < mean.size(); ++i) {
      all.push_back(square[i] + count * mean[i] * mean[i]);
    }
    if (!shared.failure.empty()) return;
    try {
      shared.add(all);
    } catch (const c10::Error& error) {
      shared.failure = error.what_without_backtrace();
      return;
    } catch (const std::exception& error) {
      shared.failure = error.what();
      return;
    }
    count = all[0];
    for (size_t i = 0; i < mean.size(); ++i) {
      mean[i] = all[1 + i] / count;
      square[i] = std::max(0.0, all[1 + mean.size() + i] - count * mean[i] * mean[i]);
    }
  }
};

// A count and two sums by channel of this process become those of all.
void share_sums(SharedSums& shared, double& count, std::vector<double>& sum,
                std::vector<double>& product) {
  std::vector<double> all{count};
  all.insert(all.end(), sum.begin(), sum.end());
  all.insert(all.end(), product.begin(), product.end());
  shared.add(all);
  count = all[0];
  const auto middle = all.begin() + 1 + static_cast<int64_t>(sum.size());
  std::copy(all.begin() + 1, middle, sum.begin());
  std::copy(middle, all.end(), product.begin());
}

#ifdef HAS_LOOPS
// Maps as `rows` of `lanes`, in chunks of rows. A lane belongs to one channel.
struct Layout {
  int64_t channels, lanes, rows, rows_in_chunk, chunks;
  double count;  // of values in a channel

  explicit Layout(const Tensor& maps)
      : channels(maps.size(1)),
        lanes(std::max(channels, kLanes)),
        rows(maps.numel() / lanes),
        rows_in_chunk(std::max<int64_t>(1, kChunk / lanes)),
        chunks((rows + rows_in_chunk - 1) / rows_in_chunk),
        count(static_cast<double>(maps.numel() / channels)) {}

  int64_t rows_of(int64_t chunk) const {
    return std::min(rows_in_chunk, rows - chunk * rows_in_chunk);
  }

  // Two numbers for each lane of each chunk.
  Tensor parts() const { return at::empty({2, chunks, lanes}, at::kFloat); }

  // Calls `body` with the number of each chunk and where it begins.
  template <typename F>
  void for_each_chunk(const F& body) const {
    for_each_task(chunks, [&](int64_t chunk) { body(chunk, chunk * rows_in_chunk * lanes); });
  }

  // Sums by channel of what `add` adds to those of each lane, chunk by chunk.
  template <typename F>
  std::vector<double> per_channel(const F& add) const {
    std::vector<double> by_lane(lanes), sums(channels);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) add(chunk, by_lane.data());
    for (int64_t lane = 0; lane < lanes; ++lane) sums[lane % channels] += by_lane[lane];
    return sums;
  }

  // The same of numbers that there are.
  std::vector<double> sums_of(const float* parts) const {
    return per_channel([&](int64_t chunk, double* by_lane) {
      const float* part = parts + chunk * lanes;
      for (int64_t lane = 0; lane < lanes; ++lane) by_lane[lane] += part[lane];
    });
  }
};

// Rows of the tensor of lanes that the way back needs; the last is one over the
// deviation.
enum { kMean, kFactor, kTerm, kScale, kKnown };

template <typename T>
const T* numbers(const Tensor& tensor) {
  return tensor.defined() ? static_cast<const T*>(tensor.const_data_ptr()) : nullptr;
}

template <typename T>
T* numbers_to_write(const Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.mutable_data_ptr()) : nullptr;
}

template <typename T>
T* from(T* pointer, int64_t at) {
  return pointer == nullptr ? nullptr : pointer + at;
}

Lanes lanes_of(const float* known, int64_t lanes) {
  return {known + kMean * lanes, known + kFactor * lanes, known + kTerm * lanes};
}

// Statistics of the maps, as rows of lanes; moves the running ones.
template <typename T>
Tensor measure(const Layout& layout, const Tensor& maps, const Norm& norm) {
  const int64_t lanes = layout.lanes, channels = layout.channels;
  const Tensor parts = layout.parts();
  float* sums = numbers_to_write<float>(parts);
  float* squares = sums + layout.chunks * lanes;
  const T* values = numbers<T>(maps);
  layout.for_each_chunk([&](int64_t chunk, int64_t at) {
    chunk_sums(values + at, layout.rows_of(chunk), lanes, sums + chunk * lanes,
               squares + chunk * lanes);
  });
  Moments moments{layout.count, layout.sums_of(sums), {}};
  auto& [count, mean, square] = moments;
  for (double& value : mean) value /= count;
  std::vector<double> centre(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane) centre[lane] = mean[lane % channels];
  // Squares around a chunk's own mean, moved to that of the channel.
  square = layout.per_channel([&](int64_t chunk, double* by_lane) {
    const float *sum = sums + chunk * lanes, *own = squares + chunk * lanes;
    const auto rows = static_cast<double>(layout.rows_of(chunk));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const double apart = sum[lane] / rows - centre[lane];
      by_lane[lane] += own[lane] + rows * apart * apart;
    }
  });
  if (norm.shared) moments.share(*norm.shared);
  const Tensor known = at::empty({kKnown, lanes}, at::kFloat);
  float* row = numbers_to_write<float>(known);
  const float *weight = numbers<float>(norm.weight), *bias = numbers<float>(norm.bias);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int64_t channel = lane % channels;
    const double scale = 1 / std::sqrt(square[channel] / count + norm.epsilon);
    const double factor = weight[channel] * scale;
    row[kMean * lanes + lane] = static_cast<float>(mean[channel]);
    row[kFactor * lanes + lane] = static_cast<float>(factor);
    row[kTerm * lanes + lane] = static_cast<float>(bias[channel] - mean[channel] * factor);
    row[kScale * lanes + lane] = static_cast<float>(scale);
  }
  float* running_mean = numbers_to_write<float>(norm.running_mean);
  float* running_variance = numbers_to_write<float>(norm.running_variance);
  for (int64_t channel = 0; channel < channels; ++channel) {
    const auto move = [&](float& old, double now) {
      old = static_cast<float>((1 - norm.momentum) * old + norm.momentum * now);
    };
    move(running_mean[channel], mean[channel]);
    move(running_variance[channel], square[channel] / (count - 1));
  }
  return known;
}

// What the way back needs of sums by channel of the gradient below ReLU, and of its products
// with what maps are from their mean. Weight and bias have those of this process, which a
// reducer adds up; maps are one with those of other processes.
struct Slopes {
  Tensor of_weight, of_bias;
  std::vector<float> offset, slope;  // by lane

  Slopes(const Layout& layout, const Tensor& parts, double count, const Tensor& known,
         const SharedSumsPointer& shared)
      : of_weight(at::empty({layout.channels}, at::kFloat)),
        of_bias(at::empty_like(of_weight)),
        offset(layout.lanes),
        slope(layout.lanes) {
    const int64_t lanes = layout.lanes;
    const float* sums = numbers<float>(parts);
    auto sum = layout.sums_of(sums), product = layout.sums_of(sums + layout.chunks * lanes);
    float *weight = numbers_to_write<float>(of_weight), *bias = numbers_to_write<float>(of_bias);
    const float* scales = numbers<float>(known) + kScale * lanes;
    for (int64_t channel = 0; channel < layout.channels; ++channel) {
      weight[channel] = static_cast<float>(product[channel] * scales[channel]);
      bias[channel] = static_cast<float>(sum[channel]);
    }
    if (shared) share_sums(*shared, count, sum, product);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const int64_t channel = lane % layout.channels;
      const double scale = scales[lane];
      offset[lane] = static_cast<float>(sum[channel] / count);
      slope[lane] = static_cast<float>(product[channel] * scale * scale / count);
    }
  }
};
#endif

}  // namespace
