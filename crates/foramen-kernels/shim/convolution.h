// What convolutions for training ask of maps and weights.
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <cstdint>

#include "instruction_set.h"

namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

// Why loops are not for these; null where they are: both in f32 on the CPU, maps channels-last
// with the channels that the weight is for. What autocast wants in 16 bits is left to it.
inline const char* why_not_loops(const at::Tensor& maps, const at::Tensor& weight) {
  const auto is_float = [](const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kFloat && tensor.dim() == 4;
  };
  if (instruction_set() == InstructionSet::kNone) return kNoInstructionSet;
  if (!maps.is_cpu() || !weight.is_cpu()) return kNotOnCpu;
  if (at::autocast::is_autocast_enabled(at::kCPU)) return "autocast computes in 16 bits";
  if (!is_float(maps) || !is_float(weight)) return kOtherFormat;
  if (!maps.is_contiguous(kLast)) return kOtherLayout;
  return weight.size(1) == maps.size(1) ? nullptr : kOtherChannels;
}

}  // namespace
