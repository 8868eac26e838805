// What tch does not reach in libtorch, behind a C interface.
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/cpu/Utils.h>
#include <c10/core/DeviceType.h>
#include <foramen_tch/guarded.h>
#include <foramen_tch/shared_sums.h>
#include <torch/version.h>

#include <mutex>
#include <string>
#include <vector>


#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// A device as tch numbers it: -1 is the CPU, 0 and more a CUDA device.
at::Device device_of(int index) {
  return index < 0 ? at::Device(at::kCPU)
                   : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

std::vector<at::Tensor> list_of(at::Tensor* const* tensors, size_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) list.push_back(*tensors[i]);
  return list;
}

}  // namespace

SharedSumsPointer& shared_sums() {
  thread_local SharedSumsPointer sums;
  return sums;
}

extern "C" {

void ftch_free_message(char* text) { std::free(text); }

// --- build --------------------------------------------------------------

const char* ftch_version() { return TORCH_VERSION; }

char* ftch_cpu_capability(char** out) {
  return guarded([&] { *out = message(at::get_cpu_capability().c_str()); });
}

// A line `NAME=VALUE` for each thing that libtorch finds out about the processor.
char* ftch_cpu_capabilities(char** out) {
  return guarded([&] {
    std::string lines;
    for (const auto& [name, value] : at::cpu::get_cpu_capabilities()) {
      lines += name + '=';
      if (value.isBool()) {
        lines += value.toBool() ? "true" : "false";
      } else if (value.isInt()) {
        lines += std::to_string(value.toInt());
      } else if (value.isString()) {
        lines += value.toStringRef();
      }
      lines += '\n';
    }
    *out = message(lines.c_str());
  });
}

// --- autocast -----------------------------------------------------------

struct ftch_autocast {
  int device;
  int enabled;
  int dtype;
};

// Switches autocast on for this thread and says what was set before.
char* ftch_autocast_enter(int device, int dtype, ftch_autocast* before) {
  return guarded([&] {
    const auto type = device_of(device).type();
    const auto wanted = static_cast<at::ScalarType>(dtype);
    before->device = device;
    before->enabled = at::autocast::is_autocast_enabled(type);
    before->dtype = static_cast<int>(at::autocast::get_autocast_dtype(type));
    at::autocast::set_autocast_dtype(type, wanted);
    at::autocast::set_autocast_enabled(type, true);
    at::autocast::increment_nesting();
  });
}

char* ftch_autocast_leave(const ftch_autocast* before) {
  return guarded([&] {
    const auto type = device_of(before->device).type();
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type, before->enabled != 0);
    at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(before->dtype));
  });
}

// --- switches -----------------------------------------------------------

char* ftch_set_deterministic(int on) {
  return guarded([&] {
    auto& context = at::globalContext();
    context.setDeterministicAlgorithms(on != 0, /*warn_only=*/false);
    context.setDeterministicCuDNN(on != 0);
    context.setDeterministicMkldnn(on != 0);
    if (on != 0) context.setBenchmarkCuDNN(false);
  });
}

char* ftch_is_deterministic(int* out) {
  return guarded([&] { *out = at::globalContext().deterministicAlgorithms(); });
}

char* ftch_set_tf32(int on) {
  return guarded([&] {
    at::globalContext().setAllowTF32CuBLAS(on != 0);
    at::globalContext().setAllowTF32CuDNN(on != 0);
  });
}

char* ftch_is_tf32(int* out) {
  return guarded([&] {
    *out = at::globalContext().allowTF32CuBLAS() && at::globalContext().allowTF32CuDNN();
  });
}

char* ftch_set_cudnn_benchmark(int on) {
  return guarded([&] { at::globalContext().setBenchmarkCuDNN(on != 0); });
}

char* ftch_is_cudnn_benchmark(int* out) {
  return guarded([&] { *out = at::globalContext().benchmarkCuDNN(); });
}

char* ftch_reuse_memory(int* supported) {
  return guarded([&] {
#ifdef __GLIBC__
    // Large blocks from one heap for all threads, which grows 64 MB at a time and
    // never shrinks.
    *supported = mallopt(M_MMAP_MAX, 0) && mallopt(M_ARENA_MAX, 1) &&
                 mallopt(M_TRIM_THRESHOLD, -1) && mallopt(M_TOP_PAD, 64 << 20);
#else
    *supported = 0;
#endif
  });
}

char* ftch_set_flush_denormal(int on, int* supported) {
  return guarded([&] { *supported = at::globalContext().setFlushDenormal(on != 0); });
}

// --- generators ---------------------------------------------------------

char* ftch_generator_state(int device, at::Tensor** out) {
  return guarded([&] {
    auto generator = at::globalContext().defaultGenerator(device_of(device));
    std::lock_guard<std::mutex> lock(generator.mutex());
    *out = new at::Tensor(generator.get_state());
  });
}

char* ftch_set_generator_state(int device, at::Tensor* state) {
  return guarded([&] {
    auto generator = at::globalContext().defaultGenerator(device_of(device));
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(*state);
  });
}

// --- memory format ------------------------------------------------------

// As `to(memory_format=…)` in Python. `contiguous` would leave a tensor with one
// channel, or with maps of one pixel, with the strides that it has, from which the
// layout of what is computed from it is told.
static at::Tensor channels_last(const at::Tensor& tensor) {
  return tensor.to(tensor.options(), false, false, at::MemoryFormat::ChannelsLast);
}

char* ftch_channels_last(at::Tensor* tensor, at::Tensor** out) {
  return guarded([&] { *out = new at::Tensor(channels_last(*tensor)); });
}

// Lays the storage of a tensor out channels-last in place, so that whoever
// holds the tensor (a variable store, an optimiser) keeps holding it.
char* ftch_make_channels_last(at::Tensor* tensor) {
  return guarded([&] {
    at::NoGradGuard guard;
    tensor->set_data(channels_last(tensor->detach()));
  });
}

char* ftch_is_channels_last(at::Tensor* tensor, int* out) {
  return guarded([&] { *out = tensor->is_contiguous(at::MemoryFormat::ChannelsLast); });
}

// --- packed convolutions ------------------------------------------------

struct ftch_geometry {
  int64_t stride;
  int64_t padding;
  int64_t groups;
};

// Reorders a weight into the layout that oneDNN computes in. The operators are
// called by name, as libtorch's own compiler calls them: they have no header.
char* ftch_pack_convolution(at::Tensor* weight, const ftch_geometry* geometry,
                            at::Tensor** out) {
  return guarded([&] {
    at::NoGradGuard guard;
    static const auto pack = c10::Dispatcher::singleton().findSchemaOrThrow(
        "mkldnn::_reorder_convolution_weight", "");
    const auto twice = [](int64_t n) { return c10::IValue(std::vector<int64_t>{n, n}); };
    std::vector<c10::IValue> stack{*weight,  twice(geometry->padding), twice(geometry->stride),
                                   twice(1), geometry->groups,         c10::IValue()};
    pack.callBoxed(stack);
    *out = new at::Tensor(std::move(stack.front()).toTensor());
  });
}

// A convolution with a packed weight, plus `residual` unless it is null, then
// ReLU where `relu` says so: one pass over memory.
char* ftch_packed_convolution(at::Tensor* input, at::Tensor* weight, at::Tensor* bias,
                              at::Tensor* residual, const ftch_geometry* geometry, int relu,
                              at::Tensor** out) {
  return guarded([&] {
    at::NoGradGuard guard;
    auto& dispatcher = c10::Dispatcher::singleton();
    static const auto alone = dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise", "");
    static const auto with_residual =
        dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise", "binary");
    const auto twice = [](int64_t n) { return c10::IValue(std::vector<int64_t>{n, n}); };
    const c10::List<std::optional<at::Scalar>> scalars;
    std::vector<c10::IValue> stack{*input};
    if (residual != nullptr) stack.emplace_back(*residual);
    stack.insert(stack.end(), {*weight, *bias, twice(geometry->padding),
                               twice(geometry->stride), twice(1), geometry->groups});
    if (residual == nullptr) {
      stack.insert(stack.end(), {relu != 0 ? "relu" : "none", scalars, ""});
      alone.callBoxed(stack);
    } else {
      stack.insert(stack.end(), {"add", 1.0, relu != 0 ? c10::IValue("relu") : c10::IValue(),
                                 scalars, ""});
      with_residual.callBoxed(stack);
    }
    *out = new at::Tensor(std::move(stack.front()).toTensor());
  });
}

// --- lists of tensors ---------------------------------------------------

// Forgets gradients, as `zero_grad` of PyTorch's optimisers does: the next ones take
// their place and need no sum.
char* ftch_clear_gradients(size_t count, at::Tensor* const* parameters) {
  return guarded([&] {
    for (size_t i = 0; i < count; ++i) parameters[i]->mutable_grad().reset();
  });
}

// libtorch's fused steps take numbers as they lie in memory, whatever strides say, and copy
// gradients that are not in rows for nothing. Here they see what lies in rows: a parameter, its
// gradient and its state, in the parameter's order. A state that is none of its own is refused.
struct Lists {
  std::vector<at::Tensor> parameters, gradients;

  Lists(size_t count, at::Tensor* const* given, at::Tensor* const* of_given) {
    for (size_t i = 0; i < count; ++i) {
      const at::Tensor& parameter = *given[i];
      TORCH_CHECK(parameter.is_non_overlapping_and_dense(), "a parameter of strides ",
                  parameter.strides(), " does not lie densely");
      at::Tensor gradient = *of_given[i];
      if (!lies_as(gradient, parameter)) {
        gradient = at::empty_like(parameter, gradient.options()).copy_(gradient);
      }
      parameters.push_back(in_rows(parameter));
      gradients.push_back(in_rows(gradient));
    }
  }

  std::vector<at::Tensor> state(size_t count, at::Tensor* const* given,
                                at::Tensor* const* of_given) const {
    std::vector<at::Tensor> state;
    for (size_t i = 0; i < count; ++i) {
      TORCH_CHECK(lies_as(*of_given[i], *given[i]), "a parameter's strides are ",
                  given[i]->strides(), ", those of its state ", of_given[i]->strides(),
                  ": lay parameters out before the optimiser is given them");
      state.push_back(in_rows(*of_given[i]));
    }
    return state;
  }

 private:
  static bool lies_as(const at::Tensor& tensor, const at::Tensor& other) {
    if (tensor.sizes() != other.sizes()) return false;
    for (int64_t i = 0; i < tensor.dim(); ++i) {
      if (tensor.size(i) > 1 && tensor.stride(i) != other.stride(i)) return false;
    }
    return true;
  }

  static at::Tensor in_rows(const at::Tensor& tensor) {
    return tensor.is_contiguous() ? tensor : tensor.as_strided({tensor.numel()}, {1});
  }
};

struct ftch_adamw {
  double learning_rate;
  double beta1;
  double beta2;
  double weight_decay;
  double epsilon;
};

// One fused AdamW step over parameters that have a gradient.
char* ftch_adamw_step(const ftch_adamw* options, size_t count, at::Tensor* const* parameters,
                      at::Tensor* const* gradients, at::Tensor* const* first,
                      at::Tensor* const* second, at::Tensor* const* steps) {
  return guarded([&] {
    at::NoGradGuard guard;
    auto state_steps = list_of(steps, count);
    const Lists lists(count, parameters, gradients);
    const auto means = lists.state(count, parameters, first);
    const auto squares = lists.state(count, parameters, second);
    at::_foreach_add_(state_steps, 1);
    at::_fused_adamw_(lists.parameters, lists.gradients, means, squares, {}, state_steps,
                      options->learning_rate, options->beta1, options->beta2,
                      options->weight_decay, options->epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  });
}

struct ftch_sgd {
  double learning_rate;
  double momentum;
  double weight_decay;
  int nesterov;
};

// One fused step of gradient descent over parameters that have a gradient.
char* ftch_sgd_step(const ftch_sgd* options, size_t count, at::Tensor* const* parameters,
                    at::Tensor* const* gradients, at::Tensor* const* buffers) {
  return guarded([&] {
    at::NoGradGuard guard;
    // Without momentum the kernel wants no buffers, and refuses some.
    const size_t buffered = options->momentum == 0.0 ? 0 : count;
    const Lists lists(count, parameters, gradients);
    at::_fused_sgd_(lists.parameters, lists.gradients,
                    lists.state(buffered, parameters, buffers), options->weight_decay,
                    options->momentum, options->learning_rate, /*dampening=*/0.0,
                    options->nesterov != 0, /*maximize=*/false, /*is_first_step=*/false);
  });
}

// target += weight * (source - target), for each pair.
char* ftch_lerp(size_t count, at::Tensor* const* targets, at::Tensor* const* sources,
                double weight) {
  return guarded([&] {
    at::NoGradGuard guard;
    auto list = list_of(targets, count);
    at::_foreach_lerp_(list, list_of(sources, count), weight);
  });
}

}  // extern "C"
