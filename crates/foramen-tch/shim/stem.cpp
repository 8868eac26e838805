// The first convolution of a network, of images with few channels: libtorch's pads them to as
// many as a vector has. Here a row of a filter sees one run of numbers, since channels come
// last, and rows have zeros around them, so that all pixels see alike.
//
// Parts of sums are of a size that does not depend on the number of threads.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "guarded.h"

#if defined(__x86_64__) && defined(__GLIBC__)
#include "parallel.h"
#include "stem_loops.h"
#define HAS_LOOPS
#endif

namespace {

using at::Tensor;

#ifdef HAS_LOOPS
constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr int64_t kParts = 64;  // of all rows, that gradients of filters are sums of

struct Stem {
  int64_t images, rows, columns, channels, to, side, stride;
  int64_t border = side / 2;
  int64_t pitch = (columns + 2 * border) * channels;
  int64_t rows_after = (rows - 1) / stride + 1, columns_after = (columns - 1) / stride + 1;
  Window window{side, side * channels, pitch, stride * channels};

  Stem(const Tensor& maps, const Tensor& weight, int64_t stride)
      : images(maps.size(0)),
        rows(maps.size(2)),
        columns(maps.size(3)),
        channels(maps.size(1)),
        to(weight.size(0)),
        side(weight.size(2)),
        stride(stride) {}

  int64_t area() const { return rows * columns * channels; }

  // Room for what a row of the result is from, with borders.
  int64_t room() const { return side * pitch; }

  // What a row of the result is from, out of an image: zeros outside.
  void fill(const float* image, int64_t row, float* room) const {
    for (int64_t i = 0; i < side; ++i) {
      const int64_t at = row * stride + i - border;
      float* to = room + i * pitch;
      std::fill(to, to + pitch, 0.0f);
      if (at < 0 || at >= rows) continue;
      const float* from = image + at * columns * channels;
      std::copy(from, from + columns * channels, to + border * channels);
    }
  }
};

Tensor convolve(const Tensor& maps, const Tensor& weight, int64_t stride) {
  const Stem stem(maps, weight, stride);
  const Tensor result = at::empty({stem.images, stem.to, stem.rows_after, stem.columns_after},
                                  maps.options(), kLast);
  const Tensor filters = weight.permute({2, 3, 1, 0}).contiguous();  // [taps, to]
  const auto *from = maps.const_data_ptr<float>(), *by = filters.const_data_ptr<float>();
  auto* to = result.mutable_data_ptr<float>();
  for_each_task(stem.images * stem.rows_after, stem.room(), [&](int64_t task, float* room) {
    stem.fill(from + task / stem.rows_after * stem.area(), task % stem.rows_after, room);
    convolve_row(room, stem.window, by, stem.columns_after, stem.to,
                 to + task * stem.columns_after * stem.to);
  });
  return result;
}

// The gradient of the weight, channels-last.
Tensor gradient_of_weight(const Tensor& maps, const Tensor& weight, const Tensor& gradient,
                          int64_t stride) {
  const Stem stem(maps, weight, stride);
  const int64_t rows = stem.images * stem.rows_after, parts = std::min(kParts, rows);
  const Tensor sums = at::zeros({parts, stem.window.taps() + kMostRows, stem.to}, at::kFloat);
  const auto *from = maps.const_data_ptr<float>(), *back = gradient.const_data_ptr<float>();
  auto* to = sums.mutable_data_ptr<float>();
  for_each_task(parts, stem.room(), [&](int64_t part, float* room) {
    for (int64_t row = part * rows / parts; row < (part + 1) * rows / parts; ++row) {
      stem.fill(from + row / stem.rows_after * stem.area(), row % stem.rows_after, room);
      add_row_gradient(room, stem.window, back + row * stem.columns_after * stem.to,
                       stem.columns_after, stem.to, to + part * sums.stride(0));
    }
  });
  return sums.sum(0)
      .narrow(0, 0, stem.window.taps())
      .view({stem.side, stem.side, stem.channels, stem.to})
      .permute({3, 2, 0, 1})
      .contiguous(kLast);
}

struct StemConvolution : torch::autograd::Function<StemConvolution> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& images,
                        const Tensor& weight, int64_t stride) {
    context->save_for_backward({images, weight});
    context->saved_data["stride"] = stride;
    return convolve(images, weight, stride);
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a stem's convolution has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &images = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt(), border = weight.size(2) / 2;
    const Tensor gradient = of_result[0].contiguous(kLast);
    std::vector<Tensor> gradients(3);
    if (context->needs_input_grad(0)) {  // what images seldom have
      gradients[0] = std::get<0>(at::convolution_backward(
          gradient, images, weight, {}, {stride, stride}, {border, border}, {1, 1},
          /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
    }
    if (context->needs_input_grad(1)) {
      gradients[1] = gradient_of_weight(images, weight, gradient, stride);
    }
    return gradients;
  }
};

// Whether images and weight are what the loops are for. What autocast wants in 16 bits is left
// to it.
bool fits(const Tensor& images, const Tensor& weight, int64_t stride) {
  const auto is_float = [](const Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.dim() == 4;
  };
  if (!is_float(images) || !is_float(weight) || !images.is_contiguous(kLast)) return false;
  if (images.numel() == 0 || stride < 1 || images.size(1) != weight.size(1)) return false;
  const int64_t side = weight.size(2), to = weight.size(0);
  return side % 2 == 1 && side <= kMostSide && weight.size(3) == side &&
         images.size(1) <= kMostChannels && to > 0 && to % Sixteen::kCount == 0 &&
         Stem(images, weight, stride).columns_after >= kMostRows &&
         !at::autocast::is_autocast_enabled(at::kCPU) && __builtin_cpu_supports("avx2") &&
         __builtin_cpu_supports("fma");
}
#endif

}  // namespace

extern "C" {

// Convolves `images` with padding of half the sides of `weight`. What the loops above
// are not for, libtorch convolves.
char* ftch_stem(Tensor* images, Tensor* weight, int64_t stride, Tensor** out) {
  return guarded([&] {
#ifdef HAS_LOOPS
    if (fits(*images, *weight, stride)) {
      *out = new Tensor(StemConvolution::apply(*images, *weight, stride));
      return;
    }
#endif
    const std::vector<int64_t> border{weight->size(2) / 2, weight->size(3) / 2};
    *out = new Tensor(at::conv2d(*images, *weight, {}, stride, border));
  });
}

}  // extern "C"
