// What convolutions for training ask of maps and weights.
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <cstdint>

namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

// Whether both are in f32 on the CPU, maps channels-last with the channels that the weight is
// for, and the processor has what loops need. What autocast wants in 16 bits is left to it.
inline bool are_for_loops(const at::Tensor& maps, const at::Tensor& weight) {
  const auto is_float = [](const at::Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.dim() == 4;
  };
  return is_float(maps) && is_float(weight) && maps.is_contiguous(kLast) &&
         weight.size(1) == maps.size(1) && !at::autocast::is_autocast_enabled(at::kCPU) &&
         __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

}  // namespace
