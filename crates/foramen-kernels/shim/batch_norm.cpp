// Batch norm of a training, a sum with a residual and ReLU, or ReLU and a pooling, in one, on
// the CPU.
//
// libtorch passes over the maps for each of the three, and for each sum over them; here
// forward and back read them twice, and what they cost is the reading. Maps lie
// channels-last: a row holds the channels of a pixel, or of as many pixels as fill
// kLanes. Rows go in chunks of a size that does not depend on the number of threads, and
// what chunks have found is put together in their order; nor does a result depend on the
// instruction set, since products and sums are not contracted (build.rs).
#include <ATen/ATen.h>
#include <foramen_tch/guarded.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>
#include <vector>

#include "batch_norm_layout.h"
#ifdef HAS_LOOPS
#include "pooled_norm_loops.h"
#endif

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;

// Whom a norm shares its sums with, from the way there to the way back.
void keep(AutogradContext* context, const SharedSumsPointer& shared) {
  if (shared) context->saved_data["shared"] = c10::IValue::make_capsule(shared);
}

SharedSumsPointer kept(AutogradContext* context) {
  const auto found = context->saved_data.find("shared");
  if (found == context->saved_data.end()) return {};
  return c10::static_intrusive_pointer_cast<SharedSums>(found->second.toCapsule());
}

#ifdef HAS_LOOPS
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
                                 const Tensor& known, const SharedSumsPointer& shared) {
  const int64_t lanes = layout.lanes;
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
  const Slopes slopes(layout, parts, layout.count, known, shared);
  const Tensor of_maps = at::empty_like(maps);
  const T* of_norm = numbers<T>(below);
  T* to = numbers_to_write<T>(of_maps);
  layout.for_each_chunk([&](int64_t chunk, int64_t at) {
    chunk_gradient(of_norm + at, values + at, relu && !result.defined(), layout.rows_of(chunk),
                   lanes, of, slopes.offset.data(), slopes.slope.data(), to + at);
  });
  return {of_maps, below, slopes.of_weight, slopes.of_bias};
}

// Weight and bias, which are in the norm as well, are arguments for autograd to see.
struct BatchNorm : torch::autograd::Function<BatchNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& maps,
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
    keep(context, norm.shared);
    return result;
  }

  static std::vector<Tensor> backward(AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a fused batch norm has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &known = saved[1], &result = saved[2];
    const bool relu = context->saved_data["relu"].toBool();
    const Layout layout(maps);
    const Tensor gradient =
        of_result[0].to(maps.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    auto gradients = maps.scalar_type() == at::kFloat
                         ? gradients_of<float>(layout, gradient, maps, result, relu, known,
                                               kept(context))
                         : gradients_of<BFloat16>(layout, gradient, maps, result, relu, known,
                                                  kept(context));
    if (!context->saved_data["with_residual"].toBool()) gradients[1] = Tensor();
    gradients.resize(6);  // what is no tensor has none
    return gradients;
  }
};

// The same and ReLU, of which then every second pixel has the largest of the 3 x 3 around it.
template <typename T>
struct Pool {
  const Tensor& maps;
  const Tensor& known;
  Pooled pooled{maps.size(0), maps.size(2), maps.size(3), maps.size(1)};
  Lanes of = lanes_of(numbers<float>(known), Layout(maps).lanes);

  Tensor numbers_of_result(at::ScalarType type) const {
    return at::empty({maps.size(0), maps.size(1), pooled.rows_after(), pooled.columns_after()},
                     maps.options().dtype(type), at::MemoryFormat::ChannelsLast);
  }

  // The result, the maps where it is from, and which of the 3 x 3 that was.
  std::vector<Tensor> results() const {
    const auto type = maps.scalar_type();
    const std::vector<Tensor> results{numbers_of_result(type), numbers_of_result(type),
                                      numbers_of_result(at::kByte)};
    const T* values = numbers<T>(maps);
    T *result = numbers_to_write<T>(results[0]), *source = numbers_to_write<T>(results[1]);
    auto* place = numbers_to_write<uint8_t>(results[2]);
    for_each_task(pooled.images * pooled.rows_after(), [&](int64_t row) {
      pool_row(values, pooled, row, of, result, source, place);
    });
    return results;
  }

  // The gradients of maps, weight and bias from that of the result.
  std::vector<Tensor> gradients(const Tensor& gradient, const Tensor& source,
                                const Tensor& place, const SharedSumsPointer& shared) const {
    const Layout layout(source);
    const Tensor parts = layout.parts();
    const T *of_result = numbers<T>(gradient), *sources = numbers<T>(source);
    float* sums = numbers_to_write<float>(parts);
    layout.for_each_chunk([&](int64_t chunk, int64_t at) {
      float* sum = sums + chunk * layout.lanes;
      chunk_gradient_sums(of_result + at, sources + at, static_cast<const T*>(nullptr),
                          /*relu=*/true, layout.rows_of(chunk), layout.lanes, of,
                          static_cast<T*>(nullptr), sum, sum + layout.chunks * layout.lanes);
    });
    const Slopes slopes(layout, parts, Layout(maps).count, known, shared);
    const Tensor of_maps = at::empty_like(maps);
    const T* values = numbers<T>(maps);
    const auto* places = numbers<uint8_t>(place);
    T* to = numbers_to_write<T>(of_maps);
    for_each_task(pooled.images * pooled.rows, [&](int64_t row) {
      unpool_row(of_result, places, values, pooled, row, of, slopes.offset.data(),
                 slopes.slope.data(), to);
    });
    return {of_maps, slopes.of_weight, slopes.of_bias};
  }
};

struct PooledNorm : torch::autograd::Function<PooledNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& maps,
                        const Tensor& /*weight*/, const Tensor& /*bias*/, const Norm& norm) {
    const Layout layout(maps);
    const bool is_float = maps.scalar_type() == at::kFloat;
    const Tensor known = is_float ? measure<float>(layout, maps, norm)
                                  : measure<BFloat16>(layout, maps, norm);
    const auto results =
        is_float ? Pool<float>{maps, known}.results() : Pool<BFloat16>{maps, known}.results();
    context->save_for_backward({maps, known, results[1], results[2]});
    keep(context, norm.shared);
    return results[0];
  }

  static std::vector<Tensor> backward(AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a fused batch norm has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &known = saved[1], &source = saved[2], &place = saved[3];
    const Tensor gradient =
        of_result[0].to(maps.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    auto gradients = maps.scalar_type() == at::kFloat
                         ? Pool<float>{maps, known}.gradients(gradient, source, place,
                                                              kept(context))
                         : Pool<BFloat16>{maps, known}.gradients(gradient, source, place,
                                                                 kept(context));
    gradients.resize(4);  // what is no tensor has none
    return gradients;
  }
};

// Why the loops are not for maps, residual and norm; null where they are.
const char* why_not(const Tensor& maps, const Tensor& residual, const Norm& norm) {
  if (instruction_set() == InstructionSet::kNone) return kNoInstructionSet;
  if (!maps.is_cpu()) return kNotOnCpu;
  const auto type = maps.scalar_type();
  if (type != at::kFloat && type != at::kBFloat16) return kOtherFormat;
  const auto lies_well = [&](const Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == type && tensor.sizes() == maps.sizes() &&
           tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
  };
  if (maps.dim() != 4 || maps.numel() == 0 || !lies_well(maps)) return kOtherLayout;
  if (residual.defined() && !lies_well(residual)) return "the residual lies otherwise";
  const int64_t channels = maps.size(1);
  for (const Tensor& each :
       {norm.weight, norm.bias, norm.running_mean, norm.running_variance}) {
    if (!each.is_cpu() || each.scalar_type() != at::kFloat || !each.is_contiguous() ||
        each.dim() != 1 || each.size(0) != channels) {
      return "the norm is not in f32, or of other channels";
    }
  }
  const bool fills_lanes =
      channels % kLanes == 0 || (kLanes % channels == 0 && maps.numel() % kLanes == 0);
  return fills_lanes ? nullptr : kOtherChannels;
}
#endif

// The same of maps of any kind, device and layout, by libtorch's own operations, with
// statistics of all processes.
struct SharedNorm : torch::autograd::Function<SharedNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& maps, const Tensor& weight,
                        const Tensor& bias, const Norm& norm) {
    const Tensor wide = maps.to(weight.scalar_type());
    const auto [variance, mean] = at::var_mean(wide, {0, 2, 3}, /*unbiased=*/false);
    const auto local = static_cast<double>(maps.numel() / maps.size(1));
    Moments moments{local, numbers_of(mean), numbers_of(variance)};
    for (double& value : moments.square) value *= local;
    moments.share(*norm.shared);
    const auto of_all = [&](const std::vector<double>& values, double divisor) {
      return at::tensor(values, at::kDouble).div_(divisor).to(weight.options());
    };
    const Tensor centre = of_all(moments.mean, 1), spread = of_all(moments.square, moments.count);
    norm.running_mean.mul_(1 - norm.momentum).add_(centre, norm.momentum);
    norm.running_variance.mul_(1 - norm.momentum)
        .add_(of_all(moments.square, moments.count - 1), norm.momentum);
    context->save_for_backward({maps, weight, centre, (spread + norm.epsilon).rsqrt_()});
    keep(context, norm.shared);
    return at::batch_norm(maps, weight, bias, centre, spread, /*training=*/false, 0,
                          norm.epsilon, /*cudnn_enabled=*/false);
  }

  static std::vector<Tensor> backward(AutogradContext* context,
                                      const std::vector<Tensor>& of_result) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "a shared batch norm has no second derivative");
    const auto saved = context->get_saved_variables();
    const Tensor &maps = saved[0], &weight = saved[1];
    const auto by_channel = [](const Tensor& values) { return values.view({1, -1, 1, 1}); };
    const Tensor centre = by_channel(saved[2]), scale = by_channel(saved[3]);
    const Tensor gradient = of_result[0].to(weight.scalar_type());
    const Tensor values = (maps.to(weight.scalar_type()) - centre).mul_(scale);
    const Tensor of_bias = gradient.sum({0, 2, 3});
    const Tensor of_weight = (gradient * values).sum({0, 2, 3});
    double count = static_cast<double>(maps.numel() / maps.size(1));
    auto sum = numbers_of(of_bias), product = numbers_of(of_weight);
    share_sums(*kept(context), count, sum, product);
    const auto mean = [&](const std::vector<double>& values) {
      return by_channel(at::tensor(values, at::kDouble).div_(count).to(weight.options()));
    };
    Tensor of_maps = gradient - mean(sum);
    of_maps.addcmul_(values, mean(product), -1).mul_(by_channel(weight) * scale);
    return {of_maps.to(maps.scalar_type()), of_weight, of_bias, Tensor()};
  }

 private:
  static std::vector<double> numbers_of(const Tensor& tensor) {
    const Tensor flat = tensor.to(at::kCPU, at::kDouble).contiguous();
    const auto* values = flat.const_data_ptr<double>();
    return {values, values + flat.numel()};
  }
};

// By libtorch's own operations, step by step.
Tensor by_libtorch(const Tensor& maps, const Tensor& residual, const Norm& norm, bool relu) {
  Tensor result =
      norm.shared ? SharedNorm::apply(maps, norm.weight, norm.bias, norm)
                  : at::batch_norm(maps, norm.weight, norm.bias, norm.running_mean,
                                   norm.running_variance, /*training=*/true, norm.momentum,
                                   norm.epsilon, /*cudnn_enabled=*/true);
  // Neither the norm nor the sum needs its result on the way back.
  if (residual.defined()) {
    TORCH_CHECK(residual.sizes() == maps.sizes(), "a residual of ", residual.sizes(),
                " does not fit maps of ", maps.sizes());
    result.add_(residual);
  }
  return relu ? result.relu_() : result;
}

}  // namespace

extern "C" {

struct fkernels_norm {
  double momentum;
  double epsilon;
  int relu;
  int pools;
  int by_libtorch;
};

// Normalises `maps` by themselves, moves the running statistics, adds `residual` unless it is
// null, then ReLU and a pooling where they are asked for. What the loops above are not for,
// libtorch computes, and `left` says why; or it does since it is asked to.
char* fkernels_batch_norm(Tensor* maps, Tensor* residual, Tensor* weight, Tensor* bias,
                          Tensor* running_mean, Tensor* running_variance,
                          const fkernels_norm* options, Tensor** out, const char** left) {
  return guarded([&] {
    const Norm norm{*weight,           *bias,             *running_mean,
                    *running_variance, options->momentum, options->epsilon};
    const Tensor added = residual == nullptr ? Tensor() : *residual;
    const bool relu = options->relu != 0, pools = options->pools != 0;
    Tensor result;
    *left = options->by_libtorch != 0 ? nullptr : kNoInstructionSet;
#ifdef HAS_LOOPS
    if (options->by_libtorch == 0) {
      *left = why_not(*maps, added, norm);
      const bool is_pooled_at_once =
          pools && relu && !added.defined() && maps->size(1) % kLanes == 0;
      if (*left == nullptr && is_pooled_at_once) {
        *out = new Tensor(PooledNorm::apply(*maps, *weight, *bias, norm));
        return;
      }
      if (*left == nullptr) {
        const auto summed = added.defined() ? std::optional<Tensor>(added) : std::nullopt;
        result = BatchNorm::apply(*maps, summed, *weight, *bias, norm, relu);
      }
    }
#endif
    if (!result.defined()) result = by_libtorch(*maps, added, norm, relu);
    *out = new Tensor(pools ? at::max_pool2d(result, {3, 3}, {2, 2}, {1, 1}) : result);
  });
}

}  // extern "C"
