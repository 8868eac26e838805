// Batch norm of a training, a sum with a residual and ReLU in one, on the CPU.
//
// libtorch passes over the maps for each of the three, and for each sum over them; here
// forward and back read them twice, and what they cost is the reading. Maps lie
// channels-last: a row holds the channels of a pixel, or of as many pixels as fill
// kLanes. Rows go in chunks of a size that does not depend on the number of threads, and
// what chunks have found is put together in their order; nor does a result depend on the
// instruction set, since products and sums are not contracted (build.rs).
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#ifdef __GNUC__
#include "batch_norm_loops.h"
#include "parallel.h"
#endif
#include "guarded.h"

namespace {

using at::Tensor;

#ifdef __GNUC__
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
    for_each_range(chunks, /*grain=*/4, [&](int64_t begin, int64_t end) {
      for (int64_t chunk = begin; chunk < end; ++chunk) body(chunk, chunk * rows_in_chunk * lanes);
    });
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

struct Norm {
  Tensor weight, bias, running_mean, running_variance;
  double momentum, epsilon;
};

// Statistics of the maps, as rows of lanes; moves the running ones.
template <typename T>
Tensor measure(const Layout& layout, const Tensor& maps, const Norm& norm) {
  const int64_t lanes = layout.lanes, channels = layout.channels;
  const double count = layout.count;
  const Tensor parts = layout.parts();
  float* sums = numbers_to_write<float>(parts);
  float* squares = sums + layout.chunks * lanes;
  const T* values = numbers<T>(maps);
  layout.for_each_chunk([&](int64_t chunk, int64_t at) {
    chunk_sums(values + at, layout.rows_of(chunk), lanes, sums + chunk * lanes,
               squares + chunk * lanes);
  });
  auto mean = layout.sums_of(sums);
  for (double& value : mean) value /= count;
  std::vector<double> centre(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane) centre[lane] = mean[lane % channels];
  // Squares around a chunk's own mean, moved to that of the channel.
  const auto square = layout.per_channel([&](int64_t chunk, double* by_lane) {
    const float *sum = sums + chunk * lanes, *own = squares + chunk * lanes;
    const auto rows = static_cast<double>(layout.rows_of(chunk));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const double apart = sum[lane] / rows - centre[lane];
      by_lane[lane] += own[lane] + rows * apart * apart;
    }
  });
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

template <typename T>
Tensor result_of(const Layout& layout, const Tensor& maps, const Tensor& residual, bool relu,
                 const Tensor& known) {
  const Tensor result = at::empty_like(maps);
  const Lanes of = lanes_of(numbers<float>(known), layout.lanes);
  const T *values = numbers<T>(maps), *added = numbers<T>(residual);
  T* to = numbers_to_write<T>(result);
  layout.for_each_chunk([&](int64_t chunk, int64_t at) {
    chunk_out(values + at, from(added, at), relu, layout.rows_of(chunk), layout.lanes, of,
              to + at);
  });
  return result;
}

// The gradients of maps, residual, weight and bias from that of the result. `result` is
// there where ReLU came after a residual.
template <typename T>
std::vector<Tensor> gradients_of(const Layout& layout, const Tensor& gradient,
                                 const Tensor& maps, const Tensor& result, bool relu,
                                 const Tensor& known) {
  const int64_t lanes = layout.lanes, channels = layout.channels;
  const Lanes of = lanes_of(numbers<float>(known), lanes);
  const Tensor below = result.defined() ? at::empty_like(maps) : gradient;
  const Tensor parts = layout.parts();
  float* sums = numbers_to_write<float>(parts);
  float* products = sums + layout.chunks * lanes;
  const T *values = numbers<T>(maps), *after = numbers<T>(result);
  {
    const T* of_result = numbers<T>(gradient);
    T* to = result.defined() ? numbers_to_write<T>(below) : nullptr;
    layout.for_each_chunk([&](int64_t chunk, int64_t at) {
      chunk_gradient_sums(of_result + at, values + at, from(after, at), relu,
                          layout.rows_of(chunk), lanes, of, from(to, at),
                          sums + chunk * lanes, products + chunk * lanes);
    });
  }
  const auto sum = layout.sums_of(sums), product = layout.sums_of(products);
  const Tensor of_weight = at::empty({channels}, at::kFloat), of_bias = at::empty_like(of_weight);
  float *weight = numbers_to_write<float>(of_weight), *bias = numbers_to_write<float>(of_bias);
  std::vector<float> offset(lanes), slope(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int64_t channel = lane % channels;
    const double scale = numbers<float>(known)[kScale * lanes + lane];
    weight[channel] = static_cast<float>(product[channel] * scale);
    bias[channel] = static_cast<float>(sum[channel]);
    offset[lane] = static_cast<float>(sum[channel] / layout.count);
    slope[lane] = static_cast<float>(product[channel] * scale * scale / layout.count);
  }
  const Tensor of_maps = at::empty_like(maps);
  const T* of_norm = numbers<T>(below);
  T* to = numbers_to_write<T>(of_maps);
  layout.for_each_chunk([&](int64_t chunk, int64_t at) {
    chunk_gradient(of_norm + at, values + at, relu && !result.defined(), layout.rows_of(chunk),
                   lanes, of, offset.data(), slope.data(), to + at);
  });
  return {of_maps, below, of_weight, of_bias};
}

// Weight and bias, which are in the norm as well, are arguments for autograd to see.
struct BatchNorm : torch::autograd::Function<BatchNorm> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& maps,
                        const std::optional<Tensor>& added, const Tensor& /*weight*/,
                        const Tensor& /*bias*/, const Norm& norm, bool relu) {
    const Layout layout(maps);
    const Tensor residual = added.value_or(Tensor());
    const bool is_float = maps.scalar_type() == at::kFloat;
    const Tensor known = is_float ? measure<float>(layout, maps, norm)
                                  : measure<BFloat16>(layout, maps, norm);
    const Tensor result = is_float ? result_of<float>(layout, maps, residual, relu, known)
                                   : result_of<BFloat16>(layout, maps, residual, relu, known);
    const bool is_needed = residual.defined() && relu;
    context->save_for_backward({maps, known, is_needed ? result : Tensor()});
    context->saved_data["with_residual"] = residual.defined();
    context->saved_data["relu"] = relu;
    return result;
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a fused batch norm has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &known = saved[1], &result = saved[2];
    const bool relu = context->saved_data["relu"].toBool();
    const Layout layout(maps);
    const Tensor gradient =
        of_result[0].to(maps.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    auto gradients = maps.scalar_type() == at::kFloat
                         ? gradients_of<float>(layout, gradient, maps, result, relu, known)
                         : gradients_of<BFloat16>(layout, gradient, maps, result, relu, known);
    if (!context->saved_data["with_residual"].toBool()) gradients[1] = Tensor();
    gradients.resize(6);  // what is no tensor has none
    return gradients;
  }
};

// Whether maps, residual and norm are what the loops are for.
bool fits(const Tensor& maps, const Tensor& residual, const Norm& norm) {
  const auto lies_well = [&](const Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == maps.scalar_type() &&
           tensor.sizes() == maps.sizes() &&
           tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
  };
  const auto type = maps.scalar_type();
  if (maps.dim() != 4 || maps.numel() == 0 || !lies_well(maps)) return false;
  if (type != at::kFloat && type != at::kBFloat16) return false;
  if (residual.defined() && !lies_well(residual)) return false;
  const int64_t channels = maps.size(1);
  for (const Tensor& each :
       {norm.weight, norm.bias, norm.running_mean, norm.running_variance}) {
    if (!each.is_cpu() || each.scalar_type() != at::kFloat || !each.is_contiguous() ||
        each.dim() != 1 || each.size(0) != channels) {
      return false;
    }
  }
  return channels % kLanes == 0 || (kLanes % channels == 0 && maps.numel() % kLanes == 0);
}
#endif

}  // namespace

extern "C" {

struct ftch_norm {
  double momentum;
  double epsilon;
  int relu;
};

// Normalises `maps` by themselves, moves the running statistics, adds `residual` unless
// it is null, then ReLU where it is asked for. What the loops above are not for, libtorch
// computes step by step.
char* ftch_batch_norm(Tensor* maps, Tensor* residual, Tensor* weight, Tensor* bias,
                      Tensor* running_mean, Tensor* running_variance, const ftch_norm* options,
                      Tensor** out) {
  return guarded([&] {
    const bool relu = options->relu != 0;
    const Tensor added = residual == nullptr ? Tensor() : *residual;
#ifdef __GNUC__
    const Norm norm{*weight,           *bias,             *running_mean,
                    *running_variance, options->momentum, options->epsilon};
    if (fits(*maps, added, norm)) {
      const auto maybe = added.defined() ? std::optional<Tensor>(added) : std::nullopt;
      *out = new Tensor(BatchNorm::apply(*maps, maybe, *weight, *bias, norm, relu));
      return;
    }
#endif
    Tensor result = at::batch_norm(*maps, *weight, *bias, *running_mean, *running_variance,
                                   /*training=*/true, options->momentum, options->epsilon,
                                   /*cudnn_enabled=*/true);
    // Neither the norm nor the sum needs its result on the way back.
    if (added.defined()) {
      TORCH_CHECK(added.sizes() == maps->sizes(), "a residual of ", added.sizes(),
                  " does not fit maps of ", maps->sizes());
      result.add_(added);
    }
    *out = new Tensor(relu ? result.relu_() : result);
  });
}

}  // extern "C"
