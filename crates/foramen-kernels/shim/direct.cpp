// Direct convolutions, of images with few channels and with a stride. What a row of a filter
// sees is one run of numbers, since channels come last; pixels are gone over in rectangles,
// whose maps lie in a room with zeros around them, so that all pixels see alike.
//
// Rectangles and parts of sums are of a size that does not depend on the number of threads.
#include <ATen/ATen.h>
#include <foramen_tch/guarded.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "instruction_set.h"
#ifdef HAS_LOOPS
#include "convolution.h"
#include "direct_loops.h"
#include "parallel.h"
#endif

namespace {

using at::Tensor;

#ifdef HAS_LOOPS
constexpr int64_t kParts = 16;               // of all rectangles, that gradients are sums of
constexpr int64_t kFewChannels = 4;          // of images
constexpr int64_t kMostSide = 7;             // of a filter
constexpr int64_t kMostWeights = 128 << 10;  // so that a second cache holds them

int64_t pieces(int64_t count, int64_t most) { return (count + most - 1) / most; }

// Maps `[n, channels, rows, columns]`, channels-last.
struct Maps {
  int64_t images, rows, columns, channels;

  explicit Maps(const Tensor& maps)
      : images(maps.size(0)),
        rows(maps.size(2)),
        columns(maps.size(3)),
        channels(maps.size(1)) {}

  int64_t at(int64_t image, int64_t row, int64_t column) const {
    return ((image * rows + row) * columns + column) * channels;
  }
};

struct Rectangle {
  int64_t image, row, column, rows, columns;
};

// Maps in rectangles of at most kMostPixels.
struct Rectangles {
  Maps of;
  int64_t columns = std::min(of.columns, kMostPixels);
  int64_t rows = std::min(of.rows, kMostPixels / columns);
  int64_t across = pieces(of.columns, columns), down = pieces(of.rows, rows);

  int64_t count() const { return of.images * down * across; }

  Rectangle at(int64_t number) const {
    const int64_t row = number / across % down * rows, column = number % across * columns;
    return {number / across / down, row, column, std::min(rows, of.rows - row),
            std::min(columns, of.columns - column)};
  }
};

// Part of a map in `room`, zeros where there is none.
void fill(const float* numbers, const Maps& maps, const Rectangle& part, float* room) {
  const int64_t left = std::clamp<int64_t>(-part.column, 0, part.columns);
  const int64_t right = std::clamp<int64_t>(maps.columns - part.column, left, part.columns);
  for (int64_t i = 0; i < part.rows; ++i) {
    float *to = room + i * part.columns * maps.channels, *end = to + part.columns * maps.channels;
    const int64_t row = part.row + i;
    if (row < 0 || row >= maps.rows) {
      std::fill(to, end, 0.0f);
      continue;
    }
    const float* from = numbers + maps.at(part.image, row, part.column + left);
    std::fill(to, to + left * maps.channels, 0.0f);
    std::copy(from, from + (right - left) * maps.channels, to + left * maps.channels);
    std::fill(to + right * maps.channels, end, 0.0f);
  }
}

// A convolution whose padding is half a side of its filters.
struct Direct {
  Maps maps, after;
  int64_t side, stride;
  Rectangles rectangles{after};

  Direct(const Tensor& maps, const Tensor& result, const Tensor& weight, int64_t stride)
      : maps(maps), after(result), side(weight.size(2)), stride(stride) {}

  int64_t seen(int64_t count) const { return (count - 1) * stride + side; }

  int64_t room() const {
    return seen(rectangles.rows) * seen(rectangles.columns) * maps.channels;
  }

  // What the filters see for a rectangle of the result, which is put into `room`, and where.
  Window look(const float* numbers, const Rectangle& rectangle, float* room,
              Pixels& pixels) const {
    const Rectangle part{rectangle.image, rectangle.row * stride - side / 2,
                         rectangle.column * stride - side / 2, seen(rectangle.rows),
                         seen(rectangle.columns)};
    fill(numbers, maps, part, room);
    const int64_t pitch = part.columns * maps.channels;
    for (int64_t i = 0; i < rectangle.rows; ++i) {
      for (int64_t j = 0; j < rectangle.columns; ++j) {
        pixels.add(i * stride * pitch + j * stride * maps.channels,
                   after.at(rectangle.image, rectangle.row + i, rectangle.column + j));
      }
    }
    pixels.end();
    return {side, side * maps.channels, pitch};
  }
};

Tensor convolve(const Tensor& maps, const Tensor& weight, int64_t stride) {
  const auto after = [&](int64_t count) { return (count - 1) / stride + 1; };
  const Tensor result =
      at::empty({maps.size(0), weight.size(0), after(maps.size(2)), after(maps.size(3))},
                maps.options(), kLast);
  const Direct direct(maps, result, weight, stride);
  const Tensor filters = weight.permute({2, 3, 1, 0}).contiguous();  // [taps, to]
  const auto *from = maps.const_data_ptr<float>(), *by = filters.const_data_ptr<float>();
  auto* to = result.mutable_data_ptr<float>();
  for_each_task(direct.rectangles.count(), direct.room(), [&](int64_t task, float* room) {
    Pixels pixels;
    const Window window = direct.look(from, direct.rectangles.at(task), room, pixels);
    convolve_pixels(room, window, pixels, by, direct.after.channels, to);
  });
  return result;
}

// The gradient of the weight, channels-last.
Tensor gradient_of_weight(const Tensor& maps, const Tensor& weight, const Tensor& gradient,
                          int64_t stride) {
  const Direct direct(maps, gradient, weight, stride);
  const int64_t count = direct.rectangles.count(), parts = std::min(kParts, count);
  const int64_t from = direct.maps.channels, to = direct.after.channels, side = direct.side;
  const int64_t taps = side * side * from;
  const Tensor sums = at::empty({parts, taps + kMostRows, to}, at::kFloat);
  const auto *seen = maps.const_data_ptr<float>(), *back = gradient.const_data_ptr<float>();
  auto* all_sums = sums.mutable_data_ptr<float>();
  const int64_t length = sums.stride(0);
  for_each_task(parts, direct.room(), [&](int64_t part, float* room) {
    float* own = all_sums + part * length;
    std::fill(own, own + length, 0.0f);
    for (int64_t k = part * count / parts; k < (part + 1) * count / parts; ++k) {
      Pixels pixels;
      const Window window = direct.look(seen, direct.rectangles.at(k), room, pixels);
      add_gradients_of_pixels(room, window, pixels, back, to, own);
    }
  });
  return sums.sum(0)
      .narrow(0, 0, taps)
      .view({side, side, from, to})
      .permute({3, 2, 0, 1})
      .contiguous(kLast);
}

// The gradient of maps, where filters are 3 x 3 and the stride is 2: a pixel in an even row of
// the maps is seen by the middle row of filters, from one row of the result, and one in an odd
// row by the last, from the row above, and by the first, from the row below; so with columns.
// These are four convolutions of the gradient of the result.
Tensor gradient_of_maps(const Tensor& maps, const Tensor& weight, const Tensor& gradient) {
  const Tensor result = at::empty_like(maps);
  const Maps before(maps), after(gradient);
  const Rectangles rectangles{after};
  const int64_t from = before.channels, to = after.channels;
  const Tensor taps = weight.permute({2, 3, 0, 1}).contiguous();  // [3, 3, to, from]
  const auto* tap = taps.const_data_ptr<float>();
  const Tensor turned = at::empty_like(taps);
  auto* next = turned.mutable_data_ptr<float>();
  const std::vector<int64_t> seen_by[]{{1}, {2, 0}};
  const float* filters[2][2];  // each [taps, from]
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      filters[i][j] = next;
      for (int64_t row : seen_by[i]) {
        for (int64_t column : seen_by[j]) {
          const float* own = tap + (row * 3 + column) * to * from;
          next = std::copy(own, own + to * from, next);
        }
      }
    }
  }
  const auto* numbers = gradient.const_data_ptr<float>();
  auto* out = result.mutable_data_ptr<float>();
  const int64_t most = (rectangles.rows + 1) * (rectangles.columns + 1) * to;
  for_each_task(rectangles.count(), most, [&](int64_t task, float* room) {
    const Rectangle part = rectangles.at(task);
    const int64_t pitch = (part.columns + 1) * to;
    fill(numbers, after, {part.image, part.row, part.column, part.rows + 1, part.columns + 1},
         room);
    for (int64_t i = 0; i < 2; ++i) {
      for (int64_t j = 0; j < 2; ++j) {
        Pixels pixels;
        for (int64_t y = 0; y < part.rows; ++y) {
          for (int64_t x = 0; x < part.columns; ++x) {
            const int64_t row = 2 * (part.row + y) + i, column = 2 * (part.column + x) + j;
            if (row >= before.rows || column >= before.columns) continue;
            pixels.add(y * pitch + x * to, before.at(part.image, row, column));
          }
        }
        if (pixels.count == 0) continue;
        pixels.end();
        convolve_pixels(room, Window{i + 1, (j + 1) * to, pitch}, pixels, filters[i][j], from, out);
      }
    }
  });
  return result;
}

bool are_vectors(int64_t channels) { return channels > 0 && channels % Sixteen::kCount == 0; }

struct DirectConvolution : torch::autograd::Function<DirectConvolution> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& maps,
                        const Tensor& weight, int64_t stride) {
    context->save_for_backward({maps, weight});
    context->saved_data["stride"] = stride;
    return convolve(maps, weight, stride);
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a direct convolution has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt(), side = weight.size(2);
    const Tensor gradient = of_result[0].contiguous(kLast);
    std::vector<Tensor> gradients(3);
    if (context->needs_input_grad(0)) {
      if (side == 3 && stride == 2 && are_vectors(maps.size(1))) {
        gradients[0] = gradient_of_maps(maps, weight, gradient);
      } else {
        gradients[0] = std::get<0>(at::convolution_backward(
            gradient, maps, weight, {}, {stride, stride}, {side / 2, side / 2}, {1, 1},
            /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
      }
    }
    if (context->needs_input_grad(1)) {
      gradients[1] = gradient_of_weight(maps, weight, gradient, stride);
    }
    return gradients;
  }
};

// Why the loops are not for maps and weight; null where they are.
const char* why_not(const Tensor& maps, const Tensor& weight, int64_t stride) {
  if (const char* reason = why_not_loops(maps, weight)) return reason;
  if (maps.numel() == 0 || stride < 1) return "the shape is another";
  const int64_t side = weight.size(2);
  if (side % 2 == 0 || side > kMostSide || weight.size(3) != side) return "the shape is another";
  const bool is_strided = side == 3 && stride == 2 && are_vectors(maps.size(1)) &&
                          weight.numel() <= kMostWeights;
  const bool is_known = (maps.size(1) <= kFewChannels || is_strided) && are_vectors(weight.size(0));
  return is_known ? nullptr : kOtherChannels;
}
#endif

}  // namespace

extern "C" {

// Convolves `maps` with padding of half the sides of `weight`. What the loops above are not
// for, libtorch convolves, and `left` says why.
char* fkernels_direct(Tensor* maps, Tensor* weight, int64_t stride, Tensor** out,
                      const char** left) {
  return guarded([&] {
    *left = kNoInstructionSet;
#ifdef HAS_LOOPS
    *left = why_not(*maps, *weight, stride);
    if (*left == nullptr) {
      *out = new Tensor(DirectConvolution::apply(*maps, *weight, stride));
      return;
    }
#endif
    const std::vector<int64_t> border{weight->size(2) / 2, weight->size(3) / 2};
    *out = new Tensor(at::conv2d(*maps, *weight, {}, stride, border));
  });
}

}  // extern "C"
