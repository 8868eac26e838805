// A convolution of 3 x 3 in Winograd's domain, where 36 products stand for 144: F(4 x 4, 3 x 3)
// after Lavin and Gray, 2016 (arXiv:1509.09308).
//
// Blocks of tiles are of a size that does not depend on the number of threads, and sums over
// blocks are taken in their order.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <foramen_tch/guarded.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "instruction_set.h"
#ifdef HAS_LOOPS
#include "parallel.h"
#include "winograd_loops.h"
#endif

namespace {

using at::Tensor;

#ifdef HAS_LOOPS
constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr int64_t kMostNumbers = 4 << 20;  // of planes of filters at a time: 16 MiB
constexpr int64_t kTasks = 16;  // that gradients of filters are shared out in, where they can

Tensor numbers(int64_t count) { return at::empty({count}, at::kFloat); }

Tiled tiled_of(const Tensor& maps) { return {maps.size(0), maps.size(2), maps.size(3)}; }

// A convolution to be done: from maps, or from the gradient of a result on the way back.
struct Convolution {
  Tiled tiled;
  Channels of;
  bool is_way_back;
  const float *maps, *weight;
  float* result;

  int64_t width() const { return width_of(of.to); }
  int64_t filters_in(int64_t columns) const { return of.from * kTaps * kTaps * columns; }

  // Block by block of tiles, with planes of many filters.
  void by_blocks() const {
    const int64_t most =
        std::max(width(), kMostNumbers / (kPlanes * of.from) / width() * width());
    const Tensor all_planes = numbers(kPlanes * plane_of(of.from, std::min(most, of.to)));
    auto* planes = all_planes.mutable_data_ptr<float>();
    for (int64_t column = 0; column < of.to; column += most) {
      const Range some{column, std::min(most, of.to - column)};
      for_each_task(some.count / kStrip, filters_in(kStrip), [&](int64_t task, float* turned) {
        const int64_t strip = task * kStrip;
        filters_into_planes(
            filters_of(weight, of, is_way_back, {column + strip, kStrip}, turned), of.from,
            plane_of(of.from, some.count), planes + column_at(of.from, strip));
      });
      const int64_t room = kPlanes * (plane_of(kTiles, of.from) + plane_of(kTiles, some.count));
      for_each_task(tiled.blocks(), room, [&](int64_t block, float* scratch) {
        convolve_block(maps, tiled, of, planes, some, tiled.block(block), scratch, result);
      });
    }
  }

  // Some columns of filters at a time, with planes of all maps: filters are read from a near
  // cache, and as planes never leave it.
  void by_columns() const {
    const int64_t block_length = kPlanes * plane_of(kTiles, of.from);
    const Tensor all_planes = numbers(tiled.blocks() * block_length);
    auto* seen = all_planes.mutable_data_ptr<float>();
    for_each_task(tiled.blocks(), [&](int64_t block) {
      maps_into_planes(maps, tiled, of.from, tiled.block(block), seen + block * block_length);
    });
    const int64_t turned = filters_in(width());
    const int64_t room = turned + kRows * kSeen * plane_of(of.from, width()) +
                         tiled.blocks() * kPlanes * plane_of(kTiles, width());
    for_each_task(of.to / width(), room, [&](int64_t task, float* scratch) {
      const Range some{task * width(), width()};
      convolve_maps(seen, tiled, of, filters_of(weight, of, is_way_back, some, scratch), some,
                    scratch + turned, result);
    });
  }
};

// Maps through a weight, or the gradient of a result back through it.
Tensor convolve(const Tensor& maps, const Tensor& weight, bool is_way_back) {
  const Channels of{weight.size(is_way_back ? 0 : 1), weight.size(is_way_back ? 1 : 0)};
  const Tiled tiled = tiled_of(maps);
  const Tensor result =
      at::empty({tiled.images, of.to, tiled.rows, tiled.columns}, maps.options(), kLast);
  const Convolution convolution{tiled,
                                of,
                                is_way_back,
                                maps.const_data_ptr<float>(),
                                weight.const_data_ptr<float>(),
                                result.mutable_data_ptr<float>()};
  const bool are_filters_more = of.from * of.to >= tiled.tiles() * (of.from + of.to);
  if (are_filters_more) {
    convolution.by_columns();
  } else {
    convolution.by_blocks();
  }
  return result;
}

// The gradient of a weight, channels-last: in tasks for each pair of `width` channels, or, where
// pairs are few, for each of some parts of the tiles.
struct Gradient {
  Tiled tiled;
  Channels of;
  const float *maps, *gradient;
  float* result;
  Channels width{width_of(of.from), width_of(of.to)};
  int64_t across = of.from / width.from;
  int64_t pairs = of.to / width.to * across;
  int64_t parts = std::min(tiled.blocks(), std::max<int64_t>(1, kTasks / pairs));
  int64_t length = kPlanes * plane_of(width.to, width.from);

  Range from(int64_t pair) const { return {pair % across * width.from, width.from}; }
  Range to(int64_t pair) const { return {pair / across * width.to, width.to}; }

  void by_pairs() const {
    for_each_task(pairs, room() + length, [&](int64_t pair, float* scratch) {
      float* sums = scratch + room();
      sum(pair, 0, scratch, sums);
      // While a near cache has the sums.
      for (int64_t row = 0; row < width.to; ++row) put(pair, row, sums);
    });
  }

  void by_parts() const {
    const Tensor all_sums = numbers(pairs * parts * length);
    auto* sums = all_sums.mutable_data_ptr<float>();
    for_each_task(pairs * parts, room(), [&](int64_t task, float* scratch) {
      sum(task / parts, task % parts, scratch, sums + task * length);
    });
    for_each_task(pairs * width.to, [&](int64_t row) {
      const int64_t pair = row / width.to;
      put(pair, row % width.to, sums + pair * parts * length);
    });
  }

 private:
  int64_t room() const {
    return kPlanes * (plane_of(kTiles, width.from) + plane_of(kTiles, width.to));
  }

  // What one part of the tiles has for a pair.
  void sum(int64_t pair, int64_t part, float* scratch, float* sums) const {
    const int64_t first = part * tiled.blocks() / parts, end = (part + 1) * tiled.blocks() / parts;
    for (int64_t block = first; block < end; ++block) {
      sum_block_gradient(maps, gradient, tiled, of, from(pair), to(pair), tiled.block(block),
                         block == first, scratch, sums);
    }
  }

  // A row of the gradient, out of the sums of all parts.
  void put(int64_t pair, int64_t row, const float* sums) const {
    filters_out_of_planes(
        sums, parts, length, width, row,
        result + (to(pair).first + row) * kTaps * kTaps * of.from + from(pair).first, of.from);
  }
};

Tensor gradient_of_weight(const Tensor& maps, const Tensor& gradient) {
  const Channels of{maps.size(1), gradient.size(1)};
  const Tensor result = at::empty({of.to, of.from, kTaps, kTaps}, maps.options(), kLast);
  const Gradient sums{tiled_of(maps), of, maps.const_data_ptr<float>(),
                      gradient.const_data_ptr<float>(), result.mutable_data_ptr<float>()};
  if (sums.parts == 1) {
    sums.by_pairs();
  } else {
    sums.by_parts();
  }
  return result;
}

struct Winograd : torch::autograd::Function<Winograd> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& maps,
                        const Tensor& weight) {
    context->save_for_backward({maps, weight});
    return convolve(maps, weight.contiguous(kLast), /*is_way_back=*/false);
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a Winograd convolution has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &weight = saved[1];
    const Tensor gradient = of_result[0].contiguous(kLast);
    std::vector<Tensor> gradients(2);
    if (context->needs_input_grad(0)) {
      gradients[0] = convolve(gradient, weight.contiguous(kLast), /*is_way_back=*/true);
    }
    if (context->needs_input_grad(1)) gradients[1] = gradient_of_weight(maps, gradient);
    return gradients;
  }
};

// Why the loops are not for maps and weight, or not worth it; null where they are. What autocast
// wants in 16 bits is left to it.
const char* why_not(const Tensor& maps, const Tensor& weight) {
  const auto are_strips = [](int64_t channels) {
    return channels > 0 && channels % kStrip == 0 && channels <= kMostChannels;
  };
  const auto is_float = [](const Tensor& tensor) {
    return tensor.scalar_type() == at::kFloat && tensor.dim() == 4;
  };
  if (instruction_set() == InstructionSet::kNone) return kNoInstructionSet;
  if (!maps.is_cpu() || !weight.is_cpu()) return kNotOnCpu;
  if (at::autocast::is_autocast_enabled(at::kCPU)) return "autocast computes in 16 bits";
  if (!is_float(maps) || !is_float(weight)) return kOtherFormat;
  if (!maps.is_contiguous(kLast)) return kOtherLayout;
  if (weight.size(1) != maps.size(1)) return kOtherChannels;
  if (weight.size(2) != kTaps || weight.size(3) != kTaps) return "filters are not 3 x 3";
  if (!are_strips(weight.size(0)) || !are_strips(weight.size(1))) return kOtherChannels;
  return tiled_of(maps).tiles() < kTiles ? "there are fewer than 32 tiles of 4 x 4" : nullptr;
}
#endif

}  // namespace

extern "C" {

// Convolves `maps` with `weight`, 3 x 3, with stride and padding of 1. What the loops above
// are not for, libtorch convolves, and `left` says why.
char* fkernels_winograd(Tensor* maps, Tensor* weight, Tensor** out, const char** left) {
  return guarded([&] {
    *left = kNoInstructionSet;
#ifdef HAS_LOOPS
    *left = why_not(*maps, *weight);
    if (*left == nullptr) {
      *out = new Tensor(Winograd::apply(*maps, *weight));
      return;
    }
#endif
    *out = new Tensor(at::conv2d(*maps, *weight, {}, 1, 1));
  });
}

}  // extern "C"
